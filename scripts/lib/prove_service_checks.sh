# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Sourced by prove_service_inside.sh: the checks of the running service, in the words of prove_service_words.sh.
# shellcheck source=scripts/lib/prove_service_words.sh
. /prove/prove_service_words.sh

nothing_runs_by_itself() {
  seen="$(systemctl is-enabled blastuned), $(systemctl is-active blastuned)"
  [ "$seen" = "disabled, inactive" ]
}
starts() {
  systemctl enable --quiet --now blastuned || return 1
  seen="$(property StatusText), as $(ps -o user= -p "$(daemon)"), $(awk '/VmRSS/ { print $2 " KiB" }' "/proc/$(daemon)/status")"
  is_active && [ "$(ps -o user= -p "$(daemon)")" = blastune ] && [ -n "$(property StatusText)" ]
}
has_a_table_within_a_minute() {
  pause=1 wait_for 60 answers_for_all || return 1
  seen="after $took, $(stat -c '%s bytes, %U, %a' "$table"), for $(find /usr/lib/*/openblas-* -name libopenblas.so.0 | wc -l) builds of OpenBLAS"
  [ "$(stat -c '%U %a' "$table")" = "blastune 644" ]
}
answers_a_user() {
  answers || return 1
  seen="$answer of $(nproc) threads"
}
is_small() {
  seen=$(awk '/VmRSS/ { print $2 }' "/proc/$(daemon)/status") && [ "$seen" -le 16384 ] && seen+=" KiB"
}
tells_its_status() {
  as_user blastune status --json >/tmp/status.json 2>/tmp/status.err || { seen=$(head -n 1 /tmp/status.err); return 1; }
  python3 -m json.tool /tmp/status.json >/dev/null || return 1
  seen=$(as_user blastune status | head -n 1)
}
obeys_only_root_and_its_group() {
  local of_user of_member of_root
  of_user=$(ask reload runuser -u tester --)
  of_member=$(ask reload runuser -u tester -G blastune --)
  of_root=$(ask reload)
  seen="$of_user $of_member $of_root"
  [[ $of_user = *forbidden* && $of_member = *accepted* && $of_root = *accepted* ]]
}
reloads() {
  local before cursor
  before="$(daemon) $(sha256sum <"$table")"
  systemctl reload blastuned && wait_for 5 is_active && table_is_intact || return 1
  # A wrong configuration is told and the one in force stays.
  cursor=$(journal_cursor)
  mkdir -p /etc/blastune/conf.d && echo '{ "networks": 7 }' >/etc/blastune/conf.d/wrong.json
  systemctl reload blastuned
  wait_for 5 journal_says "$cursor" wrong.json
  local told=$?
  rm -r /etc/blastune/conf.d
  systemctl reload blastuned
  seen="process ${before%% *} goes on"
  [ $told = 0 ] && wait_for 5 is_active && [ "$(daemon)" = "${before%% *}" ] && table_is_intact
}
survives_a_killed_worker() {
  local before
  before=$(daemon)
  if ! pause=0.5 wait_for 5 pkill -KILL -x blastune-worker; then
    ask measure >/dev/null
    pause=0.5 wait_for 40 pkill -KILL -x blastune-worker || { seen="no worker ran"; return 1; }
  fi
  sleep 1
  seen="killed after $took"
  is_active && [ "$(daemon)" = "$before" ] && [ "$(property NRestarts)" = 0 ] && table_is_intact && answers
}
another_is_active() { is_active && [ "$(daemon)" != "$1" ] && [ "$(daemon)" != 0 ]; }
survives_being_killed() {
  local before
  before=$(daemon)
  kill -KILL "$before"
  table_is_intact && wait_for 20 another_is_active "$before" || return 1
  seen="again after $took"
  answers && table_is_intact
}
is_watched() {
  with_drop_in 'WatchdogSec=3s\nTimeoutStopSec=1s\nRestartSec=1s' is_watched_closely
}
is_watched_closely() {
  local before
  begin_again && sleep 8 || return 1
  [ "$(property NRestarts)" = 0 ] || { seen="it does not answer the watchdog in time"; return 1; }
  before=$(daemon)
  kill -STOP "$before"
  wait_for 30 another_is_active "$before" || return 1
  seen="a stopped one is replaced after $took"
}
waits_under_load() {
  local hogs=()
  systemctl stop blastuned
  rm "$table"
  for _ in $(seq "$(nproc)"); do
    runuser -u tester -- timeout 15 sh -c 'while :; do :; done' &
    hogs+=($!)
  done
  sleep 2
  begin_again
  sleep 10
  seen="$(property StatusText)"
  if [ -e "$table" ]; then seen+="; it measured all the same"; return 1; fi
  wait "${hogs[@]}"
  wait_for_an_answer || return 1
  seen+="; a table $took after it ended"
}
says_that_there_is_none() { [[ $(property StatusText) = *"no OpenBLAS is here"* ]]; }
says_something_else() { ! says_that_there_is_none; }
waits_for_an_openblas() {
  local folders=(/usr/lib/*/openblas-*) away=/root/away result=1
  mkdir $away
  mv "${folders[@]}" $away
  if pause=1 wait_for 60 says_that_there_is_none; then
    seen="told after $took"
    is_active && result=0
  fi
  mv $away/* "${folders[0]%/*}"
  rmdir $away
  [ $result = 0 ] && pause=1 wait_for 60 says_something_else || return 1
  seen+=", goes on $took after it is back"
  wait_for_an_answer
}
has_ended() { [ "$(property ActiveState)" = inactive ]; }
ends_on_one_processor() {
  with_drop_in CPUAffinity=0 ends_at_once
}
ends_at_once() {
  local cursor
  cursor=$(journal_cursor)
  begin_again
  if ! wait_for 10 has_ended; then seen=$(property ActiveState); return 1; fi
  sleep 7
  seen="$(property ActiveState), $(property Result), $(property NRestarts) restarts"
  [ "$seen" = "inactive, success, 0 restarts" ] && journal_says "$cursor" processor
}

# with_table COMMAND...: stopped, the table changed so, started; told, and within a minute a whole table again.
with_table() {
  local cursor
  systemctl stop blastuned && "$@" || return 1
  cursor=$(journal_cursor)
  begin_again && wait_for_an_answer || return 1
  seen="an answer after $took; $(cd "$cache" && ls -m)"
  wait_for 5 journal_says "$cursor" "table.json"
}
starts_over_after_damage() {
  with_table dd if=/dev/urandom of="$table" bs=1 seek=3000 count=100 conv=notrunc status=none &&
    [ -s "$table.damaged" ] && rm "$table.damaged"
}
starts_over_after_truncation() { with_table truncate -s 1000 "$table" && [ -s "$table.damaged" ] && rm "$table.damaged"; }
starts_over_after_a_foreign_table() {
  systemctl stop blastuned && python3 -B /prove/edit_table.py "$table" || return 1
  answers && { seen="a foreign table was used"; return 1; }
  begin_again && wait_for_an_answer || return 1
  seen="an answer after $took"
}
lives_with_a_full_disk() {
  local result=1
  systemctl stop blastuned
  mount -t tmpfs -o size=4m,mode=755,uid=blastune,gid=blastune tmpfs "$cache"
  dd if=/dev/zero of="$cache/filler" bs=64k status=none 2>/dev/null
  local cursor
  cursor=$(journal_cursor)
  begin_again
  if pause=1 wait_for 60 journal_says "$cursor" "not saved|No space|no space"; then
    seen="told after $took"
    rm "$cache/filler"
    if is_active && wait_for_an_answer; then seen+=", a table $took after there was room" && result=0; fi
  fi
  systemctl stop blastuned
  umount "$cache"
  begin_again
  return $result
}
fails_for_good_on_a_wrong_configuration() {
  mkdir -p /etc/blastune/conf.d && echo '{ "networks": 7 }' >/etc/blastune/conf.d/wrong.json
  systemctl stop blastuned
  begin_again 2>/dev/null
  sleep 7
  seen="$(property ActiveState), status $(property ExecMainStatus), $(property NRestarts) restarts"
  rm -r /etc/blastune/conf.d
  begin_again && [ "$seen" = "failed, status 78, 0 restarts" ]
}
measures_alike_inside_the_sandbox() {
  local sweep
  sweep="/usr/bin/blastune sweep --layers 784,300,100 --batches 8,64,500 --threads 1-$(nproc) --repeat 15 --json"
  systemctl stop blastuned
  sed -e "s|^ExecStart=.*|ExecStart=$sweep\nStandardOutput=append:/run/inside.json|; s/^Type=.*/Type=oneshot/" \
    -e '/^Watchdog/d; /^Restart/d; /^ExecReload/d' /usr/lib/systemd/system/blastuned.service \
    >/run/systemd/system/sandboxed.service
  systemctl daemon-reload
  for _ in 1 2 3; do
    systemctl start sandboxed || { seen=$(journalctl --no-pager --output=cat --lines=3 --unit=sandboxed | tr '\n' ' '); return 1; }
    $sweep >>/run/outside.json 2>/dev/null || return 1
  done
  rm /run/systemd/system/sandboxed.service
  systemctl daemon-reload
  begin_again
  seen=$(python3 -B /prove/compare_sweeps.py /run/inside.json /run/outside.json)
}
is_upgraded_while_it_runs() {
  local before
  before=$(daemon)
  install_packages /prove/new/blastune_*.deb || return 1
  seen="$(installed_version), process $before is $(daemon) now"
  another_is_active "$before" && [ "$(systemctl is-enabled blastuned)" = enabled ] && table_is_intact && answers
}
refuses_a_downgrade() {
  local before
  before=$(daemon)
  if dpkg --install /prove/old/blastune_*.deb >/tmp/dpkg.log 2>&1; then seen=$(installed_version); return 1; fi
  seen=$(grep -m 1 'newer than' /tmp/dpkg.log)
  [ "$(installed_version)" = "installed $(dpkg-deb -f /prove/new/blastune_*.deb Version)" ] && [ -z "$(dpkg --audit)" ] && is_active &&
    [ "$(daemon)" = "$before" ] && answers
}
stops_within_a_second() {
  local begin
  ask measure >/dev/null
  begin=$(date +%s%N)
  systemctl stop blastuned
  seen=$(seconds_since "$begin")
  table_is_intact && [ "$(property Result)" = success ] && ! pgrep -x blastune-worker >/dev/null && [[ $seen = 0.* ]]
}
is_removed_while_it_runs() {
  begin_again || return 1
  removal_keeps_what_an_administrator_made || return 1
  seen=$(pgrep -l blastune)
  [ -z "$seen" ] && [ -s "$table" ]
}

# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Sourced by prove_service_inside.sh: the words its checks are written in. A check is a function that succeeds or
# fails and says in $seen what it saw.
# shellcheck disable=SC2034 # the variables are for those who source this

failures=0
seen=
took=
answer=
cache=/var/cache/blastune
table=$cache/table.json

# check WHAT FUNCTION...: one line, and the service's own last words when it does not hold.
check() {
  local what=$1 verdict=holds
  shift
  seen=
  "$@" || verdict=FAILS
  printf '%-5s  %4d s  %s%s\n' "$verdict" "$SECONDS" "$what" "${seen:+: $seen}"
  [ $verdict = FAILS ] || return 0
  failures=$((failures + 1))
  [ -d /run/systemd/system ] || return 0
  {
    printf 'now: %s, %s\n' "$(property ActiveState)" "$(property StatusText)"
    journalctl --no-pager --quiet --output=short-iso --lines=16 --unit=blastuned
  } | sed 's/^/         | /'
}

# wait_for SECONDS COMMAND...: until it succeeds, whatever it prints; the time it took is in $took. It asks every
# $pause seconds: seldom where asking takes so much of a processor that the service would wait for it to end.
wait_for() {
  local begin now limit=$1
  shift
  begin=$(date +%s%N)
  until "$@" >/dev/null 2>&1; do
    now=$(date +%s%N)
    if [ $((now - begin)) -gt $((limit * 1000000000)) ]; then return 1; fi
    sleep "${pause:-0.1}"
  done
  took=$(seconds_since "$begin")
}

seconds_since() {  # seconds_since NANOSECONDS: "1.23 s"
  awk -v "begin=$1" -v "now=$(date +%s%N)" 'BEGIN { printf "%.2f s", (now - begin) / 1e9 }'
}

property() {  # property NAME [UNIT]
  systemctl show --property="$1" --value "${2:-blastuned.service}"
}

is_active() {
  [ "$(property ActiveState)" = active ]
}

daemon() {  # the daemon's process id
  property MainPID
}

begin_again() {  # however often it was started before
  systemctl reset-failed blastuned 2>/dev/null
  systemctl start blastuned
}

# with_drop_in TEXT FUNCTION...: while the unit has these lines too.
with_drop_in() {
  local result=0 folder=/run/systemd/system/blastuned.service.d
  systemctl stop blastuned
  mkdir -p $folder
  printf '[Service]\n%b\n' "$1" >$folder/prove.conf
  systemctl daemon-reload
  shift
  "$@" || result=1
  rm -r $folder
  systemctl daemon-reload
  systemctl stop blastuned
  begin_again
  return $result
}

as_user() {  # as_user COMMAND...: whom nothing but the mode of files lets in
  runuser -u tester -- "$@"
}

# answers [OPTION...]: an ordinary user gets an $answer, from a table that is there.
answers() {
  answer=$(as_user blastune recommend --m 784 --n 100 --batch 500 --no-measure "$@" 2>/dev/null) || return 1
  [[ $answer =~ ^[0-9]+$ ]] && [ "$answer" -ge 1 ] && [ "$answer" -le "$(nproc)" ]
}

answers_for_all() {
  local library
  for library in /usr/lib/*/openblas-*/libopenblas.so.0; do answers --blas "$library" || return 1; done
}

wait_for_an_answer() {
  pause=1 wait_for 60 answers
}

# Whole and of this machine, as an ordinary user's program reads it.
table_is_intact() {
  as_user blastune show --table "$table" >/dev/null 2>&1
}

journal_says() {  # journal_says CURSOR PATTERN: since then
  journalctl --quiet --output=cat --unit=blastuned --after-cursor="$1" --grep="$2" >/dev/null
}

journal_cursor() {
  journalctl --quiet --lines=0 --show-cursor | sed -n 's/^-- cursor: //p'
}

# ask REQUEST [COMMAND...]: one line to the control socket and its reply, run by COMMAND (runuser ...).
ask() {
  local request=$1
  shift
  "$@" python3 -c '
import socket, sys
with socket.socket(socket.AF_UNIX) as daemon:
    daemon.settimeout(5)
    daemon.connect("/run/blastune/control")
    daemon.sendall(b"{\"schema\":1,\"request\":\"%s\"}\n" % sys.argv[1].encode())
    daemon.shutdown(socket.SHUT_WR)
    print(daemon.makefile().readline().strip())' "$request" 2>&1
}

# All files but those that any package leaves: dpkg's and apt's own, logs, backups of /etc/passwd and its like.
all_files() {
  find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /prove -o -path /tmp -o -path /var/lib/dpkg \
    -o -path /var/lib/apt -o -path /var/log -o -path /var/cache/apt -o -path /var/cache/debconf \
    -o -path /var/cache/ldconfig -o -path '/etc/*-' -o -path /run -o -path '/var/tmp/*' \
    -o -path '/var/lib/systemd/timers*' -o -path /home/tester \) -prune -o -print | sort
}

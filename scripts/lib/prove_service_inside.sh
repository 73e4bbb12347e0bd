#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What scripts/prove-service.sh runs in a fresh Debian 12, whose folder /prove holds the packages and these scripts.
# "without-systemd" in a plain chroot; "with-systemd" as a service of the booted system.
set -uo pipefail
# shellcheck source=scripts/lib/prove_service_words.sh
. /prove/prove_service_words.sh
# shellcheck source=scripts/lib/prove_service_checks.sh
. /prove/prove_service_checks.sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
version_before=$(dpkg-deb -f /prove/old/blastune_*.deb Version)

install_packages() { dpkg --install "$@" >/tmp/dpkg.log 2>&1 || { seen=$(tail -n 3 /tmp/dpkg.log); return 1; }; }
installed_version() { dpkg-query --show --showformat='${db:Status-Status} ${Version}' blastune; }

installs() {
  all_files >/tmp/files.before
  install_packages /prove/old/*.deb || return 1
  seen="$(installed_version), $(id blastune)"
  [ "$(blastune --version | grep -c "${version_before%-*}")" = 1 ] && [ -s /etc/blastune/blastune.json ] &&
    [ "$(getent passwd blastune | cut -d : -f 7)" = /usr/sbin/nologin ]
}
pages_are_there() {
  local page
  for page in man1/blastune.1 man5/blastune.json.5 man8/blastuned.8; do
    gzip -t "/usr/share/man/$page.gz" || return 1
  done
}
check_config_works() {
  blastuned --check-config >/dev/null || return 1
  mkdir -p /tmp/wrong && echo '{ "nonsense": 1 }' >/tmp/wrong/blastune.json
  seen=$(blastuned --config /tmp/wrong --check-config 2>&1)
  [ $? = 78 ]
}
removal_keeps_what_an_administrator_made() {
  mkdir -p "$cache" /etc/blastune/conf.d && touch "$table" && echo '{}' >/etc/blastune/conf.d/site.json
  dpkg --remove blastune >/tmp/dpkg.log 2>&1 || { seen=$(tail -n 3 /tmp/dpkg.log); return 1; }
  [ ! -e /usr/sbin/blastuned ] && [ -s /etc/blastune/blastune.json ] && [ -e /etc/blastune/conf.d/site.json ]
}
purge_leaves_nothing() {
  dpkg --purge blastune blastune-preload python3-blastune libblastune-dev libblastune-client0 >/tmp/dpkg.log 2>&1 ||
    { seen=$(tail -n 3 /tmp/dpkg.log); return 1; }
  all_files >/tmp/files.after
  seen=$(comm -13 /tmp/files.before /tmp/files.after | head -n 5 | tr '\n' ' ')
  [ -z "$seen" ] && [ ! -e /run/blastune ] && ! getent passwd blastune && ! getent group blastune
}

case $1 in
  without-systemd)
    printf 'Without systemd, as in most containers\n'
    # Neither to make the user with, nor to speak to.
    for tool in systemctl systemd-sysusers; do mount --bind /dev/null "/usr/bin/$tool"; done
    check "the packages install" installs
    check "every manual page is there" pages_are_there
    check "--check-config tells right from wrong" check_config_works
    check "what an administrator made is kept on removal" removal_keeps_what_an_administrator_made
    check "nothing is left after purge" purge_leaves_nothing
    umount /usr/bin/systemctl /usr/bin/systemd-sysusers
    ;;
  with-systemd)
    printf '\nWith systemd %s\n' "$(systemctl --version | awk 'NR == 1 { print $2 }')"
    useradd --create-home tester
    check "the packages install" installs
    check "nothing is enabled by installing" nothing_runs_by_itself
    check "it starts, as its own user" starts
    check "every build has a table within a minute" has_a_table_within_a_minute
    check "an ordinary user gets an answer" answers_a_user
    check "a killed worker costs a sample" survives_a_killed_worker
    check "it needs at most 16 MiB" is_small
    check "an ordinary user sees its status" tells_its_status
    check "it obeys root and the group blastune alone" obeys_only_root_and_its_group
    check "it reloads, and keeps what it had when that is wrong" reloads
    check "it is back after kill -9, its table intact" survives_being_killed
    check "the watchdog finds it when it hangs" is_watched
    check "a damaged table is set aside" starts_over_after_damage
    check "a table cut short is set aside" starts_over_after_truncation
    check "a table of another machine is not used" starts_over_after_a_foreign_table
    check "under load it measures nothing, and says why" waits_under_load
    check "without OpenBLAS it says so, and waits for one" waits_for_an_openblas
    check "on one processor it says so and ends" ends_on_one_processor
    check "a full disk is told and lived with" lives_with_a_full_disk
    check "a wrong configuration is not tried again" fails_for_good_on_a_wrong_configuration
    check "OpenBLAS is as fast in the sandbox as outside" measures_alike_inside_the_sandbox
    check "an upgrade restarts it" is_upgraded_while_it_runs
    check "a downgrade is refused, and it runs on" refuses_a_downgrade
    check "it stops within a second" stops_within_a_second
    check "removing stops it and keeps its table" is_removed_while_it_runs
    check "nothing is left after purge" purge_leaves_nothing
    ;;
esac
touch "/prove/finished-$1"
[ "$failures" -eq 0 ]

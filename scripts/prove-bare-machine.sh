#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Proves that the two commands work on a fresh Debian 12: a minimal root made with debootstrap gets nothing
# but git and a clone of HEAD, and then runs them. A package that the scripts forgot to install shows here;
# on a machine that has been worked on it does not.
#
#   scripts/prove-bare-machine.sh                    quickstart.sh, then test.sh
#   scripts/prove-bare-machine.sh --prepare          only make the minimal root and keep it in the cache
#   scripts/prove-bare-machine.sh --sudo             as an ordinary user with sudo instead of as root
#   scripts/prove-bare-machine.sh -- COMMAND...      these commands instead, each one argument
#
# Needs root and the package debootstrap. scripts/lib/debian_root.sh says where the minimal root is kept and how it
# sees packages.
set -euo pipefail
# shellcheck source=scripts/lib/debian_root.sh
. "$(dirname "$0")/lib/debian_root.sh"

repository=$(cd "$(dirname "$0")/.." && pwd)

fail() {
  printf 'prove-bare-machine.sh: %s\n' "$1" >&2
  exit 1
}

arguments=("$@")
prepare_only=no
with_sudo=no
commands=(./scripts/quickstart.sh ./scripts/test.sh)
while [ $# -gt 0 ]; do
  case $1 in
    --prepare) prepare_only=yes ;;
    --sudo) with_sudo=yes ;;
    --) shift; commands=("$@"); break ;;
    *) fail "unknown argument $1; see the head of this file" ;;
  esac
  shift
done

debian_root_start "$0" "${arguments[@]}"
debian_root_unpack
if [ $prepare_only = yes ]; then
  printf 'The minimal root is in the cache.\n'
  exit 0
fi
debian_root_mount

user=root
home=/root
if [ $with_sudo = yes ]; then
  user=tester
  home=/home/tester
  printf 'Installing sudo and making an ordinary user ...\n'
  debian_root_run root env DEBIAN_FRONTEND=noninteractive /bin/sh -euc '
    apt-get -qq update
    apt-get -qq -y install --no-install-recommends sudo >/dev/null
    useradd --create-home --shell /bin/bash tester
    printf "tester ALL=(ALL) NOPASSWD: ALL\n" >/etc/sudoers.d/tester' >"$work/sudo.log" 2>&1 ||
    { tail -n 20 "$work/sudo.log" >&2; fail "sudo could not be installed in the minimal root"; }
fi

git -c advice.detachedHead=false clone -q --no-hardlinks "file://$repository" "$root$home/blastune"
chroot "$root" chown -R "$user:" "$home/blastune"

status=0
report=()
for command in "${commands[@]}"; do
  printf '\n==> %s\n' "$command"
  start=$SECONDS
  result=0
  debian_root_run "$user" /bin/bash -c "cd $home/blastune && $command" || result=$?
  elapsed=$((SECONDS - start))
  [ $result -eq 0 ] || status=1
  report+=("$(printf '%4d s  exit status %d  %s' $elapsed $result "$command")")
done
printf '\nOn a minimal Debian 12, as %s:\n' "$([ $user = root ] && echo root || echo 'a user with sudo')"
printf '%s\n' "${report[@]}"
exit $status

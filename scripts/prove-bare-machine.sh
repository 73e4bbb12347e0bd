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
# Needs root and the package debootstrap. The minimal root is kept as a tarball in
# $BLASTUNE_DEBOOTSTRAP_CACHE (default: ${XDG_CACHE_HOME:-~/.cache}/blastune-debootstrap). It sees packages
# the way this machine does: apt's sources, configuration and keyrings, name resolution, certificates and
# proxy variables are copied; apt's passwords (auth.conf) are not.
set -euo pipefail

suite=bookworm
repository=$(cd "$(dirname "$0")/.." && pwd)
cache=${BLASTUNE_DEBOOTSTRAP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/blastune-debootstrap}
tarball=$cache/$suite-minbase-git.tar

fail() {
  printf 'prove-bare-machine.sh: %s\n' "$1" >&2
  exit 1
}

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

[ "$(id -u)" -eq 0 ] || fail "needs root, for debootstrap and chroot; run it with sudo"
for tool in debootstrap unshare git; do
  command -v "$tool" >/dev/null || fail "$tool is missing; apt-get install debootstrap util-linux git"
done

# In a mount namespace of its own, so that no mount can outlive this script, whatever ends it.
if [ "${BLASTUNE_PROVE_NAMESPACE:-}" != yes ]; then
  arguments=()
  [ $prepare_only = no ] || arguments+=(--prepare)
  [ $with_sudo = no ] || arguments+=(--sudo)
  BLASTUNE_PROVE_NAMESPACE=yes exec unshare --mount --propagation private -- \
    "$0" "${arguments[@]}" -- "${commands[@]}"
fi

mkdir -p "$cache"
work=$(mktemp -d "$cache/work.XXXXXX")
root=$work/root

# shellcheck disable=SC2317  # reached through the trap
cleanup() {
  local directory
  for directory in dev sys proc; do
    if mountpoint -q "$root/$directory"; then umount -R -l "$root/$directory"; fi
  done
  # Should a mount be left in spite of all, its contents are not ours to delete.
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

copy_into_root() {  # copy_into_root PATH...: those that exist, links followed
  local path
  for path in "$@"; do
    if [ -e "$path" ]; then
      mkdir -p "$root$(dirname "$path")"
      rm -rf "${root:?}$path"
      cp -rL "$path" "$root$path"
    fi
  done
}

make_minimal_root() {
  local mirror
  mirror=$(apt-get indextargets --format "\$(RELEASE) \$(REPO_URI)" 'Created-By: Packages' |
    sed -n "s/^$suite //p" | head -n 1)
  [ -n "$mirror" ] || fail "apt's sources name no archive with $suite; add one to /etc/apt/sources.list"
  printf 'Making a minimal Debian root (kept for the next time) ...\n'
  if ! debootstrap --variant=minbase --include=git "$suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1; then
    tail -n 20 "$work/debootstrap.log" >&2
    fail "debootstrap failed; see the lines above"
  fi
  rm -f "$root"/var/cache/apt/archives/*.deb
  tar -C "$root" --numeric-owner -cf "$tarball.new.$$" .
  mv "$tarball.new.$$" "$tarball"
}

if [ ! -f "$tarball" ]; then
  make_minimal_root
else
  mkdir "$root"
  tar -C "$root" --numeric-owner -xpf "$tarball"
fi
if [ $prepare_only = yes ]; then
  printf 'The minimal root is in the cache.\n'
  exit 0
fi

copy_into_root /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/apt/keyrings \
  /etc/apt/trusted.gpg.d /etc/resolv.conf /etc/hosts /etc/ssl/certs /usr/local/share/ca-certificates
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --make-rslave "$root/sys"
mount --rbind /dev "$root/dev"
mount --make-rslave "$root/dev"

environment=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "TERM=${TERM:-dumb}")
for name in http_proxy https_proxy ftp_proxy no_proxy HTTP_PROXY HTTPS_PROXY FTP_PROXY NO_PROXY; do
  if [ -n "${!name:-}" ]; then environment+=("$name=${!name}"); fi
done

user=root
home=/root
if [ $with_sudo = yes ]; then
  user=tester
  home=/home/tester
  printf 'Installing sudo and making an ordinary user ...\n'
  chroot "$root" /usr/bin/env -i "${environment[@]}" DEBIAN_FRONTEND=noninteractive /bin/sh -euc '
    apt-get -qq update
    apt-get -qq -y install --no-install-recommends sudo >/dev/null
    useradd --create-home --shell /bin/bash tester
    printf "tester ALL=(ALL) NOPASSWD: ALL\n" >/etc/sudoers.d/tester' >"$work/sudo.log" 2>&1 ||
    { tail -n 20 "$work/sudo.log" >&2; fail "sudo could not be installed in the minimal root"; }
fi
environment+=("HOME=$home" "USER=$user")

git -c advice.detachedHead=false clone -q --no-hardlinks "file://$repository" "$root$home/blastune"
chroot "$root" chown -R "$user:" "$home/blastune"

status=0
report=()
for command in "${commands[@]}"; do
  printf '\n==> %s\n' "$command"
  start=$SECONDS
  result=0
  chroot --userspec="$user" "$root" /usr/bin/env -i "${environment[@]}" /bin/bash -c \
    "cd $home/blastune && $command" || result=$?
  elapsed=$((SECONDS - start))
  [ $result -eq 0 ] || status=1
  report+=("$(printf '%4d s  exit status %d  %s' $elapsed $result "$command")")
done
printf '\nOn a minimal Debian 12, as %s:\n' "$([ $user = root ] && echo root || echo 'a user with sudo')"
printf '%s\n' "${report[@]}"
exit $status

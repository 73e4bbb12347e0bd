# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Sourced by the scripts that prove something in a fresh Debian 12: minimal roots, made by debootstrap and kept as
# tarballs in $BLASTUNE_DEBOOTSTRAP_CACHE (default: ${XDG_CACHE_HOME:-~/.cache}/blastune-debootstrap). A root sees
# packages the way this machine does: apt's sources, configuration and keyrings, name resolution, certificates and
# proxy variables are copied; apt's passwords (auth.conf) are not.
#
#   debian_root_start "$0" ARGUMENT...   in a mount namespace of its own from here on; sets $work and $root
#   debian_root_unpack                   fills $root with the minimal root, making it first when there is none
#   debian_root_unpack_with PACKAGE...   the same with these packages in it
#   debian_root_mount                    /proc, /sys and /dev, for programs that are run in it
#   debian_root_run USER COMMAND...      runs one in it
# Whoever sources this defines fail MESSAGE, which ends the script.

debian_suite=bookworm
debian_cache=${BLASTUNE_DEBOOTSTRAP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/blastune-debootstrap}

# shellcheck disable=SC2317  # reached through the trap
debian_root_clean_up() {
  debian_root_unmount
  # Should a mount be left in spite of all, its contents are not ours to delete.
  rm -rf --one-file-system "$work"
}

debian_root_start() {
  [ "$(id -u)" -eq 0 ] || fail "needs root, for debootstrap and chroot; run it with sudo"
  local tool
  for tool in debootstrap unshare git; do
    command -v "$tool" >/dev/null || fail "$tool is missing; apt-get install debootstrap util-linux git"
  done
  # No mount can outlive the namespace, whatever ends the script.
  if [ "${BLASTUNE_PROVE_NAMESPACE:-}" != yes ]; then
    BLASTUNE_PROVE_NAMESPACE=yes exec unshare --mount --propagation private -- "$@"
  fi
  mkdir -p "$debian_cache"
  work=$(mktemp -d "$debian_cache/work.XXXXXX")
  root=$work/root
  trap debian_root_clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

debian_root_keep() {  # debian_root_keep TARBALL: what is in $root now
  rm -f "$root"/var/cache/apt/archives/*.deb
  tar -C "$root" --numeric-owner -cf "$1.new.$$" .
  mv "$1.new.$$" "$1"
}

debian_root_unpack() {
  local mirror tarball=$debian_cache/$debian_suite-minbase-git.tar
  if [ -f "$tarball" ]; then
    mkdir "$root"
    tar -C "$root" --numeric-owner -xpf "$tarball"
    return
  fi
  mirror=$(apt-get indextargets --format "\$(RELEASE) \$(REPO_URI)" 'Created-By: Packages' |
    sed -n "s/^$debian_suite //p" | head -n 1)
  [ -n "$mirror" ] || fail "apt's sources name no archive with $debian_suite; add one to /etc/apt/sources.list"
  printf 'Making a minimal Debian root (kept for the next time) ...\n'
  if ! debootstrap --variant=minbase --include=git "$debian_suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1; then
    tail -n 20 "$work/debootstrap.log" >&2
    fail "debootstrap failed; see the lines above"
  fi
  debian_root_keep "$tarball"
}

debian_root_unpack_with() {
  local tarball
  # Other packages, another tarball.
  tarball=$debian_cache/$debian_suite-with-$(printf '%s\n' "$@" | sort | sha256sum | cut -c 1-12).tar
  if [ -f "$tarball" ]; then
    mkdir "$root"
    tar -C "$root" --numeric-owner -xpf "$tarball"
    return
  fi
  debian_root_unpack
  printf 'Installing %d packages in it (kept for the next time) ...\n' $#
  debian_root_mount
  debian_root_run root env DEBIAN_FRONTEND=noninteractive /bin/sh -euc '
    apt-get -q update
    apt-get -q -y install --no-install-recommends "$@"' - "$@" >"$work/install.log" 2>&1 ||
    { tail -n 20 "$work/install.log" >&2; fail "the packages could not be installed; see the lines above"; }
  debian_root_unmount
  debian_root_keep "$tarball"
}

debian_root_copy() {  # debian_root_copy PATH...: those that exist, links followed
  local path
  for path in "$@"; do
    if [ -e "$path" ]; then
      mkdir -p "$root$(dirname "$path")"
      rm -rf "${root:?}$path"
      cp -rL "$path" "$root$path"
    fi
  done
}

debian_root_mount() {
  debian_root_copy /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/apt/keyrings \
    /etc/apt/trusted.gpg.d /etc/resolv.conf /etc/hosts /etc/ssl/certs /usr/local/share/ca-certificates
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --make-rslave "$root/sys"
  mount --rbind /dev "$root/dev"
  mount --make-rslave "$root/dev"
}

debian_root_unmount() {
  local directory
  for directory in dev sys proc; do
    if mountpoint -q "$root/$directory"; then umount -R -l "$root/$directory"; fi
  done
}

debian_root_environment=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
  "TERM=${TERM:-dumb}")
for name in http_proxy https_proxy ftp_proxy no_proxy HTTP_PROXY HTTPS_PROXY FTP_PROXY NO_PROXY; do
  if [ -n "${!name:-}" ]; then debian_root_environment+=("$name=${!name}"); fi
done

debian_root_run() {
  local user=$1 home=/root
  shift
  [ "$user" = root ] || home=/home/$user
  chroot --userspec="$user" "$root" /usr/bin/env -i "${debian_root_environment[@]}" "HOME=$home" "USER=$user" "$@"
}

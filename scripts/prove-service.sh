#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Proves the packages and the service on a real systemd: boots a minimal Debian 12 in a container, installs what
# scripts/package.sh makes, and runs the checks of scripts/lib/prove_service_inside.sh in it. One line a check; the
# exit status is 0 when all of them hold. Nothing is left behind, whatever ends it.
#
#   scripts/prove-service.sh [--packages FOLDER]     these packages instead of freshly made ones
#
# Needs root, and installs what it needs to make and boot a root. The measuring needs a machine that is else idle.
# scripts/lib/debian_root.sh says where the minimal root is kept; it takes 3 minutes when it is there.
set -euo pipefail
# shellcheck source=scripts/lib/debian_root.sh
. "$(dirname "$0")/lib/debian_root.sh"
# shellcheck source=scripts/lib/packages.sh
. "$(dirname "$0")/lib/packages.sh"

repository=$(cd "$(dirname "$0")/.." && pwd)
# What the packages depend on, so that they install without a network, both builds of OpenBLAS, and what the
# checks are written in.
packages_inside=(systemd systemd-sysv dbus adduser libopenblas0-pthread libopenblas0-openmp libfmt9 libhwloc15
  libspdlog1.10 python3 procps)
# For all of it; the checks have limits of their own, which are met long before.
most_seconds=600

fail() {
  printf 'prove-service.sh: %s\n' "$1" >&2
  exit 1
}

arguments=("$@")
packages=
while [ $# -gt 0 ]; do
  case $1 in
    --packages) [ $# -gt 1 ] || fail "--packages needs a folder"; packages=$2; shift ;;
    *) fail "unknown argument $1; see the head of this file" ;;
  esac
  shift
done
[ "$(id -u)" -ne 0 ] || blastune_install "${blastune_prove_packages[@]}"

debian_root_start "$0" "${arguments[@]}"
if [ -z "$packages" ]; then
  "$repository/scripts/package.sh" >"$work/package.log" 2>&1 ||
    { cat "$work/package.log" >&2; fail "the packages could not be made; see the lines above"; }
  packages=$repository/build/packages
fi

share=$work/share
mkdir "$share" "$share/old" "$share/new"
cp "$packages"/*.deb "$share/old"
cp "$repository"/scripts/lib/prove_service_*.sh "$repository"/scripts/lib/{edit_table,compare_sweeps}.py "$share"
chmod -R a+rX "$work"

# The same package with a higher version, as an upgrade.
make_newer() {
  local old=$1 new=$2 place=$work/newer version
  dpkg-deb -R "$old" "$place"
  version=$(dpkg-deb -f "$old" Version)
  sed -i "s/^Version: .*/Version: $version+newer/" "$place/DEBIAN/control"
  sed -i "s/$version/$version+newer/g" "$place/DEBIAN/preinst"
  dpkg-deb --root-owner-group -b "$place" "$new" >/dev/null
}
make_newer "$share"/old/blastune_*.deb "$share/new"

debian_root_unpack_with "${packages_inside[@]}"

# First without systemd, as in most containers.
status=0
debian_root_mount
mkdir "$root/prove"
mount --bind "$share" "$root/prove"
debian_root_run root /bin/bash /prove/prove_service_inside.sh without-systemd || status=1
umount "$root/prove"
debian_root_unmount

cat >"$root/etc/systemd/system/prove.service" <<'END'
[Unit]
After=multi-user.target
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/bin/bash /prove/prove_service_inside.sh with-systemd
StandardOutput=append:/prove/log
StandardError=append:/prove/log
TimeoutStartSec=540
END
: >"$share/log"

boot=(systemd-nspawn --quiet --directory="$root" --boot --register=no --private-network --console=pipe
  --bind="$share:/prove")
own_groups=()
if [ ! -d /run/systemd/system ]; then
  # Nobody here to make a scope: control groups of its own, removed at the end, and a /run of its own.
  boot+=(--keep-unit)
  mount -t tmpfs tmpfs /run
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    if [ -f "$hierarchy/cgroup.procs" ]; then own_groups+=("$hierarchy/blastune-prove.$$"); fi
  done
fi
if [ ${#own_groups[@]} -gt 0 ]; then mkdir "${own_groups[@]}"; fi

# shellcheck disable=SC2317  # reached through the trap
end_container() {
  if [ -n "${container:-}" ] && kill "$container" 2>/dev/null; then
    # A second time is what makes it end at once.
    sleep 1
    kill "$container" 2>/dev/null || true
    wait "$container" || true
  fi
  if [ ${#own_groups[@]} -gt 0 ]; then
    find "${own_groups[@]}" -depth -type d -exec rmdir {} + 2>/dev/null || true
  fi
  debian_root_clean_up
}
trap end_container EXIT

(
  for group in "${own_groups[@]}"; do echo $BASHPID >"$group/cgroup.procs"; done
  exec timeout --kill-after=10 $most_seconds "${boot[@]}" systemd.wants=prove.service
) </dev/null >"$work/console" 2>&1 &
container=$!
tail --follow --lines=+1 --pid=$container --sleep-interval=0.2 "$share/log" &
wait $container || status=1
container=
wait
if [ ! -f "$share/finished-with-systemd" ]; then
  tail -n 20 "$work/console" >&2
  printf 'prove-service.sh: the checks did not reach their end; the last lines of the console are above\n' >&2
  status=1
fi
[ $status -eq 0 ] && printf '\nprove-service.sh: all checks hold\n' || printf '\nprove-service.sh: some checks do not hold\n'
exit $status

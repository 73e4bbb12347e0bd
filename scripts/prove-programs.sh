#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Proves that programs as they are run under `blastune run` as they do without: a fresh Debian 12 gets the packages that
# scripts/package.sh makes, a table by `blastune tune --quick`, and NumPy, SciPy, scikit-learn, GNU Octave, R, programs
# for other architectures and C libraries, and programs under AddressSanitizer and valgrind. Each runs by itself, under
# `blastune run`, and there with BLASTUNE_DISABLE=1. One line a check; the exit status is 0 when all of them hold.
#
#   scripts/prove-programs.sh [--packages FOLDER]     these packages instead of freshly made ones
#
# Needs root, two processors, and 6 GB below the cache that scripts/lib/debian_root.sh names. Nothing depends on time,
# so the machine may be busy. It takes 6 minutes when the minimal root is there.
set -euo pipefail
# shellcheck source=scripts/lib/debian_root.sh
. "$(dirname "$0")/lib/debian_root.sh"
# shellcheck source=scripts/lib/packages.sh
. "$(dirname "$0")/lib/packages.sh"

repository=$(cd "$(dirname "$0")/.." && pwd)
# For all of it; the checks have limits of their own, which are met long before.
most_seconds=1200

fail() {
  printf 'prove-programs.sh: %s\n' "$1" >&2
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
[ "$(nproc)" -gt 1 ] || fail "one processor leaves nothing to advise; it needs two"
[ "$(id -u)" -ne 0 ] || blastune_install "${blastune_prove_packages[@]}"

debian_root_start "$0" "${arguments[@]}"
if [ -z "$packages" ]; then
  "$repository/scripts/package.sh" >"$work/package.log" 2>&1 ||
    { cat "$work/package.log" >&2; fail "the packages could not be made; see the lines above"; }
  packages=$repository/build/packages
fi

debian_root_unpack_with "${blastune_prove_programs_packages[@]}"
mkdir "$root/prove"
cp "$packages"/*.deb "$repository"/scripts/lib/prove_programs/* "$repository"/scripts/lib/prove_service_words.sh \
  "$repository"/examples/mlp_classifier.py "$root/prove"
chmod -R a+rX "$root/prove"
debian_root_mount

# What this environment says of OpenBLAS holds for all runs alike.
of_openblas=()
for name in "${!OPENBLAS_@}"; do of_openblas+=("$name=${!name}"); done
status=0
debian_root_run root env "${of_openblas[@]}" timeout --kill-after=10 $most_seconds \
  /bin/bash /prove/inside.sh || status=1
[ $status -eq 0 ] && printf '\nprove-programs.sh: all checks hold\n' || printf '\nprove-programs.sh: some checks do not hold\n'
exit $status

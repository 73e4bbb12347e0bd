#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Are the answers of independent tunes the same? Tunes this machine several times, each time into a table of its own, asks
# all of them about the same fresh gemms, measures these with every count, and prints for how many of them all tables
# agree, or differ by less than 2 % in time. Ends with 0 when that is so for 95 % of them. Wants a quiet machine.
#
# With --parts, each table is made by so many tunes, and the tables take turns: on a machine that changes its state in
# between, each then meets all of them.
#
#   scripts/prove-stability.sh [--tunes 10] [--parts 1] [--budget 30s] [--shapes 200] [--dtype f64] [--blas FILE]
set -euo pipefail
# shellcheck source=scripts/lib/packages.sh
. "$(dirname "$0")/lib/packages.sh"

tunes=10 parts=1 budget=30s shapes=200 dtype=f64 blas=
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || blastune_fail "$1 wants a value"
  case $1 in
    --tunes) tunes=$2 ;;
    --parts) parts=$2 ;;
    --budget) budget=$2 ;;
    --shapes) shapes=$2 ;;
    --dtype) dtype=$2 ;;
    --blas) blas=$2 ;;
    *) blastune_fail "unknown argument $1; see the head of this file" ;;
  esac
  shift 2
done
blastune_install "${blastune_build_packages[@]}" "${blastune_bench_packages[@]}"
blastune_build bench
blastune=$blastune_repository/build/bench/cli/blastune
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for ((part = 1; part <= parts; part++)); do
  for ((tune = 1; tune <= tunes; tune++)); do
    blastune_say "Tune $tune of $tunes, part $part of $parts"
    BLASTUNE_TABLE=$work/own.json "$blastune" tune --budget "$budget" --dtype "$dtype" --output "$work/table-$tune.json" \
      ${blas:+--blas "$blas"} >&2
  done
done
# Gemms that one of the tables holds are left out.
"$blastune" verify --table "$work/table-$tunes.json" --dtype "$dtype" --shapes "$shapes" --seed 42 --budget 2m --json \
  ${blas:+--blas "$blas"} >"$work/times.json"
exec python3 -B "$blastune_repository/scripts/lib/agreement.py" --blastune "$blastune" --times "$work/times.json" \
  ${blas:+--blas "$blas"} "$work"/table-*.json

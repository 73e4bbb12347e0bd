#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Builds the release preset with the benchmarks, tunes every OpenBLAS flavour into a table of its own, measures, and
# prints one Markdown table on stdout: the figures of the design that exist so far. Everything else goes to
# stderr. Wants a quiet machine and about half an hour; BLASTUNE_BENCH_SECONDS (60) is what each of tune,
# passes and regret gets for one build and dtype.
#
#   scripts/bench.sh service [OPTION]...     instead, what the service costs others (bench/service_cost.py --help)
#   scripts/bench.sh programs                instead, unmodified programs alone and beside others: two hours
set -euo pipefail
# shellcheck source=scripts/lib/packages.sh
. "$(dirname "$0")/lib/packages.sh"

[ $# -eq 0 ] || [ "$1" = service ] || [ "$*" = programs ] || blastune_fail "unknown argument $1; see the head of this file"
blastune_install "${blastune_build_packages[@]}" "${blastune_bench_packages[@]}"
blastune_build bench
if [ "${1:-}" = service ]; then
  shift
  exec /usr/bin/python3 -B "$blastune_repository/bench/service_cost.py" --build "$blastune_repository/build/bench" "$@"
fi
if [ "${1:-}" = programs ]; then
  blastune_install "${blastune_programs_packages[@]}"
  exec "$blastune_repository/scripts/lib/bench_programs.sh"
fi
programs=$blastune_repository/build/bench/bench
blastune=$blastune_repository/build/bench/cli/blastune
seconds=${BLASTUNE_BENCH_SECONDS:-60}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

row() {  # row WHAT TARGET MEASURED
  printf '| %s | %s | %s |\n' "$1" "$2" "$3"
}

row "what" "figure to reach" "measured"
printf '|---|---|---|\n'
for blas in /usr/lib/*/openblas-pthread/libopenblas.so.0 /usr/lib/*/openblas-openmp/libopenblas.so.0; do
  [ -e "$blas" ] || continue
  flavour=$(basename "$(dirname "$blas")")
  flavour=${flavour#openblas-}
  export BLASTUNE_TABLE=$work/$flavour.json
  for dtype in f64 f32; do
    "$blastune" tune --blas "$blas" --dtype "$dtype" --budget "${seconds}s" >&2
  done
  for dtype in f64 f32; do
    blastune_say "Whole passes, $flavour $dtype"
    passes=$("$programs/blastune-bench-passes" --blas "$blas" --dtype "$dtype" --seconds "$seconds")
    row "whole forward pass, $flavour $dtype, against the best constant" "mean <= 1.00, worst <= 1.05" \
      "$(sed -n 's/^against the best constant of each case: //p' <<<"$passes")"
    row "the same against the default" "mean <= 0.96, worst <= 1.05" \
      "$(sed -n "s/^against the library's default: //p" <<<"$passes")"
    blastune_say "Regret on fresh gemms, $flavour $dtype"
    regret=$("$blastune" verify --blas "$blas" --dtype "$dtype" --budget "${seconds}s")
    row "regret on gemms not in the table, $flavour $dtype: mean (interval), 95th, worst, halves, gemms" \
      "mean <= 1.01, 95th <= 1.03, worst <= 1.10" "$(sed -n 's/^ *the advice  *\([0-9]\)/\1/p' <<<"$regret")"
    row "the default's regret on the same, $flavour $dtype" "" "$(sed -n 's/^ *the default, [0-9]*  *//p' <<<"$regret")"
  done
  blastune_say "The library's own cost, $flavour"
  micro=$("$programs/blastune-bench-micro" --blas "$blas" --benchmark_format=csv \
    --benchmark_repetitions=7 --benchmark_report_aggregates_only=true 2>/dev/null)
  median_of() {  # median_of NAME: the median time, with its unit
    awk -F, -v name="\"$1_median\"" '$1 == name { printf "%.3g %s", $3, $5 }' <<<"$micro"
  }
  row "lookup, shape seen before, $flavour" "<= 10 ns" "$(median_of recommend_seen)"
  row "lookup, not seen, $flavour" "<= 1 us" "$(median_of recommend_not_seen)"
  row "enter and leave that change the count, $flavour" "" "$(median_of enter_and_leave/8)"
  row "loading a table of 10 000 curves" "<= 5 ms" "$(median_of load_table/10000)"
done

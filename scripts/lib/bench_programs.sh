#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# For scripts/bench.sh programs, which has built what it needs: tunes each OpenBLAS flavour, runs bench/programs.py and
# bench/preload_cost.py over all that docs/benchmarks.md shows, and prints two Markdown tables.
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
blastune=$repository/build/bench/cli/blastune
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export BLASTUNE_TABLE=$work/table.json
# The programs run without these; what is measured for them has to, too.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

folders=()
for folder in /usr/lib/*/openblas-pthread /usr/lib/*/openblas-openmp; do
  [ -e "$folder/libopenblas.so.0" ] || continue
  folders+=("$folder")
  for dtype in f64 f32; do
    "$blastune" tune --blas "$folder/libopenblas.so.0" --dtype "$dtype" --budget 40s >&2
  done
done

printf '| what | figure to reach | measured |\n|---|---|---|\n'
for folder in "${folders[@]}"; do
  python3 -B "$repository/bench/preload_cost.py" --blastune "$blastune" --blas "$folder" \
    --multiply "$repository/build/bench/bench/blastune-bench-smallest-multiply"
done

printf '\n| program | way | over the best constant | over the default |\n|---|---|---|---|\n'
measure() {  # measure OPTION...: with each build
  local folder
  for folder in "${folders[@]}"; do
    printf '| **%s** | | | |\n' "$(basename "$folder")"
    python3 -B "$repository/bench/programs.py" --blastune "$blastune" --blas "$folder" "$@"
  done
}
for dtype in f64 f32; do
  for busy in 0 1 2; do measure --dtype "$dtype" --busy "$busy" --sides; done
done
for copies in 2 4; do measure --copies "$copies"; done
for period in 2 0.1; do measure --busy 1 --period "$period" --sides; done
for kind in train linalg octave r; do
  for busy in 0 1; do measure --kind "$kind" --busy "$busy" --window 4; done
done
for folder in "${folders[@]}"; do
  printf "\n%s\n\n| threads of one program | multiplies |\n|---|---|\n" "$(basename "$folder")"
  "$repository/build/bench/bench/blastune-bench-threads" --blas "$folder/libopenblas.so.0"
done

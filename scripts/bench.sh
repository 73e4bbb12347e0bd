#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Builds the release preset with the benchmarks, runs them and prints one Markdown table on stdout: the
# figures of the design that exist so far. Everything else goes to stderr. Wants a quiet machine.
set -euo pipefail
# shellcheck source=scripts/lib/packages.sh
. "$(dirname "$0")/lib/packages.sh"

blastune_install "${blastune_build_packages[@]}" "${blastune_bench_packages[@]}"
blastune_build bench
programs=$blastune_repository/build/bench/bench

# A bench program writes rows "| what | figure to reach | measured |" to stdout and progress to stderr.
printf '| what | figure to reach | measured |\n|---|---|---|\n'
"$programs/blastune-bench-micro" --markdown
for blas in /usr/lib/*/openblas-pthread/libopenblas.so.0 /usr/lib/*/openblas-openmp/libopenblas.so.0; do
  if [ -e "$blas" ]; then "$programs/blastune-bench-regret" --blas "$blas" --dtype f32,f64; fi
done

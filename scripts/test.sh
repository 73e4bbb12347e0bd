#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Installs what the tests need, builds everything with warnings as errors and runs all tests. Arguments go
# to ctest (-R store, for instance). Ends with ctest's closing lines and its exit status; a test that is
# skipped without standing in tests/structure/allowed_skips.txt is a failure too.
set -euo pipefail
# shellcheck source=scripts/lib/packages.sh
. "$(dirname "$0")/lib/packages.sh"
# shellcheck source=scripts/lib/run_tests.sh
. "$(dirname "$0")/lib/run_tests.sh"

blastune_install "${blastune_build_packages[@]}" "${blastune_test_packages[@]}"
blastune_build dev
blastune_say "Running the tests"
blastune_run_tests dev "$@"

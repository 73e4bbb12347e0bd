#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Format, the second compiler, clang-tidy, shell scripts and spelling. Runs all of them, then fails if any did.
set -euo pipefail
# shellcheck source=scripts/lib/packages.sh
. "$(dirname "$0")/lib/packages.sh"

blastune_install "${blastune_build_packages[@]}" "${blastune_test_packages[@]}" "${blastune_lint_packages[@]}"
cd "$blastune_repository"
failed=()

# check WHAT COMMAND...: runs it and remembers a failure.
check() {
  local what=$1
  shift
  blastune_say "$what"
  ("$@") || failed+=("$what")
}

spelling() {
  git ls-files -z -- ':!tests/*/data/*' ':!*.gz' | xargs -0 codespell --ignore-words scripts/lib/codespell_ignore.txt
}

mapfile -t sources < <(git ls-files '*.h' '*.hpp' '*.c' '*.cpp')
mapfile -t shell_scripts < <(git ls-files 'scripts/*.sh' '.ci/run' '*.bash' 'cmake/debian/p*')

check "clang-format" clang-format --dry-run --Werror "${sources[@]}"
check "shellcheck" shellcheck --external-sources --severity=style "${shell_scripts[@]}"
check "codespell" spelling
check "clang++ on everything, clang-tidy on all but the tests" blastune_build tidy

if [ ${#failed[@]} -gt 0 ]; then
  printf '\nlint.sh: failed: %s\n' "$(IFS=,; printf '%s' "${failed[*]}")" >&2
  exit 1
fi
printf '\nlint.sh: all clean\n' >&2

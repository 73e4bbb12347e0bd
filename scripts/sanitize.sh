#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# All tests under AddressSanitizer with UndefinedBehaviorSanitizer, all under ThreadSanitizer, and the unit
# tests of the parts that handle memory or foreign data under valgrind. Fails if any of the three did.
set -euo pipefail
# shellcheck source=scripts/lib/packages.sh
. "$(dirname "$0")/lib/packages.sh"
# shellcheck source=scripts/lib/run_tests.sh
. "$(dirname "$0")/lib/run_tests.sh"

# ThreadSanitizer of g++ 12 cannot start where the kernel spreads addresses over more than 28 bits.
if [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)" -gt 28 ] &&
   [ -z "${BLASTUNE_FIXED_ADDRESSES:-}" ] && setarch -R true 2>/dev/null; then
  BLASTUNE_FIXED_ADDRESSES=yes exec setarch -R "$0" "$@"
fi

# valgrind runs 20 to 50 times slower, so it gets the parts whose tests start no other process and finish in
# seconds on their own.
valgrind_parts=(base model store)

blastune_install "${blastune_build_packages[@]}" "${blastune_test_packages[@]}" "${blastune_sanitize_packages[@]}"
cd "$blastune_repository"
failed=()

sanitized() {  # sanitized PRESET
  blastune_build "$1"
  blastune_say "Running the tests of preset $1"
  blastune_run_tests "$1"
}

under_valgrind() {
  local part program programs
  blastune_build dev
  for part in "${valgrind_parts[@]}"; do
    mapfile -t programs < <(find "build/dev/tests/$part" -type f -name '*_test' -perm -u+x | sort)
    [ ${#programs[@]} -gt 0 ] || blastune_fail "tests/$part has no test program; change valgrind_parts in this script"
    for program in "${programs[@]}"; do
      blastune_say "valgrind ${program##*/}"
      timeout 600 valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
        --suppressions=scripts/lib/valgrind.supp "$program" --gtest_brief=1 ||
        blastune_fail "${program##*/} is not clean under valgrind"
    done
  done
}

for preset in asan-ubsan tsan; do
  (sanitized $preset) || failed+=("$preset")
done
(under_valgrind) || failed+=(valgrind)

if [ ${#failed[@]} -gt 0 ]; then
  printf '\nsanitize.sh: failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
printf '\nsanitize.sh: all clean\n' >&2

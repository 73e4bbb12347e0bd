#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# All tests under AddressSanitizer with UndefinedBehaviorSanitizer, those with threads under ThreadSanitizer, and the
# unit tests of the parts that handle memory or foreign data under valgrind. Fails if any of the three did.
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

# The tests in which there are threads: those of the library, whose users have any number of them, and a few more. The
# programs have one thread each, so there is nothing to race.
threaded_tests=(client_test client_change_test client_feedback_test client_identity_test client_limits_test client_load_test
  client_loaded_late_test client_parts_test client_process_test control_test load_test worker_prober_test)

blastune_install "${blastune_build_packages[@]}" "${blastune_test_packages[@]}" "${blastune_sanitize_packages[@]}"
cd "$blastune_repository"
failed=()

address_sanitized() {
  blastune_build asan-ubsan
  blastune_say "Running the tests of preset asan-ubsan"
  blastune_run_tests asan-ubsan
}

thread_sanitized() {
  local names=("${threaded_tests[@]%_test}") missing
  missing=$(git grep -l 'std::thread' -- lib worker cli daemon ':!lib/client' || true)
  [ -z "$missing" ] || blastune_fail "$missing has threads now: add its tests to threaded_tests in this script"
  blastune_build tsan --target "${threaded_tests[@]}"
  blastune_say "Running the tests that have threads under ThreadSanitizer"
  blastune_run_tests tsan -R "^($(IFS='|'; printf '%s' "${names[*]}"))\\."
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

(address_sanitized) || failed+=(asan-ubsan)
(thread_sanitized) || failed+=(tsan)
(under_valgrind) || failed+=(valgrind)

if [ ${#failed[@]} -gt 0 ]; then
  printf '\nsanitize.sh: failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
printf '\nsanitize.sh: all clean\n' >&2

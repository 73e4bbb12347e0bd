# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# shellcheck disable=SC2154 # blastune_repository is set by packages.sh, which is sourced first
#
# Sourced: runs ctest so that no test can be skipped in silence, with ctest's closing lines at the end.

# blastune_skip_is_allowed NAME: stands in the allow-list (one shell pattern, then "# reason", a line).
blastune_skip_is_allowed() {
  local pattern
  while IFS='#' read -r pattern _; do
    pattern=${pattern%"${pattern##*[![:space:]]}"}
    # shellcheck disable=SC2254  # a pattern is meant
    case $1 in $pattern) [ -z "$pattern" ] || return 0 ;; esac
  done <"$blastune_repository/tests/structure/allowed_skips.txt"
  return 1
}

# blastune_run_tests PRESET [ctest argument...]: ctest's status, or 1 when a test was skipped that may not be.
blastune_run_tests() {
  local preset=$1 log status name skipped=0 unexpected=0
  shift
  log=$blastune_repository/build/$preset/ctest.log
  cd "$blastune_repository" || return 1
  # The closing lines are held back until what else there is to say has been said.
  set +e
  # Two more than there are processors: the longest ones mostly wait.
  ctest --preset "$preset" --parallel "$(($(nproc) + 2))" "$@" 2>&1 | tee "$log" | sed -u '/^[0-9]*% tests passed/,$d'
  status=${PIPESTATUS[0]}
  set -e
  while IFS= read -r name; do
    skipped=$((skipped + 1))
    if ! blastune_skip_is_allowed "$name"; then
      unexpected=$((unexpected + 1))
      printf 'skipped, and not in tests/structure/allowed_skips.txt: %s\n' "$name"
    fi
  done < <(sed -n 's/^[[:space:]]*[0-9]* - \(.*\) (\(Skipped\|Disabled\|Not Run\))$/\1/p' "$log" | sort -u)
  printf '%d tests skipped, %d of them unexpectedly\n' "$skipped" "$unexpected"
  sed -n '/^[0-9]*% tests passed/,$p' "$log"
  if [ "$status" -eq 0 ] && [ "$unexpected" -gt 0 ]; then status=1; fi
  return "$status"
}

# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Sourced by inside.sh: one program run in several ways, in files of the present folder that are named after the way:
# alone (by itself), caught (under `blastune run`), disabled (there with BLASTUNE_DISABLE=1). FILE.out is its output,
# FILE.err its messages, FILE.status its exit status. caught.log is what the library says when asked to.
# shellcheck disable=SC2034,SC2154 # $seen and $modules belong to those who source this

most_seconds_each=300

# run_one WAY COMMAND...
run_one() {
  local way=$1
  shift
  timeout --kill-after=5 $most_seconds_each "$@" >"$way.out" 2>"$way.err" </dev/null
  echo $? >"$way.status"
}

# run_ways BLASTUNE-RUN-AND-ITS-OPTIONS... -- COMMAND...
run_ways() {
  local run=()
  while [ "$1" != -- ]; do run+=("$1"); shift; done
  shift
  run_one alone "$@"
  run_one caught "${run[@]}" -- "$@"
  BLASTUNE_DISABLE=1 run_one disabled "${run[@]}" -- "$@"
}
run_all_ways() { run_ways blastune run -- "$@"; }

is_alike() {
  local way part
  for way in caught disabled; do
    for part in status out err; do
      cmp -s "alone.$part" "$way.$part" && continue
      seen="$way: status $(cat $way.status), without $(cat alone.status); $(diff "alone.$part" "$way.$part" | head -n 3 | tr '\n' ' ')"
      return 1
    done
  done
}

is_alike_but_for() {  # is_alike_but_for PATTERN: lines of messages that blastune's being there makes the loader say
  local way
  for way in caught disabled; do sed -i -E "/$1/d" "$way.err"; done
  is_alike
}

runs_alike() { run_all_ways "$@" && is_alike; }

# is_caught COMMAND...: the library was asked for counts. Here they are the table's alone, however busy the machine is.
is_caught() {
  BLASTUNE_LOG=2 BLASTUNE_LOAD=0 run_one log blastune run -- "$@"
  counts_in log.err
}

# counts_in FILE: how many there are, and how many are one thread for what OpenBLAS takes all for: m n k above 2^18.
counts_in() {
  grep -a '^blastune: ' "$1" >caught.log
  read -r asked fewer < <(awk '$4 ~ /^[0-9]+x[0-9]+x[0-9]+:$/ { split($4, size, /[x:]/); ++asked }
    $4 ~ /x/ && $5 == 1 && size[1] * size[2] * size[3] > 262144 { ++fewer }
    END { print asked + 0, fewer + 0 }' caught.log)
  seen="$asked counts asked for, $fewer of them one instead of all"
  [ "$asked" -gt 0 ]
}

said_in() { grep -Eq "$2" "$1"; }  # said_in FILE PATTERN
said_only() { [ -s caught.out ] && ! grep -Evq "^($1)\$" caught.out; }

# passes_tests FILE... [OPTION...]: of pytest, each test with the same outcome. All ways at once, as nothing depends on
# time; once more in a way in which tests do not see what the library says, for its counts.
passes_tests() {
  local way tests words=(python3 -m pytest -q -p outcomes -p no:cacheprovider --hypothesis-seed=0 "$@")
  for way in alone caught disabled log; do
    (
      folder=$PWD
      cd "$modules" || exit 1
      export OUTCOMES=$folder/$way.tests
      rm -f "$OUTCOMES"
      run=(blastune run --)
      case $way in
        alone) run=() ;;
        disabled) export BLASTUNE_DISABLE=1 ;;
        log) export BLASTUNE_LOG=2 BLASTUNE_LOAD=0; words+=(-s) ;;
      esac
      run_one "$folder/$way" "${run[@]}" "${words[@]}"
    ) &
  done
  wait
  counts_in log.err || return 1
  tests=$(tail -n 1 alone.out | sed 's/ in .*//')
  for way in caught disabled; do
    cmp -s alone.tests $way.tests && cmp -s alone.status $way.status && continue
    seen="$way: $(tail -n 1 $way.out); without: $tests; $(diff alone.tests $way.tests | head -n 3 | tr '\n' ' ')"
    return 1
  done
  seen="$tests; $seen"
  grep -q passed alone.tests
}

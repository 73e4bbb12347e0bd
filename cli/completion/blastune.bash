# bash completion for blastune                                             -*- shell-script -*-
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2207  # what is offered is words of letters and dashes: splitting is safe
#
# Needs nothing but bash: source this file, or put it into the completions folder under the name blastune.

# The options of one verb, or of the program itself when the verb is empty; a verb takes the program's as well.
_blastune_options() {
  case $1 in
    "") echo --help --version --color --config ;;
    recommend)
      echo --help --color --config --m --n --batch --gemm --transpose --layers --dtype --layout --pass --blas \
        --available --now --table --explain --json --no-measure ;;
    tune)
      echo --help --color --config --budget --quick --blas --dtype --threads --replay --output --json ;;
    import) echo --help --color --config --blas --output --json ;;
    verify)
      echo --help --color --config --shapes --seed --budget --dtype --measurements --unused --blas --table --json ;;
    show) echo --help --color --config --table --blas --layers --dtype --pass --json ;;
    sweep)
      echo --help --color --config --layers --batches --threads --repeat --dtype --blas --csv --json ;;
    topology) echo --help --color --config --json ;;
    doctor) echo --help --color --config --blas --json ;;
    status) echo --help --color --config --json --watch --measure-now --reload --socket ;;
    run) echo --help --color --config --no-inherit --stats ;;
    completion) echo --help --color --config ;;
  esac
}

# What may follow an option; nothing when that is a number or a list of numbers.
_blastune_values() {
  local path
  case $1 in
    --dtype) COMPREPLY=($(compgen -W "f32 f64" -- "$2")) ;;
    --layout) COMPREPLY=($(compgen -W "features-by-batch batch-by-features" -- "$2")) ;;
    --pass) COMPREPLY=($(compgen -W "forward backward-data backward-weights" -- "$2")) ;;
    --transpose) COMPREPLY=($(compgen -W "NN NT TN TT" -- "$2")) ;;
    --color) COMPREPLY=($(compgen -W "auto always never" -- "$2")) ;;
    --blas | --table | --output | --csv | --config | --socket | --replay | --measurements)
      compopt -o filenames 2>/dev/null
      while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen -f -- "$2") ;;
    --m | --n | --batch | --gemm | --layers | --batches | --threads | --repeat | --available | --budget | --shapes | --seed) ;;
    *) return 1 ;;
  esac
}

# The words from the index $1 on: whether the one under the cursor belongs to another program (0, and first is
# empty for the program itself), or still to the verb (1).
_blastune_other_program() {
  local index
  first=""
  for ((index = $1; index < COMP_CWORD; index++)); do
    case ${COMP_WORDS[index]} in
      --) first=${COMP_WORDS[index + 1]}; if ((index + 1 == COMP_CWORD)); then first=""; fi; return 0 ;;
      --color | --config | --blas) ((index++)) ;;
      -*) ;;
      *) first=${COMP_WORDS[index]}; return 0 ;;
    esac
  done
  [[ ${COMP_WORDS[COMP_CWORD]} != -* ]]
}

_blastune() {
  local current=${COMP_WORDS[COMP_CWORD]} previous="" verb="" first="" path index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case ${COMP_WORDS[index]} in
      --color | --config) ((index++)) ;;
      -*) ;;
      *) verb=${COMP_WORDS[index]}; break ;;
    esac
  done
  if ((COMP_CWORD > 1)); then previous=${COMP_WORDS[COMP_CWORD - 1]}; fi

  if [[ $verb == run || $verb == doctor ]] && _blastune_other_program $((index + 1)); then
    # A value of the verb's own option is told below.
    if [[ -n $first || ! $previous =~ ^--(color|config|blas)$ ]]; then
      compopt -o filenames 2>/dev/null
      if [[ -z $first ]]; then
        while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen -c -- "$current")
      fi
      while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen -f -- "$current")
      return
    fi
  fi
  if _blastune_values "$previous" "$current"; then return; fi
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$(_blastune_options "$verb")" -- "$current"))
  elif [[ -z $verb ]]; then
    COMPREPLY=($(compgen -W "recommend tune import verify show sweep topology doctor status run completion" -- "$current"))
  elif [[ $verb == completion ]]; then
    COMPREPLY=($(compgen -W "bash" -- "$current"))
  elif [[ $verb == import ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen -f -- "$current")
  fi
}

complete -F _blastune blastune

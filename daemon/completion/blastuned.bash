# Completion of blastuned for bash.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2207

_blastuned() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=""
  COMPREPLY=()
  if ((COMP_CWORD > 1)); then previous=${COMP_WORDS[COMP_CWORD - 1]}; fi
  case $previous in
    --config | --runtime-directory) COMPREPLY=($(compgen -d -- "$current")) ;;
    --table) COMPREPLY=($(compgen -f -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "--config --check-config --table --runtime-directory --verbose --help --version" \
      -- "$current")) ;;
  esac
}

complete -F _blastuned blastuned

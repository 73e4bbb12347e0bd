#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# From a fresh Debian 12 to a right answer: installs what is needed, builds, installs into a prefix of its
# own, measures this machine for about 20 seconds, and shows what was learnt.
# The prefix is $BLASTUNE_PREFIX, or the folder "prefix" of this repository.
set -euo pipefail
# shellcheck source=scripts/lib/packages.sh
. "$(dirname "$0")/lib/packages.sh"

prefix=${BLASTUNE_PREFIX:-$blastune_repository/prefix}

blastune_install "${blastune_build_packages[@]}"
blastune_has_openblas || blastune_install libopenblas0-pthread
blastune_build release
blastune_say "Installing into $prefix"
cmake --install "$blastune_repository/build/release" --prefix "$prefix" >/dev/null ||
  blastune_fail "cannot install into $prefix; set BLASTUNE_PREFIX to a folder you may write to"

blastune=$prefix/bin/blastune
show() {  # show ARGUMENT...: the command as one would type it, then what it answers
  printf '\n$ blastune %s\n' "$*"
  "$blastune" "$@"
}

blastune_say "Measuring this machine (Ctrl-C keeps what was measured)"
show tune --budget 20s

blastune_say "How many threads should OpenBLAS use?"
show recommend --m 784 --n 100 --batch 500
show recommend --m 784 --n 100 --batch 500 --explain
show recommend --layers 784,100,50,10 --batch 500
show recommend --layers 784,300,140,10 --batch 500

cat <<END

Next steps
  export PATH="$prefix/bin:\$PATH"   use blastune in this shell
  blastune show                      the table: where the best count changes
  blastune tune --budget 60s         measure further; what is known is kept
  blastune doctor                    which OpenBLAS builds are here, and what limits apply
  man $prefix/share/man/man1/blastune.1
C and C++ programs: find_package(blastune) or pkg-config blastune; see examples/.
END

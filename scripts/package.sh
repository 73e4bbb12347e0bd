#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Makes the Debian packages in build/packages, from a release build of its own for /usr, and fails if lintian finds
# an error in them. Installs what is missing to do so.
#
#   scripts/package.sh
#   sudo apt-get install ./build/packages/*.deb
set -euo pipefail
# shellcheck source=scripts/lib/packages.sh
. "$(dirname "$0")/lib/packages.sh"

[ $# -eq 0 ] || blastune_fail "it takes no argument; see the head of this file"

packages=$blastune_repository/build/packages

blastune_install "${blastune_build_packages[@]}" "${blastune_package_packages[@]}"
blastune_build package

blastune_say "Making the packages"
rm -rf "$packages"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Not readable by its group, a file would not be in a package either.
(umask 022 && cpack --config build/package/CPackConfig.cmake -B "$packages") >"$log" 2>&1 || {
  cat "$log" >&2
  blastune_fail "cpack failed; its output is above"
}
rm -rf "$packages/_CPack_Packages"
find "$packages" -name '*.deb' -printf '%f\n' | sort

blastune_say "lintian"
lintian --allow-root --fail-on error "$packages"/*.deb ||
  blastune_fail "lintian finds errors in the packages, see above"

blastune_say "To install them: sudo apt-get install $packages/*.deb"

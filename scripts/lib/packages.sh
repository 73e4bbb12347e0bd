# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Sourced by the scripts beside this folder: which Debian packages each job needs, how missing ones are
# installed, and how a preset is built. Relies on nothing that a minimal Debian 12 lacks.
# docs/dependencies.md says why each package is there.
# shellcheck disable=SC2034 # the lists are for those who source this

blastune_build_packages=(cmake ninja-build g++ pkg-config libhwloc-dev nlohmann-json3-dev libcli11-dev
  libeigen3-dev libfmt-dev libspdlog-dev zlib1g-dev)
blastune_test_packages=(libgtest-dev libbenchmark-dev libopenblas0-pthread libopenblas0-openmp libopenblas-dev python3
  python3-jsonschema python3-numpy strace systemd)
blastune_bench_packages=(libbenchmark-dev libopenblas0-pthread libopenblas0-openmp libopenblas-dev python3 python3-numpy)
blastune_programs_packages=(python3-scipy python3-sklearn octave r-base-core)
blastune_lint_packages=(clang clang-tidy clang-format shellcheck codespell git)
blastune_package_packages=(dpkg-dev file lintian)
blastune_prove_packages=(debootstrap systemd-container util-linux git)
# In the root of scripts/prove-programs.sh: the programs, what they and the packages depend on, and compilers.
blastune_prove_programs_packages=(adduser libopenblas0-pthread libopenblas0-openmp libopenblas-dev libfmt9 libhwloc15
  libspdlog1.10 python3-numpy python3-scipy python3-sklearn python3-pytest python3-hypothesis octave r-base-core
  gcc gcc-multilib musl-tools valgrind procps)
blastune_sanitize_packages=(valgrind)

blastune_repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# blastune_fail MESSAGE: ends the script with one line that says what to do.
blastune_fail() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  exit 1
}

# blastune_say MESSAGE: what happens now, for a person.
blastune_say() {
  printf '\n==> %s\n' "$1" >&2
}

# blastune_is_installed PACKAGE
blastune_is_installed() {
  [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# blastune_install PACKAGE...: installs those that are missing; touches nothing when none is.
blastune_install() {
  local package missing=() as_root=() log
  command -v dpkg-query >/dev/null ||
    blastune_fail "this is no Debian system; install what docs/dependencies.md lists and build with cmake --preset release"
  for package in "$@"; do
    blastune_is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      blastune_fail "packages are missing and neither root nor sudo is here; as root, run: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  blastune_say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  log=$(mktemp)
  # "env" and not an assignment: sudo drops assigned variables.
  if ! { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
         "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
           apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 install "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 25 "$log" >&2
    rm -f "$log"
    blastune_fail "apt-get could not install the packages (its last lines are above); check the network and /etc/apt, then run this again"
  fi
  rm -f "$log"
}

# True when some OpenBLAS flavour is installed, from Debian or by hand in the linker's path.
blastune_has_openblas() {
  local package
  for package in libopenblas0-pthread libopenblas0-openmp libopenblas0-serial; do
    if blastune_is_installed "$package"; then return 0; fi
  done
  PATH=$PATH:/sbin:/usr/sbin ldconfig -p | grep -q 'libopenblas\.so\.0'
}

# blastune_build PRESET [cmake --build argument...]: configures and builds; quiet unless it fails.
# A compiler cache is used when one is there.
blastune_build() {
  local preset=$1 log
  shift
  if [ -z "${CMAKE_CXX_COMPILER_LAUNCHER:-}" ] && command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
  fi
  cd "$blastune_repository" || exit 1
  blastune_say "Building preset $preset"
  log=$(mktemp)
  if ! cmake --preset "$preset" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    blastune_fail "cmake could not configure preset $preset; its output is above"
  fi
  rm -f "$log"
  cmake --build --preset "$preset" "$@" >&2 ||
    blastune_fail "preset $preset does not build; the compiler's messages are above"
}

#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What scripts/prove-programs.sh runs in a fresh Debian 12, whose folder /prove holds the packages and these files.
set -uo pipefail
# shellcheck source=scripts/lib/prove_service_words.sh
. /prove/prove_service_words.sh
# shellcheck source=scripts/lib/prove_programs/words.sh
. /prove/words.sh
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/prove
export BLASTUNE_TABLE=/tmp/table.json
modules=/usr/lib/python3/dist-packages
folder=/tmp/prove
mkdir $folder
cd $folder || exit 1

installs() { dpkg --install /prove/*.deb >/tmp/dpkg.log 2>&1 || { seen=$(tail -n 3 /tmp/dpkg.log); return 1; }; }
# On a busy machine there may be nothing that could be measured within five seconds, so it may try again.
measures() {
  local build
  for build in pthread openmp; do
    for _ in 1 2 3 4; do
      seen=$(blastune tune --quick --blas /usr/lib/*/openblas-$build/libopenblas.so.0 2>&1) && break
    done || return 1
  done
  seen=${seen%%$'\n'*}
  blastune show >/dev/null && chmod a+r "$BLASTUNE_TABLE"
}
builds() {
  gcc -shared -fPIC -I/usr/share/R/include /prove/jump.c -o jump.so -lopenblas &&
    gcc -g /prove/multiply.c -o multiply -lopenblas &&
    gcc -g -fsanitize=address /prove/multiply.c -o multiply-asan -lopenblas &&
    gcc -m32 /prove/tell.c -o tell-32 && gcc -m32 -shared -fPIC /prove/tell.c -o tell-32.so &&
    musl-gcc /prove/tell.c -o tell-musl
}

multiplies() {
  runs_alike python3 /prove/multiply.py "$1" && is_caught python3 /prove/multiply.py "$1" &&
    said_only 'True|threads True|processes True|the count is what it was'
}
multiplies_with_openmp() {
  LD_LIBRARY_PATH=$(dirname /usr/lib/*/openblas-openmp/libopenblas.so.0)
  export LD_LIBRARY_PATH
  local result=0
  multiplies "$1" && said_in caught.log 'for OpenBLAS .* openmp ' || result=1
  unset LD_LIBRARY_PATH
  return $result
}
learns() {
  # The seconds are its own.
  run_all_ways sh -c "python3 /prove/mlp_classifier.py | grep -v ' s,'" && is_alike && said_only '100% of .* right' &&
    is_caught python3 /prove/mlp_classifier.py && said_in caught.log 'f64 NN 100x500x784: '
}
learns_in_blocks() {
  python3 /prove/mlp_classifier.py --blocks >alone.out && seen=$(head -n 1 alone.out) && said_in alone.out '^100% of'
}

octave() { runs_alike octave-cli --norc /prove/multiply.m && is_caught octave-cli --norc /prove/multiply.m; }
r() {
  export JUMP=$folder/jump.so
  runs_alike Rscript --vanilla /prove/multiply.R && is_caught Rscript --vanilla /prove/multiply.R
}
# With a count of its own in each multiply around the jumps, so that there is one to put back.
survives_a_jump() {
  BLASTUNE_MAX_THREADS=1 is_caught Rscript --vanilla /prove/multiply.R || return 1
  seen="$(grep -m 1 DGEMM log.out); $(tail -n 1 log.out)"
  [ "$(grep -c 'DGEMM.* gave error code' log.out)" = 3 ] && said_in log.out '^the count is what it was' &&
    said_in caught.log 'f64 NN 501x50x100: 1 thread,' && cmp -s alone.out log.out
}

# The loader itself says that it leaves the library out: the packages have none of 32 bits.
starts_a_32_bit_program() {
  run_all_ways sh -c './tell-32 a b; echo $?' && is_alike_but_for 'ld.so: .*libblastune-preload.*cannot be preloaded' && said_in caught.out '^7$'
}
# Its loader ends a program whose LD_PRELOAD it finds and cannot load; the packages' it does not find.
starts_a_musl_program() {
  run_all_ways sh -c './tell-musl a b; echo $?' && is_alike && said_in caught.out '^7$' &&
    run_ways blastune run --no-inherit -- sh -c './tell-musl a b; echo $?' && is_alike && said_in caught.out '^7$'
}
keeps_a_foreign_preload() {
  run_ways env "LD_PRELOAD=$folder/tell-32.so" blastune run -- python3 /prove/multiply.py here &&
    said_in caught.err 'wrong ELF class' && is_alike_but_for 'ld.so: .*wrong ELF class'
}
# As an ordinary user, whom modes keep out, with a table found by itself.
runs_without_a_home() {
  local home program
  mkdir -p /var/cache/blastune && cp "$BLASTUNE_TABLE" /var/cache/blastune &&
    mkdir -m 500 /tmp/kept && chown tester /tmp/kept && touch before || return 1
  for home in / /tmp/kept /nowhere; do
    program=(runuser -u tester -- env -u BLASTUNE_TABLE "HOME=$home" python3 /prove/multiply.py here)
    runs_alike "${program[@]}" && is_caught "${program[@]}" || return 1
  done
  [ -z "$(find / -xdev -user tester -newer before)" ]
}

address_sanitized() {
  LD_PRELOAD=$(gcc -print-file-name=libasan.so)
  export LD_PRELOAD
  local result=0
  runs_alike ./multiply-asan && is_caught ./multiply-asan && said_only 'right, the count is what it was' || result=1
  unset LD_PRELOAD
  return $result
}
under_valgrind() {
  local words=(valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite ./multiply)
  runs_alike "${words[@]}" && is_caught "${words[@]}" && said_only 'right, the count is what it was'
}

printf 'Under blastune run as without, and with BLASTUNE_DISABLE=1\n'
useradd tester
check "the packages install" installs
check "tune --quick makes a table" measures
check "the programs of these checks can be built" builds
check "NumPy multiplies" multiplies here
check "some of it with one thread, where OpenBLAS takes all" [ "${fewer:-0}" -gt 0 ]
check "in forked workers and their parent" multiplies pool
check "in threads" multiplies threads
check "in threads and processes of joblib" multiplies joblib
check "with the OpenMP build" multiplies_with_openmp here
check "with the OpenMP build, in threads" multiplies_with_openmp threads
check "scikit-learn's network learns" learns
check "within blastune's blocks" learns_in_blocks
check "NumPy's tests of linalg" passes_tests numpy/linalg
check "NumPy's tests of core: multiarray, numeric, einsum" passes_tests \
  numpy/core/tests/test_{multiarray,numeric,einsum}.py -k 'not huge'
check "SciPy's tests of linalg" passes_tests scipy/linalg
check "GNU Octave multiplies" octave
check "R multiplies" r
check "R jumps out of what BLAS refuses, and multiplies on" survives_a_jump
check "a 32-bit program that it starts" starts_a_32_bit_program
check "a program of musl that it starts" starts_a_musl_program
check "beside a preload of another architecture" keeps_a_foreign_preload
check "a home that cannot be written, or is not there" runs_without_a_home
check "a program under AddressSanitizer" address_sanitized
check "a program under valgrind" under_valgrind
[ "$failures" -eq 0 ]

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Installs the client library alone into a fresh place, moves it, and builds and runs the examples against
it: with find_package, and with pkg-config in C and in C++."""

import argparse
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile


def run(*command, **options):
    print("+", shlex.join(map(str, command)), flush=True)
    result = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            **options)
    print(result.stdout, end="", flush=True)
    if result.returncode != 0:
        sys.exit(f"it ended with status {result.returncode}")
    return result.stdout


def check(condition, what):
    if not condition:
        sys.exit(f"expected {what}")


def environment(**additions):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BLASTUNE_", "PKG_CONFIG"))}
    # `make install` as a packager runs it is tried on purpose, not inherited.
    kept.pop("DESTDIR", None)
    return {**kept, **additions}


def run_example(program, libdir, table):
    output = run(program, "20", "3", env=environment(LD_LIBRARY_PATH=str(libdir), BLASTUNE_TABLE=str(table)))
    check(output.count("layer ") == 3, "a line for each layer")
    check("no opinion" in output and "one pass: " in output, "no opinion without a table, and a time")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("cmake", "build", "source", "libdir", "cc", "cxx"):
        parser.add_argument("--" + name, required=True)
    arguments = parser.parse_args()
    source = pathlib.Path(arguments.source)
    examples = source / "examples"
    with tempfile.TemporaryDirectory(prefix="blastune-installed-") as directory:
        place = pathlib.Path(directory)
        no_table = place / "no-table.json"

        # First as a package is made: below DESTDIR, for a prefix that does not exist here.
        run(arguments.cmake, "--install", f"{arguments.build}/lib/client", "--prefix", "/usr",
            env=environment(DESTDIR=str(place / "root")))
        check((place / "root/usr/include/blastune/blastune.h").is_file(), "the header below DESTDIR")

        run(arguments.cmake, "--install", f"{arguments.build}/lib/client", "--prefix", str(place / "first"),
            env=environment())
        prefix = place / "moved"
        shutil.move(place / "first", prefix)
        libdir = prefix / arguments.libdir
        check((libdir / "libblastune-client.so.0").exists(), "libblastune-client.so.0")
        files = [str(path.relative_to(prefix)) for path in prefix.rglob("*") if not path.is_dir()]
        check(not any(name.endswith(".a") for name in files), "no static library among " + ", ".join(files))
        for file in libdir.rglob("*"):
            if file.suffix in (".cmake", ".pc"):
                check(str(place) not in file.read_text(encoding="utf-8"), f"no path of this machine in {file}")

        run(arguments.cmake, "-G", "Ninja", "-S", examples, "-B", place / "cmake", f"-DCMAKE_PREFIX_PATH={prefix}",
            f"-DCMAKE_C_COMPILER={arguments.cc}", f"-DCMAKE_CXX_COMPILER={arguments.cxx}", env=environment())
        run(arguments.cmake, "--build", place / "cmake", env=environment())
        run_example(place / "cmake/forward_pass_c", libdir, no_table)
        run_example(place / "cmake/forward_pass_cpp", libdir, no_table)

        search = environment(PKG_CONFIG_PATH=str(libdir / "pkgconfig"))
        flags = shlex.split(run("pkg-config", "--cflags", "--libs", "blastune", "openblas", env=search))
        run(arguments.cc, "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", examples / "forward_pass.c",
            *flags, "-o", place / "in_c")
        run(arguments.cxx, "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", examples / "forward_pass.cpp",
            *flags, "-o", place / "in_cpp")
        run_example(place / "in_c", libdir, no_table)
        run_example(place / "in_cpp", libdir, no_table)

        # The oldest languages that the headers promise.
        for compiler, standard, header, language in ((arguments.cc, "c99", "blastune.h", "c"),
                                                     (arguments.cxx, "c++11", "blastune.hpp", "c++")):
            run(compiler, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
                "-x", language, prefix / "include/blastune" / header, f"-I{prefix}/include")


if __name__ == "__main__":
    main()

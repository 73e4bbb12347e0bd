#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares what a shared library exports with a list: a name that is missing breaks programs, a name too
many is a promise nobody meant to make."""

import os
import subprocess
import sys


def main():
    library, golden = sys.argv[1:]
    text = subprocess.run(["nm", "--dynamic", "--defined-only", library], check=True, capture_output=True,
                          text=True, env={**os.environ, "LC_ALL": "C"}).stdout
    exported = {line.split()[-1] for line in text.splitlines() if line.split()[-2] != "A"}
    with open(golden, encoding="utf-8") as file:
        expected = set(file.read().split())
    for name in sorted(expected - exported):
        print(f"missing: {name}")
    for name in sorted(exported - expected):
        print(f"not in {golden}: {name}")
    sys.exit(exported != expected)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads which shared libraries a binary asks for (readelf -d) and compares with what it may."""

import argparse
import os
import re
import subprocess
import sys


def needed(path):
    text = subprocess.run(["readelf", "-d", path], check=True, capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout
    return re.findall(r"\(NEEDED\)\s+Shared library: \[([^\]]+)\]", text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary")
    parser.add_argument("--allow", help="every needed library must match this expression in full")
    parser.add_argument("--forbid", help="no needed library may match this expression in full")
    arguments = parser.parse_args()
    libraries = needed(arguments.binary)
    wrong = [name for name in libraries
             if (arguments.allow and not re.fullmatch(arguments.allow, name))
             or (arguments.forbid and re.fullmatch(arguments.forbid, name))]
    print(f"{arguments.binary} needs {', '.join(libraries) or 'nothing'}")
    if not libraries:
        sys.exit("no needed library at all: is it a dynamic binary?")
    if wrong:
        sys.exit(f"it must not need {', '.join(wrong)}")


if __name__ == "__main__":
    main()

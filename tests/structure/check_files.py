#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Looks at every source file of the tree: none is long (one idea a file) and each says its license. A file
that has to be longer stands in long_files.txt beside this one, with its limit and the reason."""

import pathlib
import sys

LIMITS = {".cpp": 500, ".c": 500, ".h": 300, ".hpp": 300, ".py": 400, ".sh": 250}
FOLDERS = ("lib", "worker", "cli", "daemon", "tests", "bench", "examples", "scripts", "python")
LICENSE = "SPDX-License-Identifier: BSD-3-Clause"


def read_exceptions(text):
    """{path: limit} from lines of "path limit reason"."""
    exceptions = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            path, limit, reason = line.split(maxsplit=2)
            exceptions[path] = int(limit)
    return exceptions


def check(root, exceptions):
    problems = []
    seen = 0
    unused = set(exceptions)
    for file in sorted(f for folder in FOLDERS for f in (root / folder).rglob("*")):
        if not file.is_file() or file.suffix not in LIMITS:
            continue
        seen += 1
        place = file.relative_to(root).as_posix()
        lines = file.read_text(encoding="utf-8").splitlines()
        limit = exceptions.get(place, LIMITS[file.suffix])
        if len(lines) > LIMITS[file.suffix]:
            unused.discard(place)
        if len(lines) > limit:
            problems.append(f"{place} has {len(lines)} lines, {limit} are allowed: split it by ideas")
        if not any(LICENSE in line for line in lines[:3]):
            problems.append(f"{place} does not say its license in its first three lines: {LICENSE}")
    problems += [f"long_files.txt lists {place}, which is short or gone" for place in sorted(unused)]
    return problems, seen


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: check_files.py ROOT-OF-THE-TREE")
    exceptions = read_exceptions((pathlib.Path(__file__).parent / "long_files.txt").read_text(encoding="utf-8"))
    problems, seen = check(pathlib.Path(sys.argv[1]), exceptions)
    if seen == 0:
        sys.exit(f"no source file under {sys.argv[1]}; is it the root of the tree?")
    for problem in problems:
        print(problem)
    print(f"{seen} files, {len(problems)} violations")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

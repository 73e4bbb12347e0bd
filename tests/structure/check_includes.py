#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Enforces the one-way rule: reads every #include of the product's parts and reports each that goes upwards,
that brings a third-party library where it does not belong, or that no rule knows. The rules are data, in
tree_rules.json beside this file; what they mean is told in docs/adr/0001-parts-and-one-way-rule.md."""

import fnmatch
import json
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SUFFIXES = {".h", ".hpp", ".c", ".cpp", ".in"}


def part_of(path, parts):
    """The part a path relative to the root belongs to, or None."""
    for part in parts:
        if path.parts[: part.count("/") + 1] == tuple(part.split("/")):
            return part
    return None


def find_header(root, file, name, parts):
    """The file of the tree that an include names: beside the includer, under lib/, under the root, or public."""
    bases = [file.parent, root / "lib", root, *(root / part / "include" for part in parts)]
    for base in bases:
        for file_name in (name, name + ".in"):  # the second: configured while building
            if (base / file_name).is_file():
                return (base / file_name).resolve().relative_to(root.resolve())
    return None


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def check(root, rules):
    """One message for each violation."""
    parts = rules["parts"]
    users = {}
    problems = []
    files = [f for part in parts for f in sorted((root / part).rglob("*")) if f.is_file() and f.suffix in SUFFIXES]
    for file in files:
        place = file.relative_to(root)
        part = part_of(place, parts)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            quote, name = found.groups()
            where = f"{place}:{number}: "
            if ".." in pathlib.PurePosixPath(name).parts:
                problems.append(f'{where}"{name}" climbs the tree; include it as "part/header.h"')
                continue
            pattern = next((p for p in rules["third_party"] if fnmatch.fnmatchcase(name, p)), None)
            if pattern:
                rule = rules["third_party"][pattern]
                users.setdefault(pattern, set()).add(str(place))
                if part not in rule["parts"]:
                    problems.append(f"{where}<{name}> does not belong into {part}: {rule['why']}")
                continue
            target = find_header(root, file, name, parts)
            if target is not None:
                other = part_of(target, parts)
                if other is None:
                    problems.append(f'{where}"{name}" is {target}, which is no part of the product')
                elif other != part and other not in parts[part]:
                    allowed = ", ".join(parts[part]) or "none"
                    problems.append(f'{where}"{name}" belongs to {other}; {part} may use: {allowed}')
                continue
            is_cxx_standard = "." not in name and "/" not in name
            if not is_cxx_standard and not matches(name, rules["c_headers"]):
                if quote == '"':
                    problems.append(f'{where}there is no header "{name}" in the tree')
                else:
                    problems.append(f"{where}<{name}> is known to no rule; a new dependency needs one in tree_rules.json")
    for pattern, rule in rules["third_party"].items():
        using = sorted(users.get(pattern, ()))
        if "most_files" in rule and len(using) > rule["most_files"]:
            problems.append(f"{pattern} is included by {', '.join(using)}; {rule['why']}")
    return problems, len(files)


def load_rules():
    return json.loads((pathlib.Path(__file__).parent / "tree_rules.json").read_text(encoding="utf-8"))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: check_includes.py ROOT-OF-THE-TREE")
    problems, count = check(pathlib.Path(sys.argv[1]), load_rules())
    if count == 0:
        sys.exit(f"no source file under {sys.argv[1]}; is it the root of the tree?")
    for problem in problems:
        print(problem)
    print(f"{count} files, {len(problems)} violations")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The words of the service, the same everywhere? Compares the options of "blastuned --help" with those of
blastuned(8) and of its completion, and the keys of the configuration's schema with those of blastune.json(5) and
of the shipped file."""

import json
import pathlib
import re
import sys

from check_help_man_completion import ASK_COMPLETION, options_of, run, sections_of_man


def keys_of(schema, path=()):
    """The paths of all keys that the schema allows, as tuples."""
    keys = set()
    for name, below in schema.get("properties", {}).items():
        keys.add(path + (name,))
        keys |= keys_of(below, path + (name,))
    return keys


def keys_of_values(values, path=()):
    """The paths of all keys of a document."""
    keys = set()
    for name, value in values.items():
        keys.add(path + (name,))
        if isinstance(value, dict):
            keys |= keys_of_values(value, path + (name,))
    return keys


def without_comments(text):
    return re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)


def differences(what, real, others):
    """others: {name of the place: what it says}."""
    problems = []
    for place, said in others.items():
        problems += [f"{what} {item} is not in {place}" for item in sorted(real - said)]
        problems += [f"{place} speaks of the {what} {item}, which does not exist" for item in sorted(said - real)]
    return problems


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: check_daemon_words.py BLASTUNED ROOT-OF-THE-TREE")
    program, root = sys.argv[1], pathlib.Path(sys.argv[2])
    page = sections_of_man((root / "docs/man/blastuned.8").read_text(encoding="utf-8"))
    ask = ["bash", "--norc", "-c", ASK_COMPLETION.replace("blastune", "blastuned"), "ask",
           str(root / "daemon/completion/blastuned.bash"), "blastuned", "--"]
    options = options_of(run(program, "--help"))
    if not options:
        sys.exit(f"{program} --help names no option")
    problems = differences("option", options, {"blastuned(8)": options_of(page["OPTIONS"]),
                                               "its completion": set(run(*ask).split())})

    schema = json.loads((root / "config/blastune.schema.json").read_text(encoding="utf-8"))
    keys = {".".join(key) for key in keys_of(schema)}
    shipped = json.loads(without_comments((root / "config/blastune.json").read_text(encoding="utf-8")))
    problems += differences("key", keys, {"the shipped file": {".".join(key) for key in keys_of_values(shipped)}})
    described = sections_of_man((root / "docs/man/blastune.json.5").read_text(encoding="utf-8"))["KEYS"]
    words = set(re.findall(r"[a-z_]+", described))
    problems += [f"key {key} is not in blastune.json(5)" for key in sorted(keys) if key.split(".")[-1] not in words]
    for problem in problems:
        print(problem)
    print(f"{len(options)} options, {len(keys)} keys, {len(problems)} differences")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Are the words of the command line the same everywhere? Reads "blastune --help" and every verb's --help, the
man page and the completion, and reports each verb and each long option that one of them lacks, or that the man
page or the completion has and the program does not."""

import os
import re
import subprocess
import sys

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
HEADING = re.compile(r"^(subcommands|commands|verbs)\b.*:\s*$", re.IGNORECASE)
# In every help; said once in the man page.
COMMON = "COMMON OPTIONS"

# Loads the completion as a shell would and prints what it offers after the words $2...
ASK_COMPLETION = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
COMPREPLY=()
entry=$(complete -p blastune) && function=${entry#*-F } && "${function%% *}" blastune "$2" blastune
printf '%s\n' "${COMPREPLY[@]}"
"""


def verbs_of_help(text):
    """The words listed under the heading of the verbs: two to four spaces, then the word."""
    verbs = []
    inside = False
    for line in text.splitlines():
        if HEADING.match(line):
            inside = True
        elif inside and line.strip() and not line.startswith(" "):
            inside = False
        elif inside:
            found = re.match(r"^ {2,4}([a-z][a-z-]*)(\s|$)", line)
            if found:
                verbs.append(found.group(1))
    return verbs


def options_of(text):
    return set(OPTION.findall(text))


def sections_of_man(text):
    """{name of section or subsection: its text}, with roff's escapes undone."""
    text = re.sub(r"\\f.", "", text.replace("\\-", "-"))
    sections = {}
    current = ""
    for line in text.splitlines():
        heading = re.match(r'^\.S[HS]\s+"?([^"]*)"?\s*$', line)
        if heading:
            current = heading.group(1).strip()
        elif not line.startswith('.\\"'):
            sections[current] = sections.get(current, "") + line + "\n"
    return sections


def compare(helps, man, offered):
    """helps: {verb, or "" for the program: text}; man: sections; offered: {verb or "": set of words}."""
    problems = []
    common = options_of(man.get(COMMON, ""))
    verbs = set(helps) - {""}
    for verb in sorted(verbs - set(man)):
        problems.append(f"the man page has no subsection {verb}")
    for verb in sorted(verbs - offered[""]):
        problems.append(f"the completion does not offer the verb {verb}")
    for verb in sorted({w for w in offered[""] if not w.startswith("-")} - verbs):
        problems.append(f"the completion offers {verb}, which is no verb")
    for verb in sorted(helps):
        name = f"blastune {verb}".strip()
        real = options_of(helps[verb])
        described = options_of(man.get(verb, "")) if verb else set()
        completed = {word for word in offered[verb] if word.startswith("--")}
        problems += [f"{name} {o} is not in the man page" for o in sorted(real - described - common)]
        problems += [f"{name} {o} is not in the completion" for o in sorted(real - completed)]
        # A verb takes the program's own options too, though its help does not repeat them.
        taken = real | options_of(helps[""])
        problems += [f"the completion offers {name} {o}, which does not exist" for o in sorted(completed - taken)]
        problems += [f"the man page describes {name} {o}, which does not exist" for o in sorted(described - real)]
    everything = set().union(*(options_of(text) for text in helps.values()))
    problems += [f"the man page describes {o}, which no verb has" for o in sorted(common - everything)]
    return problems


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                          env={**os.environ, "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "COLUMNS": "100"})
    if done.returncode != 0:
        sys.exit(f"{' '.join(command[:4])} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: check_help_man_completion.py PROGRAM MAN-PAGE COMPLETION")
    program, man_page, completion = sys.argv[1:]
    helps = {"": run(program, "--help")}
    verbs = verbs_of_help(helps[""])
    if not verbs:
        sys.exit(f"{program} --help names no verb under a heading like \"Subcommands:\"")
    for verb in verbs:
        helps[verb] = run(program, verb, "--help")
    with open(man_page, encoding="utf-8") as file:
        man = sections_of_man(file.read())
    ask = ["bash", "--norc", "-c", ASK_COMPLETION, "ask", completion, "blastune"]
    offered = {verb: set(run(*ask, *([verb] if verb else []), "--").split()) for verb in helps}
    offered[""] |= set(run(*ask, "").split())
    problems = compare(helps, man, offered)
    for problem in problems:
        print(problem)
    print(f"{len(verbs)} verbs, {len(problems)} differences")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

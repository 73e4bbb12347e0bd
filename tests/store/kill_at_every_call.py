# SPDX-License-Identifier: BSD-3-Clause
"""Kills a program that replaces a table at each of its system calls in turn; a reader must always find the
old or the new table. Status 77: not possible here (no strace, or tracing is not permitted).

usage: kill_at_every_call.py TABLE_PROGRAM
"""

import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

OLD, NEW = "3", "4"
KILLED = (-9, 137)


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def run(*command):
    # LeakSanitizer traces the program itself, which works for one tracer at a time.
    options = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "detect_leaks=0"]))
    environment = dict(os.environ, ASAN_OPTIONS=options)
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


def calls_of(strace, program, table, log):
    """How often each system call is made by one undisturbed replacement."""
    done = run(strace, "-o", log, program, "write", table, OLD)
    if done.returncode != 0:
        skip("strace cannot run a program here: " + done.stderr.strip()[:200])
    with open(log, encoding="utf-8", errors="replace") as lines:
        names = [match.group(1) for match in map(re.compile(r"(\w+)\(").match, lines) if match]
    return collections.Counter(names)


def main():
    program = sys.argv[1]
    strace = shutil.which("strace")
    if strace is None:
        skip("strace is not installed")
    with tempfile.TemporaryDirectory(prefix="blastune-test-") as directory:
        table = os.path.join(directory, "table.json")
        log = os.path.join(directory, "log")
        calls_of(strace, program, table, log)
        calls = calls_of(strace, program, table, log)  # with a table that is there already
        if calls["rename"] + calls["renameat"] + calls["renameat2"] != 1:
            sys.exit(f"expected one rename, saw {dict(calls)}")

        seen = collections.Counter()
        killed = 0
        for name, count in calls.items():
            if name in ("execve", "exit_group"):  # before the program, and after its work
                continue
            for number in range(1, count + 1):
                if run(program, "write", table, OLD).returncode != 0:
                    sys.exit("the old table cannot be written")
                inject = f"inject={name}:signal=KILL:when={number}"
                done = run(strace, "-o", log, "-e", inject, program, "write", table, NEW)
                killed += done.returncode in KILLED
                found = run(program, "read", table)
                mark = found.stdout.strip()
                if found.returncode != 0 or mark not in (OLD, NEW):
                    sys.exit(f"killed at {name} number {number}: reader says {mark!r} {found.stderr.strip()}")
                seen[mark] += 1
        print(f"killed {killed} times at {len(calls)} kinds of calls; old table {seen[OLD]}, new table {seen[NEW]} times")
        if killed < 20 or not seen[OLD] or not seen[NEW]:
            sys.exit("too few kills to mean anything")
        # What the dead left behind keeps nobody from writing.
        if run(program, "write", table, NEW).returncode != 0 or run(program, "read", table).stdout.strip() != NEW:
            sys.exit("the table cannot be replaced any more")


if __name__ == "__main__":
    main()

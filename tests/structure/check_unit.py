#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Asks systemd about the files that are written for it: the units hold nothing that it does not understand, the
service is exposed no more than promised, and the system user can be made."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

# Tenths, as systemd-analyze counts them: 0.5 of 10.
MOST_EXPOSURE = 5


def ask(*command):
    """Status and everything said."""
    result = subprocess.run(command, check=False, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, env={**os.environ, "SYSTEMD_COLORS": "0"})
    return result.returncode, result.stdout.strip()


def check(folder):
    problems = []
    with tempfile.TemporaryDirectory(prefix="blastune-unit-") as directory:
        place = pathlib.Path(directory)
        # Whether the program is there is not asked here: it is where the unit is installed.
        unit, found = re.subn(r"@CMAKE_INSTALL_FULL_SBINDIR@/blastuned", "/bin/true",
                              (folder / "blastuned.service.in").read_text(encoding="utf-8"))
        if found != 1 or "@" in re.sub("=.*@(system-service|privileged)$|^#.*", "", unit, flags=re.MULTILINE):
            problems.append("blastuned.service.in: the program's path is the one thing to be filled in")
        (place / "blastuned.service").write_text(unit, encoding="utf-8")
        (place / "blastune.slice").write_text((folder / "blastune.slice").read_text(encoding="utf-8"),
                                              encoding="utf-8")
        status, said = ask("systemd-analyze", "verify", "--man=no", f"{place}/blastuned.service",
                           f"{place}/blastune.slice")
        if status != 0 or said:
            problems.append(f"systemd-analyze verify ended with {status}:\n{said}")
        status, said = ask("systemd-analyze", "security", "--offline=true", "--no-pager",
                           f"--threshold={MOST_EXPOSURE}", f"{place}/blastuned.service")
        print("\n".join(line for line in said.splitlines() if "✓" not in line))
        if status != 0 or "exposure level" not in said:
            problems.append(f"systemd-analyze security ended with {status}; at most {MOST_EXPOSURE / 10} is promised")
    status, said = ask("systemd-sysusers", "--dry-run", str(folder / "blastune.sysusers"))
    if status != 0:
        problems.append(f"systemd-sysusers ended with {status}:\n{said}")
    return problems


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: check_unit.py FOLDER-OF-THE-UNITS")
    problems = check(pathlib.Path(sys.argv[1]).resolve())
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

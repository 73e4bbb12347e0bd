#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""agreement.py --blastune PROGRAM --times VERIFY.json TABLE...: for how many of the gemms that "blastune verify --json" has
timed all tables advise the same count, or counts whose times differ by less than 2 %. Those that a table has measured are
left out. Ends with 1 below 95 %."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

NEAR = 1.02
ENOUGH = 0.95


def key_of(gemm):
    return gemm["transpose"], gemm["m"], gemm["n"], gemm["k"]


def advice_of(table, program, blas, recorded):
    """What the table advises for each gemm, and whether it has measured it."""
    command = [program, "verify", "--table", table, "--measurements", str(recorded), "--json"]
    command += ["--blas", blas] if blas else []
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    gemms = [gemm for each in json.loads(answer.stdout)["types"] for gemm in each["gemms"]]
    return {key_of(gemm): (gemm["advised_threads"], gemm["basis"]) for gemm in gemms}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blastune", required=True)
    parser.add_argument("--times", required=True)
    parser.add_argument("--blas")
    parser.add_argument("tables", nargs="+")
    options = parser.parse_args()
    timed = json.loads(pathlib.Path(options.times).read_text(encoding="utf-8"))["types"]
    times = {}
    with tempfile.TemporaryDirectory() as work:
        recorded = pathlib.Path(work) / "times.csv"
        with recorded.open("w", encoding="utf-8") as text:
            print("dtype,m,n,k,transpose,threads,seconds", file=text)
            for each in timed:
                for gemm in each["gemms"]:
                    times[key_of(gemm)] = {time["threads"]: time["seconds"] for time in gemm["times"]}
                    for threads, seconds in times[key_of(gemm)].items():
                        transpose, *sizes = key_of(gemm)
                        print(each["dtype"], *sizes, transpose, threads, seconds, sep=",", file=text)
        advice = [advice_of(table, options.blastune, options.blas, recorded) for table in options.tables]
    fresh = same = near = 0
    for gemm, by_count in times.items():
        if any(gemm not in each or each[gemm][1] == "measured" for each in advice):
            continue
        fresh += 1
        counts = {each[gemm][0] for each in advice}
        seconds = [by_count[count] for count in counts]
        same += len(counts) == 1
        near += max(seconds) < NEAR * min(seconds)
    if fresh == 0:
        sys.exit("no gemm is fresh to all tables")
    print(f"{len(options.tables)} tables, {fresh} fresh gemms: the same count for {same / fresh:.1%}, "
          f"or within 2 % of each other's time: {near / fresh:.1%} (to reach: {ENOUGH:.0%})")
    sys.exit(near / fresh < ENOUGH)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""agreement.py --blastune PROGRAM --times VERIFY.json TABLE...: for how many of the gemms that "blastune verify --json" has
timed all tables advise the same count, or counts whose times differ by less than 2 %. Those that a table has measured are
left out. Each table's regret follows, against the best of the means timed, and what the largest count is worth by it: where
that differs, the machine was in another state. Ends with 1 below 95 %."""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

NEAR = 1.02
ENOUGH = 0.95
SAME_STATE = 1.1


def key_of(gemm):
    return gemm["transpose"], gemm["m"], gemm["n"], gemm["k"]


def advice_of(table, program, blas, recorded):
    """What the table advises for each gemm, and whether it has measured it; and what the largest count is worth by it."""
    command = [program, "verify", "--table", table, "--measurements", str(recorded), "--json"]
    command += ["--blas", blas] if blas else []
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    types = json.loads(answer.stdout)["types"]
    gemms = [gemm for each in types for gemm in each["gemms"]]
    worth = types[0]["constants"][-1]
    return ({key_of(gemm): (gemm["advised_threads"], gemm["basis"]) for gemm in gemms},
            worth.get("expected_against_one", math.nan), worth.get("against_one", math.nan))


def agreement(times, advice):
    """How many gemms are fresh to all tables, and for how many of these they agree, or nearly so."""
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
    return fresh, same / fresh, near / fresh


def regret(times, advice):
    losses = [math.log(by_count[advice[gemm][0]] / min(by_count.values()))
              for gemm, by_count in times.items() if gemm in advice and advice[gemm][1] != "measured"]
    return math.exp(sum(losses) / len(losses))


def tell(what, tables, fresh, same, near):
    print(f"{tables} {what}, {fresh} fresh gemms: the same count for {same:.1%}, or within 2 % of each other's time: "
          f"{near:.1%} (to reach: {ENOUGH:.0%})")


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
        answers = [advice_of(table, options.blastune, options.blas, recorded) for table in options.tables]
    advice = [answer[0] for answer in answers]
    worths = [answer[1] for answer in answers]
    whole = agreement(times, advice)
    tell("tables", len(advice), *whole)
    print("regret of each table:", *(f"{regret(times, each):.3f}" for each in advice))
    print(f"the largest count against one: {answers[0][2]:.2f} as timed; by each table:",
          *(f"{worth:.2f}" for worth in worths))
    alike = max(([i for i, worth in enumerate(worths) if least <= worth <= least * SAME_STATE] for least in worths),
                key=len)
    if 1 < len(alike) < len(advice):
        tell("of them, made in one state", len(alike), *agreement(times, [advice[i] for i in alike]))
    sys.exit(whole[2] < ENOUGH)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""compare_sweeps.py ONE OTHER: files of several outputs of "blastune sweep --json". Each case counts with its best
run, which other programs of the machine disturb least. Fails when the two differ by more than noise explains."""

import json
import math
import sys

MOST = 1.15


def best_times(path):
    best = {}
    decoder = json.JSONDecoder()
    with open(path, encoding="utf-8") as file:
        text = file.read().strip()
    while text:
        sweep, end = decoder.raw_decode(text)
        text = text[end:].lstrip()
        for batch in sweep["batches"]:
            for count in batch["counts"]:
                case = (batch["batch"], count["threads"])
                best[case] = min(best.get(case, math.inf), count["pass_seconds"])
    return best


def main():
    one, other = (best_times(path) for path in sys.argv[1:3])
    cases = sorted(set(one) & set(other))
    if not cases:
        print("no case was measured on both sides")
        sys.exit(1)
    ratios = [math.log(one[case] / other[case]) for case in cases]
    mean = math.exp(sum(ratios) / len(ratios))
    print(f"{len(cases)} cases, {mean:.3f} times the time on average, "
          f"{math.exp(min(ratios)):.3f} to {math.exp(max(ratios)):.3f}")
    sys.exit(0 if 1 / MOST < mean < MOST else 1)


if __name__ == "__main__":
    main()

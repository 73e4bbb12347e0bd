#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What `blastune run` costs where it has nothing to gain: around the smallest multiply, and at the start of a program.
Runs with and without it come in pairs, in random order; a figure is the median over pairs of the difference, with its
95 % bootstrap interval. Prints rows of a Markdown table."""

import argparse
import os
import random
import subprocess
import time

from bootstrap import median_with_interval

PAIRS_OF_STARTS = 101
RESAMPLES = 5000


def with_interval(values):
    middle, low, high = median_with_interval(values, RESAMPLES)
    return f"{middle:.3g} ({low:.3g} to {high:.3g}), {len(values)} pairs"


def differences(pairs, measure, with_it, without):
    found = []
    for _ in range(pairs):
        order = [with_it, without]
        random.shuffle(order)
        taken = {id(command): measure(command) for command in order}
        found.append(taken[id(with_it)] - taken[id(without)])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blastune", required=True, help="the program, as it is installed or built")
    parser.add_argument("--multiply", required=True, help="the program of smallest_multiply.c")
    parser.add_argument("--blas", required=True, help="folder with the libopenblas.so.0 to use")
    parser.add_argument("--pairs", type=int, default=31)
    options = parser.parse_args()
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("OPENBLAS_", "OMP_", "LD_PRELOAD"))}
    environment["LD_LIBRARY_PATH"] = options.blas

    def nanoseconds(command):
        return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)

    def milliseconds(command):
        begin = time.perf_counter()
        subprocess.run(command, env=environment, check=True)
        return 1e3 * (time.perf_counter() - begin)

    run = [options.blastune, "run", "--"]
    flavour = os.path.basename(os.path.normpath(options.blas))
    found = differences(options.pairs, nanoseconds, [*run, options.multiply], [options.multiply])
    print(f"| cost around a multiply of 4 x 4, {flavour} | <= 50 ns | {with_interval(found)} ns |")
    for command in (["/bin/true"], ["/usr/bin/python3", "-c", "pass"]):
        found = differences(PAIRS_OF_STARTS, milliseconds, [*run, *command], command)
        print(f"| cost at the start of `{' '.join(command)}` | <= 10 ms | {with_interval(found)} ms |")


if __name__ == "__main__":
    main()

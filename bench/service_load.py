#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The programs that run beside the service under service_cost.py. Each ends by itself: the kernel's alarm kills
it, whatever it hangs on.

    service_load.py spin SECONDS              keeps one processor busy
    service_load.py compute SECONDS CPU       pinned to one processor, nothing but the interpreter
    service_load.py multiply SECONDS          NumPy, double precision, 100x784 by 784x500, its default threads

The latter two say "ready" and one line of what they are made of, wait for "go TIME" (of CLOCK_MONOTONIC), work for
SECONDS from that time on and print, as JSON, when each unit of work was done, in seconds since then. So being woken
late counts as work lost. Without "go" they end."""

import array
import json
import os
import signal
import sys
import time

SPARE_SECONDS = 300  # for whoever starts the program, until "go"
WARM_UP_SECONDS = 0.5
ROUNDS_A_UNIT = 20000  # about a millisecond


def compute_unit():
    total = 0
    for number in range(ROUNDS_A_UNIT):
        total += number & 7
    return total


def multiply_unit():
    import numpy  # pylint: disable=import-outside-toplevel

    random = numpy.random.default_rng(1)
    left, right = random.standard_normal((100, 784)), random.standard_normal((784, 500))
    result = numpy.empty((100, 500))
    return lambda: numpy.matmul(left, right, out=result)


def loaded_blas():
    with open("/proc/self/maps", encoding="utf-8") as maps:
        paths = {line.split()[-1] for line in maps if "blas" in line and "/" in line}
    return sorted(paths)


def work(unit, seconds, made_of):
    warm = time.monotonic() + WARM_UP_SECONDS
    while time.monotonic() < warm:
        unit()
    print("ready", made_of, flush=True)
    words = sys.stdin.readline().split()
    if len(words) != 2 or words[0] != "go":
        sys.exit(1)
    start = float(words[1])
    done = array.array("d")
    elapsed = 0.0
    while elapsed < seconds:
        unit()
        elapsed = time.monotonic() - start
        done.append(elapsed)
    json.dump([round(moment, 6) for moment in done], sys.stdout)


def main():
    kind, seconds = sys.argv[1], float(sys.argv[2])
    if kind == "spin":
        signal.setitimer(signal.ITIMER_REAL, seconds)
        while True:
            pass
    signal.setitimer(signal.ITIMER_REAL, seconds + SPARE_SECONDS)
    if kind == "compute":
        os.sched_setaffinity(0, {int(sys.argv[3])})
        work(compute_unit, seconds, f"processor {sys.argv[3]}")
    elif kind == "multiply":
        unit = multiply_unit()
        work(unit, seconds, " ".join(loaded_blas()))
    else:
        sys.exit(f"no load is called {kind}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What blastune is worth to an unmodified program, alone and beside other load.

Each way of choosing the count is a process (or several) of bench/program_work.py, loaded and warm; they take turns in
random order, a window each, all others asleep. A case's time is its mean over all windows. Prints one Markdown row: over
the cases, geometric mean and worst of blastune's time over that of the best constant count of each case, and over
that of the default."""

import argparse
import contextlib
import ctypes
import json
import math
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

WORK = pathlib.Path(__file__).resolve().parent / "program_work.py"
PYTHON = "/usr/bin/python3"  # Debian's: the one that python3-numpy is for
SPARE_SECONDS = 600
# OpenBLAS's idle threads spin for about a tenth of a second.
REST_SECONDS = 0.15
FOLLOWING = {"blastune": {}, "blastune, load ignored": {"BLASTUNE_LOAD": "0"},
             "blastune, looking only": {"BLASTUNE_LOAD": "look"}, "blastune, feeling only": {"BLASTUNE_LOAD": "feel"}}


def end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Way:
    """One way of choosing, as so many copies of the program."""

    def __init__(self, name, command, environment, copies):
        self.name = name
        self.spent = {}
        self.processes = [subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                           text=True, preexec_fn=end_with_parent) for _ in range(copies)]
        for process in self.processes:
            if process.stdout.readline().strip() != "ready":
                sys.exit(f"programs.py: {' '.join(command)} does not start")

    def window(self, seconds):
        for process in self.processes:
            process.stdin.write(f"run {seconds}\n")
            process.stdin.flush()
        for process in self.processes:
            for case, (calls, spent) in json.loads(process.stdout.readline()).items():
                known = self.spent.setdefault(case, [0, 0.0])
                known[0] += calls
                known[1] += spent

    def mean(self, case):
        calls, seconds = self.spent[case]
        return seconds / calls if calls else math.nan

    def end(self):
        for process in self.processes:
            process.stdin.close()
            process.wait()


@contextlib.contextmanager
def load(processes, period):
    """So many spinning processes; with a period they spin for half of it and sleep for the other."""
    script = ("import time,sys\np=float(sys.argv[1])\nend=time.monotonic()+%d\n"
              "while time.monotonic()<end:\n"
              " t=time.monotonic()+(p/2 or 1)\n while time.monotonic()<t: pass\n time.sleep(p/2)" % SPARE_SECONDS)
    running = [subprocess.Popen([PYTHON, "-c", script, str(period)], preexec_fn=end_with_parent)
               for _ in range(processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def ratio_text(ratios):
    return f"{geometric_mean(ratios):.3f}, worst {max(ratios):.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blastune", required=True, help="the program, as it is installed or built")
    parser.add_argument("--blas", required=True, help="folder with the libblas.so.3 to use")
    parser.add_argument("--kind", choices=("forward", "train", "linalg"), default="forward")
    parser.add_argument("--dtype", choices=("f32", "f64"), default="f64")
    parser.add_argument("--busy", type=int, default=0, help="spinning processes beside it")
    parser.add_argument("--period", type=float, default=0, help="seconds after which these go on and off")
    parser.add_argument("--copies", type=int, default=1, help="processes of the program at once")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--window", type=float, default=2)
    parser.add_argument("--sides", action="store_true", help="also with one side of following the load, and with none")
    parser.add_argument("--cases", action="store_true", help="also each case, on stderr")
    options = parser.parse_args()

    plain = {name: value for name, value in os.environ.items()
             if not name.startswith(("OPENBLAS_", "OMP_", "GOTO_", "LD_PRELOAD"))}
    plain["LD_LIBRARY_PATH"] = options.blas
    command = [PYTHON, "-B", str(WORK), options.kind, options.dtype, str(SPARE_SECONDS)]
    constants = {f"C={count}": count for count in range(1, len(os.sched_getaffinity(0)) + 1)}
    ways = {}
    for name, count in constants.items():
        limits = {"OPENBLAS_NUM_THREADS": str(count), "OMP_NUM_THREADS": str(count)}
        ways[name] = Way(name, command, {**plain, **limits}, options.copies)
    ways["default"] = Way("default", command, plain, options.copies)
    for name, more in FOLLOWING.items():
        if name == "blastune" or options.sides:
            ways[name] = Way(name, [options.blastune, "run", "--", *command], {**plain, **more}, options.copies)
    with load(options.busy, options.period):
        for _ in range(options.rounds):
            for way in random.sample(list(ways.values()), len(ways)):
                time.sleep(REST_SECONDS)
                way.window(options.window)
    for way in ways.values():
        way.end()

    cases = [case for case in ways["default"].spent if all(way.spent[case][0] for way in ways.values())]
    best = {case: min(ways[name].mean(case) for name in constants) for case in cases}
    what = f"{options.kind} {options.dtype}, {options.busy} busy, {options.copies} at once"
    if options.period:
        what += f", on and off every {options.period / 2:g} s"
    for name, way in ways.items():
        if name == "default" or name in constants:
            if not options.cases and not options.sides:
                continue
        to_best = ratio_text([way.mean(case) / best[case] for case in cases])
        to_default = ratio_text([way.mean(case) / ways["default"].mean(case) for case in cases])
        print(f"| {what} | {name} | {to_best} | {to_default} |", flush=True)
    if options.cases:
        for case in cases:
            print(case.ljust(32), *(f"{name} {1e6 * way.mean(case):.0f} us" for name, way in ways.items()),
                  sep="  ", file=sys.stderr)


if __name__ == "__main__":
    main()

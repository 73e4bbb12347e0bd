#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What blastune is worth to an unmodified program, alone and beside other load.

Each way of choosing the count is a process (or several) of bench/program_work.{py,m,R}, loaded and warm; they take turns in
random order, a window each, all others asleep. A case's time is its mean over all windows. Prints one Markdown row: over
the cases, geometric mean with its 95 % interval and worst of blastune's time over that of the best constant count of
each case, and over that of the default. The interval is of rounds drawn anew, so it holds what the machine did
meanwhile."""

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

import bootstrap

FOLDER = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # Debian's: the one that python3-numpy is for
SPARE_SECONDS = 600
RESAMPLES = 400
PROGRAMS = {"octave": ["octave-cli", "--quiet", "--norc", str(FOLDER / "program_work.m")],
            "r": ["Rscript", "--vanilla", str(FOLDER / "program_work.R")]}
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
        self.rounds = []  # of each: case -> [calls, seconds]
        self.processes = [subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                           text=True, preexec_fn=end_with_parent) for _ in range(copies)]
        for process in self.processes:
            if process.stdout.readline().strip() != "ready":
                sys.exit(f"programs.py: {' '.join(command)} does not start")

    def window(self, seconds):
        for process in self.processes:
            process.stdin.write(f"run {seconds}\n")
            process.stdin.flush()
        spent = {}
        for process in self.processes:
            for case, (calls, seconds_spent) in json.loads(process.stdout.readline()).items():
                known = spent.setdefault(case, [0, 0.0])
                known[0] += calls
                known[1] += seconds_spent
        self.rounds.append(spent)

    def means(self, rounds):
        """Of these rounds, each case's seconds a call; nan where it was not called."""
        calls = dict.fromkeys(self.rounds[0], 0)
        seconds = dict.fromkeys(calls, 0.0)
        for index in rounds:
            for case, (more_calls, more_seconds) in self.rounds[index].items():
                calls[case] += more_calls
                seconds[case] += more_seconds
        return {case: seconds[case] / calls[case] if calls[case] else math.nan for case in calls}

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


class Ratios:
    """Of each way to the best constant of each case, or to the default."""

    def __init__(self, ways, constants, rounds):
        means = {name: way.means(rounds) for name, way in ways.items()}
        self.means = means
        self.cases = [case for case in means["default"] if not any(math.isnan(of[case]) for of in means.values())]
        self.best = {case: min(means[name][case] for name in constants) for case in self.cases}

    def to_best(self, name):
        return [self.means[name][case] / self.best[case] for case in self.cases]

    def to_default(self, name):
        return [self.means[name][case] / self.means["default"][case] for case in self.cases]


def ratio_text(of_all, of_drawn):
    low, high = bootstrap.bounds([geometric_mean(ratios) for ratios in of_drawn])
    return f"{geometric_mean(of_all):.3f} ({low:.3f} to {high:.3f}), worst {max(of_all):.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blastune", required=True, help="the program, as it is installed or built")
    parser.add_argument("--blas", required=True, help="folder with the libblas.so.3 to use")
    parser.add_argument("--kind", choices=("forward", "train", "linalg", *PROGRAMS), default="forward")
    parser.add_argument("--dtype", choices=("f32", "f64"), default="f64")
    parser.add_argument("--busy", type=int, default=0, help="spinning processes beside it")
    parser.add_argument("--period", type=float, default=0, help="seconds after which these go on and off")
    parser.add_argument("--copies", type=int, default=1, help="processes of the program at once")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--window", type=float, default=1)
    parser.add_argument("--sides", action="store_true", help="also with one side of following the load, and with none")
    parser.add_argument("--cases", action="store_true", help="also each case, on stderr")
    options = parser.parse_args()
    if options.kind == "r" and options.dtype != "f64":
        parser.error("R has double precision only; leave --dtype f32 out")

    plain = {name: value for name, value in os.environ.items()
             if not name.startswith(("OPENBLAS_", "OMP_", "GOTO_", "LD_PRELOAD"))}
    plain["LD_LIBRARY_PATH"] = options.blas
    program = PROGRAMS.get(options.kind, [PYTHON, "-B", str(FOLDER / "program_work.py")])
    command = [*program, options.kind, options.dtype, str(SPARE_SECONDS)]
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

    count = len(ways["default"].rounds)
    of_all = Ratios(ways, constants, range(count))
    of_drawn = [Ratios(ways, constants, drawn) for drawn in bootstrap.draws(count, RESAMPLES)]
    of_drawn = [ratios for ratios in of_drawn if ratios.cases]
    what = f"{options.kind} {options.dtype}, {options.busy} busy, {options.copies} at once"
    if options.period:
        what += f", on and off every {options.period / 2:g} s"
    for name, way in ways.items():
        if name == "default" or name in constants:
            if not options.cases and not options.sides:
                continue
        to_best = ratio_text(of_all.to_best(name), [ratios.to_best(name) for ratios in of_drawn])
        to_default = ratio_text(of_all.to_default(name), [ratios.to_default(name) for ratios in of_drawn])
        print(f"| {what} | {name} | {to_best} | {to_default} |", flush=True)
    if options.cases:
        for case in of_all.cases:
            print(case.ljust(32), *(f"{name} {1e6 * of_all.means[name][case]:.0f} us" for name in ways),
                  sep="  ", file=sys.stderr)


if __name__ == "__main__":
    main()

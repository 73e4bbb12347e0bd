# SPDX-License-Identifier: BSD-3-Clause
"""A program beside the service: run by service_load.py, let go when it is warm, and how much work it got done when."""

import json
import os
import pathlib
import subprocess
import time

from bootstrap import median_with_interval
from service_daemon import NotMeasured, end, end_with_parent

LOAD = pathlib.Path(__file__).resolve().parent / "service_load.py"
PYTHON = "/usr/bin/python3"  # Debian's: the one that python3-numpy is for
BIN_SECONDS = 0.1
RESAMPLES = 10000


def work_until(done, moment):
    """Units of work done by then, of one that was under way its part."""
    count = 0
    before = 0.0
    for after in done:
        if after > moment:
            return count + (moment - before) / (after - before)
        count += 1
        before = after
    return float(count)


def throughput(done, begin, until):
    return (work_until(done, until) - work_until(done, begin)) / (until - begin)


def in_bins(done, seconds):
    counts = [0] * int(seconds / BIN_SECONDS + 0.5)
    for moment in done:
        index = int(moment / BIN_SECONDS)
        if index < len(counts):
            counts[index] += 1
    return counts


def loss_text(ratios):
    if len(ratios) < 2:
        return "too few pairs"
    middle, low, high = median_with_interval([100 * (1 - ratio) for ratio in ratios], RESAMPLES)
    return f"{middle:.2f} % ({low:.2f} to {high:.2f}), {len(ratios)} pairs"


class Load:
    """with Load(...) as load: it is ready; afterwards it is gone."""

    def __init__(self, kind, seconds, *words):
        self.command = [PYTHON, "-B", str(LOAD), kind, str(seconds), *map(str, words)]
        self.waits = kind != "spin"
        self.process = None
        self.made_of = ""

    def __enter__(self):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("OPENBLAS_", "OMP_", "GOTO_", "LD_PRELOAD"))}
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment, preexec_fn=end_with_parent)
        if self.waits:
            line = self.process.stdout.readline()
            if not line.startswith("ready"):
                end(self.process)
                raise NotMeasured(f"{' '.join(self.command)} does not start; is python3-numpy installed?")
            self.made_of = line[len("ready"):].strip()
        return self

    def go(self):
        """Lets it go; the moment that its times count from."""
        start = time.monotonic()
        self.process.stdin.write(f"go {start:.6f}\n")
        self.process.stdin.flush()
        return start

    def result(self):
        """When each unit of its work was done, once it has ended."""
        output, _ = self.process.communicate()
        if self.process.returncode != 0:
            raise NotMeasured(f"{' '.join(self.command)} failed")
        return json.loads(output)

    def run(self):
        self.go()
        return self.result()

    def __exit__(self, *_):
        end(self.process)

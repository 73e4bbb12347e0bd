#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""An unmodified program for programs.py: knows nothing of blastune.

    program_work.py forward|train|linalg f32|f64 SECONDS

forward: forward passes of the two networks in NumPy. train: scikit-learn's MLPClassifier, fit and predict.
linalg: SciPy's solve, cholesky, qr and eigh, and A @ A.T. Says "ready", and then for each line "run TIME" it reads
works for TIME seconds, case after case in random order, and prints as JSON how often and for how many seconds it ran
each. Ends with its input, and after SECONDS in any case."""

import json
import random
import signal
import sys
import time
import warnings

import numpy

NETWORKS = ((784, 100, 50, 10), (784, 300, 140, 10))
BATCHES = (1, 3, 8, 20, 50, 96, 200, 260, 500, 2000, 9000, 20000)


def forward_cases(dtype):
    draw = numpy.random.default_rng(1)
    cases = {}
    for sizes in NETWORKS:
        weights = [draw.standard_normal((after, before)).astype(dtype) for before, after in zip(sizes, sizes[1:])]
        for batch in BATCHES:
            samples = draw.standard_normal((sizes[0], batch)).astype(dtype)

            def forward(samples=samples, weights=weights):
                for weight in weights:
                    samples = numpy.tanh(weight @ samples)
                return samples

            cases["-".join(map(str, sizes)) + f" batch {batch}"] = forward
    return cases


def train_cases(dtype):
    from sklearn.exceptions import ConvergenceWarning  # pylint: disable=import-outside-toplevel
    from sklearn.neural_network import MLPClassifier  # pylint: disable=import-outside-toplevel

    warnings.simplefilter("ignore", ConvergenceWarning)
    draw = numpy.random.default_rng(1)
    samples = draw.standard_normal((2000, 784)).astype(dtype)
    labels = draw.integers(0, 10, 2000)
    cases = {}
    for batch in (20, 50, 200, 500, 2000):
        def fit(batch=batch):
            MLPClassifier((100, 50), batch_size=batch, max_iter=1, random_state=1).fit(samples, labels)

        cases[f"fit batch {batch}"] = fit
    model = MLPClassifier((100, 50), max_iter=1, random_state=1).fit(samples, labels)
    for batch in (20, 200, 2000):
        cases[f"predict {batch}"] = lambda part=samples[:batch]: model.predict(part)
    return cases


def linalg_cases(dtype):
    from scipy import linalg  # pylint: disable=import-outside-toplevel

    draw = numpy.random.default_rng(1)
    cases = {}
    for size in (50, 200, 500):
        matrix = draw.standard_normal((size, size)).astype(dtype)
        definite = matrix @ matrix.T + size * numpy.eye(size, dtype=dtype)
        cases[f"solve {size}"] = lambda a=matrix: linalg.solve(a, a[0])
        cases[f"cholesky {size}"] = lambda a=definite: linalg.cholesky(a)
        cases[f"qr {size}"] = lambda a=matrix: linalg.qr(a)
        cases[f"eigh {size}"] = lambda a=definite: linalg.eigh(a)
        cases[f"A @ A.T {size}"] = lambda a=matrix: a @ a.T
        cases[f"A @ B {size}"] = lambda a=matrix, b=definite: a @ b
    return cases


def run(cases, seconds, draw):
    spent = {name: [0, 0.0] for name in cases}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name in draw.sample(list(cases), len(cases)):
            begin = time.perf_counter()
            # Some of each at a time, as a program has them.
            calls = 0
            while calls < 20 and (calls == 0 or time.perf_counter() - begin < 0.01):
                cases[name]()
                calls += 1
            spent[name][0] += calls
            spent[name][1] += time.perf_counter() - begin
            if time.monotonic() >= end:
                break
    return spent


def main():
    kind, dtype, seconds = sys.argv[1:]
    signal.alarm(int(seconds))
    make = {"forward": forward_cases, "train": train_cases, "linalg": linalg_cases}[kind]
    cases = make({"f32": "float32", "f64": "float64"}[dtype])
    for case in cases.values():
        case()
    print("ready", flush=True)
    draw = random.Random()
    for line in sys.stdin:
        print(json.dumps(run(cases, float(line.split()[1]), draw)), flush=True)


if __name__ == "__main__":
    main()

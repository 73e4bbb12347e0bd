#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The forward pass of a small network in NumPy, each multiply with the thread count that blastune advises, compared
with OpenBLAS's own choice in alternating rounds. At small batches the blocks themselves are what costs: `blastune run`
costs less.

    PYTHONPATH=python BLASTUNE_CLIENT_LIBRARY=prefix/lib/libblastune-client.so.0 python3 examples/forward_pass_numpy.py"""

import statistics
import time

import numpy

import blastune

SIZES = [784, 100, 50, 10]
ROUNDS = 30


def make_network(batch):
    random = numpy.random.default_rng(1)
    weights = [random.standard_normal(ends) for ends in zip(SIZES, SIZES[1:])]
    return random.standard_normal((batch, SIZES[0])), weights


def plain(samples, weights):
    for weight in weights:
        samples = numpy.tanh(samples @ weight)
    return samples


def advised(samples, weights):
    for weight in weights:
        with blastune.matmul(samples, weight):
            product = samples @ weight
        samples = numpy.tanh(product)
    return samples


def seconds(function, samples, weights):
    start = time.perf_counter()
    function(samples, weights)
    return time.perf_counter() - start


def main():
    print(blastune.info()["build"] or blastune.info()["message"])
    for batch in (8, 50, 500, 2000):
        samples, weights = make_network(batch)
        assert numpy.allclose(plain(samples, weights), advised(samples, weights))
        ratios = [seconds(advised, samples, weights) / seconds(plain, samples, weights) for _ in range(ROUNDS)]
        counts = [blastune.recommend(m, n, batch) or "no opinion" for m, n in zip(SIZES, SIZES[1:])]
        print(f"batch {batch}: threads {counts}, {statistics.median(ratios):.2f} of the time of OpenBLAS's own choice")


if __name__ == "__main__":
    main()

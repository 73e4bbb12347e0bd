# SPDX-License-Identifier: BSD-3-Clause
"""multiply.py here|pool|threads|joblib: multiplies matrices of whole numbers, whose products are exact whatever the
order of sums is, and prints whether they are right: by itself, in forked workers, in threads, by joblib. Each prints at
the end whether OpenBLAS's count is what it was."""

import concurrent.futures
import ctypes
import multiprocessing
import sys

import numpy

LAYERS = ((20, 10), (50, 20), (100, 50), (784, 100), (300, 140))
BATCHES = (8, 50, 200, 500, 2000)


def is_right(shape):
    """One multiply against the one that NumPy does by itself, because the numbers are integers."""
    inner, columns, rows, dtype = shape
    random = numpy.random.default_rng(inner + rows)
    left = random.integers(-4, 5, (rows, inner))
    right = random.integers(-4, 5, (inner, columns))
    # A few rows of it: multiplying integers takes long.
    return bool(numpy.all((left.astype(dtype) @ right.astype(dtype))[:16] == left[:16] @ right))


def shapes(extra=0):
    return [(*layer, batch + extra, dtype) for layer in LAYERS for batch in BATCHES for dtype in ("f4", "f8")]


def count():
    with open("/proc/self/maps", encoding="utf-8") as maps:
        path = next(line.split()[-1] for line in maps if "/libopenblas" in line)
    return ctypes.CDLL(path).openblas_get_num_threads()


def here():
    print(all(map(is_right, shapes())))


def pool():
    print(all(map(is_right, shapes())))
    with multiprocessing.get_context("fork").Pool(2) as workers:
        # Other sizes: what the parent has asked for is known to its children.
        print(all(workers.map(is_right, shapes(extra=1), chunksize=5)))
    print(all(map(is_right, shapes(extra=2))))


def threads():
    with concurrent.futures.ThreadPoolExecutor(4) as executor:
        print(all(executor.map(is_right, 4 * shapes())))


def joblib():
    from joblib import Parallel, delayed  # pylint: disable=import-outside-toplevel
    for prefer in ("threads", "processes"):
        print(prefer, all(Parallel(n_jobs=2, prefer=prefer)(delayed(is_right)(shape) for shape in shapes())))


if __name__ == "__main__":
    before = count()
    globals()[sys.argv[1]]()
    print("the count is", "what it was" if count() == before else f"{count()}, and was {before}")

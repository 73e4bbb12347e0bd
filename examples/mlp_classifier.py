#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A network of scikit-learn, trained on samples that it makes itself. It knows nothing of blastune: as

    blastune run -- python3 examples/mlp_classifier.py

each multiply inside of fit() and predict() runs with the count that is best for its own sizes. Within blocks

    python3 examples/mlp_classifier.py --blocks     # with python3-blastune, or PYTHONPATH and BLASTUNE_CLIENT_LIBRARY

all multiplies of a call run with one count, that of its largest layer: right where one layer is most of the work.
Where joblib starts processes (n_jobs), it gives each a share of the processors, and blastune stays below it. Its
threads have one count between them, as OpenBLAS does: a block belongs around all of them, not into each."""

import argparse
import time
import warnings

import numpy
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

FEATURES, HIDDEN, CLASSES = 784, (100, 50), 10
BATCH, SAMPLES, ROUNDS = 500, 4000, 4


def make_samples(seed):
    """Classes that are clouds around points of their own."""
    centres = numpy.random.default_rng(0).standard_normal((CLASSES, FEATURES))
    random = numpy.random.default_rng(seed)
    labels = random.integers(CLASSES, size=SAMPLES)
    return centres[labels] + 2 * random.standard_normal((SAMPLES, FEATURES)), labels


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--blocks", action="store_true", help="fit and predict within blastune's blocks")
    wanted = parser.parse_args().blocks

    # It need not learn all it could.
    warnings.simplefilter("ignore", ConvergenceWarning)
    network = MLPClassifier(HIDDEN, batch_size=BATCH, max_iter=ROUNDS, random_state=1)
    fit, predict = network.fit, network.predict
    if wanted:
        import blastune  # pylint: disable=import-outside-toplevel
        # What a decorator above a function of one's own does.
        fit = blastune.layer(m=FEATURES, n=HIDDEN[0], batch=BATCH)(fit)
        predict = blastune.layer(m=FEATURES, n=HIDDEN[0], batch=SAMPLES)(predict)

    samples, labels = make_samples(1)
    start = time.perf_counter()
    fit(samples, labels)
    trained = time.perf_counter()
    asked, expected = make_samples(2)
    begin = time.perf_counter()
    right = numpy.mean(predict(asked) == expected)
    print(f"fit: {trained - start:.2f} s, predict: {time.perf_counter() - begin:.2f} s")
    print(f"{right:.0%} of {SAMPLES} new samples are right")


if __name__ == "__main__":
    main()

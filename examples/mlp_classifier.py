#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""scikit-learn's MLPClassifier, fit and predict on data that it makes itself, for

    blastune run --stats -- python3 examples/mlp_classifier.py [BATCH]

Nothing in it knows of blastune: scikit-learn multiplies with NumPy, NumPy with OpenBLAS, and `blastune run` gives each
multiply its own thread count. A `with blastune.layer(...)` around fit() would give all of its multiplies, forward and
backward and of every layer, the one count of that layer."""

import sys
import time
import warnings

import numpy
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier


def main():
    batch = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    warnings.simplefilter("ignore", ConvergenceWarning)
    draw = numpy.random.default_rng(1)
    samples = draw.standard_normal((2000, 784))
    labels = (samples @ draw.standard_normal((784, 10))).argmax(axis=1)

    model = MLPClassifier((100, 50), batch_size=batch, max_iter=3, random_state=1)
    begin = time.perf_counter()
    model.fit(samples, labels)
    fitted = time.perf_counter()
    right = (model.predict(samples) == labels).mean()
    predicted = time.perf_counter()
    print(f"batch {batch}: fit {fitted - begin:.2f} s, predict {predicted - fitted:.3f} s, {right:.0%} right")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""examples/mlp_classifier.py: by itself, as it is under `blastune run`, and with its blocks. Ends with 77, which is
a skip, where scikit-learn is not installed."""

import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy_table

EXAMPLE = os.environ["BLASTUNE_TEST_EXAMPLE"]
RUN = [os.environ["BLASTUNE_TEST_PROGRAM"], "run", "--"]
LARGEST_LAYER = "f64 NN 100x500x784: 1 thread"
DIRECTORY = tempfile.TemporaryDirectory(prefix="blastune-mlp-")
TABLE = pathlib.Path(DIRECTORY.name, "table.json")


def run_example(*words, before=()):
    return subprocess.run([*before, sys.executable, "-B", EXAMPLE, *words], capture_output=True, text=True, check=False,
                          env={**os.environ, "BLASTUNE_TABLE": str(TABLE), "BLASTUNE_LOG": "2"})


class Example(unittest.TestCase):
    def expect_learned(self, ended):
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn("100% of 4000 new samples are right", ended.stdout)

    def test_by_itself(self):
        ended = run_example()
        self.expect_learned(ended)
        self.assertEqual(ended.stderr, "")

    def test_as_it_is_under_run(self):
        ended = run_example(before=RUN)
        self.expect_learned(ended)
        self.assertIn(LARGEST_LAYER, ended.stderr)
        # Each multiply is asked for by itself: back through the same layer, for its weights.
        self.assertIn("100x784x500", ended.stderr)

    def test_within_blocks(self):
        ended = run_example("--blocks")
        self.expect_learned(ended)
        self.assertIn(LARGEST_LAYER, ended.stderr)
        self.assertNotIn("100x784x500", ended.stderr)


if __name__ == "__main__":
    if importlib.util.find_spec("sklearn") is None:
        print("scikit-learn is not installed for", sys.executable)
        sys.exit(77)
    numpy_table.save(1, TABLE)
    unittest.main()

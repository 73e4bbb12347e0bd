# SPDX-License-Identifier: BSD-3-Clause
"""The package over the client library, in a process whose OpenBLAS tells what count it was given."""

import ctypes
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

DIRECTORY = tempfile.TemporaryDirectory(prefix="blastune-python-")
TABLE = pathlib.Path(DIRECTORY.name, "table.json")
SPY = os.environ["BLASTUNE_TEST_SPY"]
subprocess.run([os.environ["BLASTUNE_TEST_MAKE_TABLE"], SPY, "1", str(TABLE)], check=True)
os.environ["BLASTUNE_TABLE"] = str(TABLE)
blas = ctypes.CDLL(SPY, mode=ctypes.RTLD_GLOBAL)
USERS = blas.openblas_get_num_threads()

import blastune  # noqa: E402  pylint: disable=wrong-import-position

LAYER = {"m": 784, "n": 100, "batch": 500}


def count():
    return blas.openblas_get_num_threads()


class Advice(unittest.TestCase):
    def test_what_the_table_knows(self):
        self.assertEqual(blastune.recommend(**LAYER), 1)
        self.assertEqual(blastune.recommend_gemm(100, 500, 784), 1)
        self.assertEqual(blastune.recommend_matmul((500, 784), (784, 100)), 1)
        self.assertIsNone(blastune.recommend(784, 100, 500, dtype="f32"))

    def test_info(self):
        blastune.reload()
        info = blastune.info()
        self.assertEqual(info["reason"], "ready")
        self.assertEqual(info["table"], str(TABLE))
        self.assertIn("Spy", info["build"])
        self.assertEqual(info["measured"], "2023-11-14T22:13:20+00:00")
        self.assertEqual(info["curves"], 1)
        self.assertTrue(info["applies"])


class Blocks(unittest.TestCase):
    def tearDown(self):
        self.assertEqual(count(), USERS)

    def test_the_count_holds_inside_and_is_put_back(self):
        for block in (blastune.layer(**LAYER), blastune.gemm(100, 500, 784), blastune.matmul((500, 784), (784, 100))):
            for _ in range(2):
                with block as entered:
                    self.assertEqual(count(), 1)
                    self.assertEqual(entered.threads, 1)
                self.assertEqual(count(), USERS)

    def test_also_when_an_exception_leaves_it(self):
        with self.assertRaises(ZeroDivisionError):
            with blastune.layer(**LAYER):
                raise ZeroDivisionError

    def test_blocks_may_be_nested_and_be_the_same(self):
        block = blastune.layer(**LAYER)
        with block:
            with block:
                self.assertEqual(count(), 1)
            self.assertEqual(count(), 1)

    def test_without_an_opinion_limits_hold(self):
        with blastune.layer(**LAYER, dtype="c64") as block:
            self.assertEqual(count(), min(USERS, len(os.sched_getaffinity(0))))
            self.assertIsNone(block.threads)
        self.assertEqual(count(), USERS)

    def test_a_decorated_function_runs_with_it(self):
        @blastune.layer(**LAYER)
        def multiply(left, right=0):
            """Its own words."""
            return count(), left + right
        self.assertEqual(multiply(1, right=2), (1, 3))
        self.assertEqual(multiply.__doc__, "Its own words.")

    def test_threads_may_share_a_block(self):
        block = blastune.layer(**LAYER)
        failures = []

        def work():
            for _ in range(200):
                with block:
                    if count() != 1:
                        failures.append(count())
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


class Program(unittest.TestCase):
    def run_module(self, *words, **environment):
        return subprocess.run([sys.executable, "-B", "-m", "blastune", *words], capture_output=True, text=True,
                              check=False, env={**os.environ, **environment})

    def test_prints_json(self):
        ended = self.run_module("-i", "json")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(json.loads(ended.stdout)["reason"], "no_openblas")

    def test_says_what_is_missing(self):
        for words, environment, told in ((["-i", "no_such_module"], {}, "no_such_module"),
                                         ([], {"BLASTUNE_CLIENT_LIBRARY": "/nowhere.so"}, "libblastune-client0")):
            ended = self.run_module(*words, **environment)
            self.assertEqual(ended.returncode, 1)
            self.assertEqual(ended.stdout, "")
            self.assertIn(told, ended.stderr)


if __name__ == "__main__":
    unittest.main()

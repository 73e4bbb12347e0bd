# SPDX-License-Identifier: BSD-3-Clause
"""A NumPy program under `blastune run`, whose table is replaced, cut short and made hostile meanwhile: its products are
right, its count is what it was, and it hears of nothing unless it asks to."""

import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import numpy_table

RUN = [os.environ["BLASTUNE_TEST_PROGRAM"], "run", "--"]
# Multiplies whenever it is told to, and says whether it was right and what OpenBLAS's count is.
PROGRAM = """
import ctypes, sys, numpy
with open("/proc/self/maps", encoding="utf-8") as maps:
    blas = ctypes.CDLL(next(line.split()[-1] for line in maps if "/libopenblas" in line))
a, b = numpy.ones((500, 784)), numpy.full((784, 100), 2.0)
for _ in sys.stdin:
    print(bool(numpy.all(a @ b == 1568)), blas.openblas_get_num_threads(), flush=True)
"""


class Program:
    """Told to multiply from here."""

    def __init__(self, table, messages, **environment):
        self.process = subprocess.Popen([*RUN, sys.executable, "-B", "-c", PROGRAM], text=True, stderr=messages,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, "BLASTUNE_TABLE": str(table), **environment})

    def multiply(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def end(self):
        self.process.communicate(timeout=60)
        return self.process.returncode


def remove(table):
    if table.is_dir() and not table.is_symlink():
        table.rmdir()
    else:
        table.unlink(missing_ok=True)


def make_huge(table, good):
    table.write_bytes(good)
    os.truncate(table, 1 << 40)


def make_writable_for_all(table, good):
    table.write_bytes(good)
    table.chmod(0o666)


HOSTILE = {
    "nothing": lambda table, good: None,
    "empty": lambda table, good: table.write_bytes(b""),
    "cut short": lambda table, good: table.write_bytes(good[:len(good) // 2]),
    "one bit wrong": lambda table, good: table.write_bytes(good[:-20] + bytes([good[-20] ^ 1]) + good[-19:]),
    "noise": lambda table, good: table.write_bytes(bytes(range(256)) * 64),
    "deep": lambda table, good: table.write_bytes(b"[" * 1000000),
    "huge": make_huge,
    "of everybody": make_writable_for_all,
    "a folder": lambda table, good: table.mkdir(),
    "a pipe without a writer": lambda table, good: os.mkfifo(table),
    "a device": lambda table, good: table.symlink_to("/dev/zero"),
    "itself": lambda table, good: table.symlink_to(table),
}


class HostileTable(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="blastune-hostile-")
        self.addCleanup(directory.cleanup)
        self.table = pathlib.Path(directory.name, "table.json")
        numpy_table.save(1, self.table)
        self.good = self.table.read_bytes()
        self.log = pathlib.Path(directory.name, "log")
        with open(self.log, "w", encoding="utf-8") as log:
            self.telling = Program(self.table, log, BLASTUNE_LOG="2")
        self.silent = Program(self.table, subprocess.STDOUT)
        # With one thread advised; a count of 2 or more is what there is to put back.
        self.said = self.telling.multiply()
        self.addCleanup(self.telling.process.kill)
        self.addCleanup(self.silent.process.kill)

    def replace(self, content):
        new = self.table.with_suffix(".new")
        new.write_bytes(content)
        remove(self.table)
        new.rename(self.table)

    def expect_right(self, what):
        for program in (self.telling, self.silent):
            self.assertEqual(program.multiply(), self.said, what)

    def expect_used(self, times):
        """The table is used for the so-manieth time."""
        deadline = time.monotonic() + 60
        while self.log.read_text(encoding="utf-8").count("blastune: using ") < times:
            self.assertLess(time.monotonic(), deadline, self.log.read_text(encoding="utf-8"))
            self.expect_right("until it is used")
            time.sleep(0.1)

    def expect_end(self):
        for program in (self.telling, self.silent):
            self.assertEqual(program.end(), 0)

    def test_whatever_the_table_becomes(self):
        self.assertTrue(self.said.startswith("True "), self.said)
        self.expect_used(1)
        for what, make in HOSTILE.items():
            with self.subTest(what):
                remove(self.table)
                make(self.table, self.good)
                # The next look is a second later.
                for _ in range(6):
                    self.expect_right(what)
                    time.sleep(0.2)
        remove(self.table)
        for _ in range(6):
            self.expect_right("none")
            time.sleep(0.2)
        self.replace(self.good)
        self.expect_used(2)
        self.expect_end()
        log = self.log.read_text(encoding="utf-8")
        self.assertIn("f64 NN 100x500x784: 1 thread", log)
        self.assertIn("there is no table", log)

    def test_while_it_is_written_in_place_again_and_again(self):
        done = threading.Event()

        def write():
            while not done.is_set():
                for size in (len(self.good), 0, len(self.good) // 3, len(self.good)):
                    self.table.write_bytes(self.good[:size])
                    if size == 0:
                        remove(self.table)
        writer = threading.Thread(target=write)
        writer.start()
        try:
            begin = time.monotonic()
            while time.monotonic() < begin + 4:
                self.expect_right("in between")
        finally:
            done.set()
            writer.join()
        self.expect_end()


if __name__ == "__main__":
    unittest.main()

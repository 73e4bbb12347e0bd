# SPDX-License-Identifier: BSD-3-Clause
"""A table for the OpenBLAS that NumPy loads here."""

import os
import subprocess
import sys

LOADED_BY_NUMPY = """
import numpy
with open("/proc/self/maps", encoding="utf-8") as maps:
    print(*{line.split()[-1] for line in maps if "/libopenblas" in line})
"""


def save(fastest, file):
    """The count that is fastest for the first layer of the article's network at batch 500."""
    loaded = subprocess.run([sys.executable, "-B", "-c", LOADED_BY_NUMPY], capture_output=True, text=True, check=True)
    subprocess.run([os.environ["BLASTUNE_TEST_MAKE_TABLE"], *loaded.stdout.split(), str(fastest), str(file)], check=True)

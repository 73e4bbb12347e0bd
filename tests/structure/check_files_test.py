#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Does check_files.py see a long file, a file without license, and an exception nobody needs?"""

import pathlib
import tempfile
import unittest

from check_files import LICENSE, check, read_exceptions


class Files(unittest.TestCase):
    def problems(self, lines, exceptions=""):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "lib").mkdir()
            (root / "lib" / "a.cpp").write_text("\n".join(lines) + "\n", encoding="utf-8")
            return check(root, read_exceptions(exceptions))[0]

    def test_short_file_with_license(self):
        self.assertEqual(self.problems([f"// {LICENSE}"]), [])

    def test_missing_license(self):
        self.assertIn("license", self.problems(["int x;"])[0])

    def test_long_file(self):
        self.assertEqual(self.problems([f"// {LICENSE}"] * 500), [])
        self.assertIn("501 lines", self.problems([f"// {LICENSE}"] * 501)[0])

    def test_listed_long_file(self):
        text = "# comment\nlib/a.cpp 600 a table\n"
        self.assertEqual(self.problems([f"// {LICENSE}"] * 600, text), [])
        self.assertEqual(len(self.problems([f"// {LICENSE}"] * 601, text)), 1)

    def test_needless_exception(self):
        self.assertIn("short or gone", self.problems([f"// {LICENSE}"], "lib/a.cpp 600 a table\n")[0])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Does check_includes.py see what it must? Each test plants one include into a small tree of its own."""

import pathlib
import tempfile
import unittest

from check_includes import check, load_rules


class Includes(unittest.TestCase):
    def problems(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in files.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return check(root, load_rules())[0]

    def test_rules_point_one_way(self):
        # A part may only use parts that themselves come earlier, and must list all that those use.
        parts = load_rules()["parts"]
        order = list(parts)
        for part, used in parts.items():
            for other in used:
                self.assertLess(order.index(other), order.index(part), f"{part} uses {other}")
                self.assertLessEqual(set(parts[other]), set(used), f"{part} uses {other}")

    def test_downward_include_is_fine(self):
        self.assertEqual(self.problems({
            "lib/base/result.h": "#include <string>\n#include <sys/types.h>\n",
            "lib/model/gemm.h": '#include "base/result.h"\n',
        }), [])

    def test_upward_include_is_named(self):
        found = self.problems({"lib/model/gemm.h": "", "lib/base/result.h": '\n#  include "model/gemm.h"\n'})
        self.assertEqual(len(found), 1)
        self.assertIn('lib/base/result.h:2: "model/gemm.h" belongs to lib/model', found[0])

    def test_upward_include_in_angle_brackets(self):
        self.assertEqual(len(self.problems({"lib/model/gemm.h": "", "lib/base/a.cpp": "#include <model/gemm.h>\n"})), 1)

    def test_include_of_a_neighbouring_part(self):
        found = self.problems({"lib/topology/topology.h": "", "lib/client/c.cpp": '#include "topology/topology.h"\n'})
        self.assertEqual(len(found), 1)

    def test_programs_do_not_include_each_other(self):
        self.assertEqual(len(self.problems({"cli/a.h": "", "worker/b.cpp": '#include "cli/a.h"\n'})), 1)

    def test_climbing_include(self):
        found = self.problems({"lib/model/gemm.h": "", "lib/base/a.cpp": '#include "../model/gemm.h"\n'})
        self.assertIn("climbs", found[0])

    def test_tests_are_not_included(self):
        found = self.problems({"tests/base/fake.h": "", "lib/base/a.cpp": '#include "tests/base/fake.h"\n'})
        self.assertIn("no part of the product", found[0])

    def test_third_party_headers_in_their_place_only(self):
        for header, place, other in [
            ("hwloc.h", "lib/topology/a.cpp", "cli/a.cpp"),
            ("nlohmann/json.hpp", "lib/store/a.cpp", "lib/client/a.cpp"),
            ("CLI/CLI.hpp", "cli/a.cpp", "daemon/a.cpp"),
            ("spdlog/spdlog.h", "daemon/a.cpp", "lib/tuner/a.cpp"),
            ("cblas.h", "worker/a.cpp", "lib/client/a.cpp"),
            ("openblas_config.h", "worker/a.cpp", "cli/a.cpp"),
            ("dlfcn.h", "worker/a.cpp", "lib/tuner/a.cpp"),
        ]:
            with self.subTest(header=header):
                text = f"#include <{header}>\n"
                self.assertEqual(self.problems({place: text}), [])
                self.assertEqual(len(self.problems({other: text})), 1)

    def test_hwloc_in_a_second_file(self):
        text = "#include <hwloc.h>\n"
        found = self.problems({"lib/topology/a.cpp": text, "lib/topology/b.cpp": text})
        self.assertEqual(len(found), 1)
        self.assertIn("lib/topology/a.cpp, lib/topology/b.cpp", found[0])

    def test_unknown_dependency(self):
        found = self.problems({"lib/model/a.cpp": "#include <boost/any.hpp>\n"})
        self.assertIn("known to no rule", found[0])

    def test_header_that_the_build_makes(self):
        files = {"cli/script.h.in": "", "cli/a.cpp": '#include "cli/script.h"\n'}
        self.assertEqual(self.problems(files), [])
        self.assertEqual(len(self.problems({**files, "worker/b.cpp": '#include "cli/script.h"\n'})), 1)

    def test_missing_header(self):
        found = self.problems({"lib/model/a.cpp": '#include "base/nowhere.h"\n'})
        self.assertIn("no header", found[0])


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: BSD-3-Clause
"""A blastuned whose machine becomes another one while it runs."""

import json
import signal
import unittest

import live_service

# The service looks at what lies around it every 15 s.
LOOK_AROUND = 40


class Machine(unittest.TestCase):
    def setUp(self):
        self.service = live_service.LiveService()
        self.addCleanup(self.service.remove)

    def machines(self):
        return [table["machine"]["processors"] for table in json.loads(self.service.table.read_text())["tables"]]

    def test_a_machine_that_gets_processors_has_a_table_of_its_own(self):
        kernel = self.service.root / "kernel"
        (kernel / "sys/devices/system/cpu/present").write_text("0-1\n")
        self.service.start().settle()
        before = self.service.curves()
        self.assertEqual(self.machines(), [2])
        (kernel / "sys/devices/system/cpu/present").write_text("0-63\n")
        (kernel / "sys/devices/system/cpu/online").write_text("0-63\n")
        live_service.wait_until(lambda: 64 in self.machines(), "a table of the new machine", LOOK_AROUND)
        self.service.settle()
        self.assertEqual(self.machines(), [2, 64])
        self.assertEqual(self.service.curves(), before)
        self.assertEqual(self.service.end()[0], 0)

    def test_a_library_that_was_away_for_one_search_is_found_again(self):
        library = self.service.root / "lib" / "libopenblas.so.0"
        library.parent.mkdir()
        library.touch()
        self.service.start(environment={"LD_LIBRARY_PATH": str(library.parent)}).settle()
        # Away and back between two looks: the one before the search saw it, and so would the one after it.
        library.rename(self.service.root / "away")
        self.service.mood("refusing")
        self.service.process.send_signal(signal.SIGHUP)
        self.service.wait_for(lambda now: now["wait_reason"] == "no_library", "a search in vain")
        self.service.mood("good")
        (self.service.root / "away").rename(library)
        self.service.wait_for(lambda now: now["wait_reason"] != "no_library", "another search", LOOK_AROUND)
        self.service.settle()
        self.assertEqual(self.service.end()[0], 0)

    def test_a_machine_that_cannot_be_read_at_once_is_read_later(self):
        kernel = self.service.root / "kernel"
        (kernel / "sys/devices/system/cpu/present").write_text("0-1\n")
        self.service.start().settle()
        (kernel / "proc/cpuinfo").rename(kernel / "away")
        (kernel / "sys/devices/system/cpu/present").write_text("0-63\n")
        (kernel / "sys/devices/system/cpu/online").write_text("0-63\n")
        live_service.wait_until(lambda: "came online" in self.service.said(), "the look", LOOK_AROUND)
        (kernel / "away").rename(kernel / "proc/cpuinfo")
        live_service.wait_until(lambda: 64 in self.machines(), "a table of the new machine", LOOK_AROUND)
        self.assertEqual(self.service.end()[0], 0)


if __name__ == "__main__":
    unittest.main()

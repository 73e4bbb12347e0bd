# SPDX-License-Identifier: BSD-3-Clause
"""blastuned from outside: options, configuration, and the exit statuses of what cannot start."""

import os
import subprocess
import unittest

import live_service

DONE, FAILED, USAGE, CANNOT_CREATE, WRONG_CONFIG = 0, 1, 64, 73, 78


class Command(unittest.TestCase):
    def setUp(self):
        self.service = live_service.LiveService()
        self.addCleanup(self.service.remove)

    def expect(self, ended, status, *words):
        self.assertEqual(ended.returncode, status, ended.stderr)
        for word in words:
            self.assertIn(word, ended.stdout + ended.stderr)
        self.assertNotIn("terminate", ended.stderr)

    def test_help_and_version_are_answers(self):
        for words, says in ((["--help"], "usage: blastuned"), (["--version"], "blastuned "),
                            (["--verbose", "--help"], "--check-config")):
            ended = subprocess.run([live_service.DAEMON, *words], capture_output=True, text=True, check=False)
            self.expect(ended, DONE, says)
            self.assertEqual(ended.stderr, "")

    def test_wrong_options_are_named(self):
        for words, says in ((["--frobnicate"], "--frobnicate"), (["word"], "word"), (["--table"], "--table"),
                            (["--help", "--nonsense"], "--nonsense"), (["--table="], "--table"),
                            (["--runtime-directory="], "--runtime-directory"), (["--help=yes"], "--help")):
            ended = subprocess.run([live_service.DAEMON, *words], capture_output=True, text=True, check=False,
                                   stdin=subprocess.DEVNULL)
            self.expect(ended, USAGE, says)
            self.assertNotIn("usage:", ended.stderr)
            self.assertLessEqual(ended.stderr.count("\n"), 2)

    def test_a_right_configuration_is_told_to_be(self):
        self.expect(self.service.run("--check-config"), DONE, "the configuration is right", "blastune.json")
        (self.service.config / "conf.d").mkdir()
        (self.service.config / "conf.d" / "10.json").write_text('// mine\n{"daemon": {"cpu_share": 0.02}}')
        self.expect(self.service.run("--check-config"), DONE, "conf.d/10.json")
        self.assertFalse(self.service.table.parent.exists())
        self.assertFalse(self.service.runtime.exists())

    def test_wrong_configurations_are_told_with_line_and_key(self):
        deep = "[" * 100_000
        for text, *says in (
                ('{\n "nets": []\n}', "nets", "line 2"),
                ('{\n"daemon": {\n"cpu_shar": 1}}', "cpu_shar", "line 3"),
                ('{\n"daemon": {"cpu_share": 7}}', "cpu_share", "line 2"),
                ('{"daemon": {"cpu_share": "much"}}', "cpu_share"),
                ('{"daemon": {"cpu_share": -1e999}}', "blastune.json"),
                ('{"daemon": {"libraries": ["relative.so"]}}', "libraries"),
                ('{"batches": [100, 1]}', "batches"),
                ('{"networks": [[784]]}', "a network of 1 sizes", "line 1"),
                ('{"dtypes": ["f16"]}', "dtypes"),
                ('{"tolerance": nan}', "blastune.json"),
                ('{"budget": "30s", "budget": "31s"}', "budget"),
                ("", "blastune.json"), ("{", "line 1"), ("[]", "blastune.json"), ("{}{}", "blastune.json"),
                (deep, "blastune.json"), ('{"a":' * 50_000, "blastune.json"), ("\0" * 1000, "blastune.json"),
                ('{"\x1b[31mred": 1}', "blastune.json"), ("{}" + " " * 3_000_000, "blastune.json")):
            with self.subTest(text[:40]):
                self.service.configure(text)
                ended = self.service.run("--check-config")
                self.expect(ended, WRONG_CONFIG, *says)
                self.assertNotIn("\x1b", ended.stderr)
                self.assertNotIn("is right", ended.stdout)
                self.assertLess(len(ended.stderr), 2000)

    def test_a_wrong_configuration_is_no_start_and_an_unknown_key_is_one(self):
        self.service.configure('{"tolerance": 2}')
        self.expect(self.service.run(), WRONG_CONFIG, "tolerance")
        self.service.configure({**live_service.SMALL, "of_a_later_version": 1})
        self.service.start()
        self.assertIn("of_a_later_version", self.service.status()["config_warnings"][0])
        self.assertEqual(self.service.end()[0], DONE)

    def test_what_names_the_configuration_is_there(self):
        missing = str(self.service.root / "missing")
        for words in (["--check-config"], []):
            ended = subprocess.run([live_service.DAEMON, *words, "--config", missing], capture_output=True, text=True,
                                   check=False)
            self.expect(ended, WRONG_CONFIG, missing)
        file = self.service.root / "file"
        file.write_text("{}")
        ended = subprocess.run([live_service.DAEMON, "--check-config", "--config", file], capture_output=True,
                               text=True, check=False)
        self.expect(ended, WRONG_CONFIG, str(file))

    def test_places_that_cannot_be_made(self):
        file = self.service.root / "file"
        file.write_text("")
        self.service.runtime, usual = file / "run", self.service.runtime
        self.expect(self.service.run(), CANNOT_CREATE, str(file))
        self.service.runtime = usual
        for table in (file / "table.json", self.service.config):
            self.service.table = table
            self.expect(self.service.run(), CANNOT_CREATE, str(table), "--table")

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_places_that_it_may_not_write(self):
        self.refused_places([])

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_places_that_somebody_else_may_not_write(self):
        self.service.root.chmod(0o755)
        self.refused_places(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])

    def refused_places(self, before):
        closed = self.service.root / "closed"
        closed.mkdir(mode=0o555)
        open_place = self.service.root / "open"
        open_place.mkdir()
        open_place.chmod(0o777)
        self.service.runtime, self.service.table = closed, open_place / "table.json"
        self.expect(self.service.run(before=before), CANNOT_CREATE, str(closed))
        self.service.runtime, self.service.table = open_place / "run", closed / "table.json"
        self.expect(self.service.run(before=before), CANNOT_CREATE, str(closed), "--table")

    def test_a_second_instance_is_refused_and_harms_nothing(self):
        self.service.start()
        ended = self.service.run()
        self.expect(ended, FAILED, "another blastuned runs", str(self.service.process.pid))
        self.assertEqual(self.service.status()["process_id"], self.service.process.pid)
        self.service.settle()

    def test_no_worker_is_told(self):
        self.service.worker.unlink()
        self.expect(self.service.run(), FAILED, "BLASTUNE_WORKER")

    def test_a_socket_path_that_is_something_else_or_too_long(self):
        self.service.runtime.mkdir()
        (self.service.runtime / "control").write_text("precious")
        self.expect(self.service.run(), FAILED, "control", "no socket")
        self.assertEqual((self.service.runtime / "control").read_text(), "precious")
        self.service.runtime = self.service.root / ("x" * 120)
        self.expect(self.service.run(), FAILED, "too long")


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: BSD-3-Clause
"""What befalls a blastuned: clients, tables and disks that are not as they should be."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

import live_service
from live_service import settled_with_curves, wait_until

# The service looks at what lies around it every 15 s.
LOOK_AROUND = 40


class Clients(live_service.ServiceTest):
    def test_silent_and_babbling_clients_keep_nobody_from_asking(self):
        self.service.start()
        before = None
        with contextlib.ExitStack() as clients:
            for number in range(200):
                client = clients.enter_context(self.service.connect())
                with contextlib.suppress(OSError):
                    if number % 4 == 1:
                        client.sendall(b'{"schema":1,"request":')
                    elif number % 4 == 2:
                        client.sendall(os.urandom(3000) + b"\n")
                    elif number % 4 == 3:
                        client.sendall(b"x" * 100_000)
                if number % 20 == 0:
                    self.assertEqual(self.service.status()["process_id"], self.service.process.pid)
                before = before or self.service.descriptors()
            self.service.settle()
            self.assertLess(self.service.descriptors(), 80)
        wait_until(lambda: self.service.descriptors() <= before + 2, "the clients to be let go")
        self.assertEqual(self.service.end()[0], 0)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_strangers_may_look_and_not_order(self):
        self.service.root.chmod(0o755)
        self.service.start().settle()
        stranger = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", live_service.CLIENT, "status"]
        environment = {"BLASTUNE_RUNTIME_DIR": str(self.service.runtime), "PATH": "/usr/bin:/bin"}
        if subprocess.run([*stranger[:-1], "--version"], capture_output=True, check=False).returncode != 0:
            return  # the build tree is not for strangers
        for more, status in (([], 0), (["--measure-now"], 1), (["--reload"], 1)):
            asked = subprocess.run([*stranger, *more], capture_output=True, text=True, check=False, env=environment)
            self.assertEqual(asked.returncode, status, asked.stderr)
            self.assertEqual("forbidden" in asked.stderr, status != 0, asked.stderr)


class Tables(live_service.ServiceTest):
    def test_a_damaged_table_is_set_aside(self):
        self.service.start().settle()
        self.service.end()
        good = self.service.table.read_bytes()
        for bad in (good[: len(good) // 2], b"", os.urandom(5000), b"{}", good.replace(b'"version":3', b'"version":99'),
                    good.replace(b"Steady", b"Stoady"), b"[" * 1_000_000):
            with self.subTest(bad[:30]):
                self.service.table.write_bytes(bad)
                self.service.start()
                self.service.wait_for(settled_with_curves, "a new table")
                wait_until(lambda bad=bad: self.service.table.read_bytes() != bad, "the new table")
                self.assertGreater(self.service.curves(), 0)
                self.assertEqual(self.service.end()[0], 0)
                self.assertEqual((self.service.table.parent / "table.json.damaged").read_bytes(), bad)
                self.assertIn("starting over", self.service.said())

    def test_a_table_that_others_may_write_is_refused_with_what_mends_it(self):
        self.service.start().settle()
        self.service.end()
        self.service.table.chmod(0o664)
        ended = self.service.run()
        self.assertEqual(ended.returncode, 73)
        self.assertIn(f"chmod go-w {self.service.table}", ended.stderr)
        self.service.table.chmod(0o644)

    def test_the_table_of_another_machine_is_kept(self):
        self.service.start().settle()
        self.service.end()
        cpuinfo = self.service.root / "kernel" / "proc" / "cpuinfo"
        cpuinfo.write_text(cpuinfo.read_text().replace("9000", "9001"))
        self.service.start()
        self.service.wait_for(settled_with_curves, "another table")
        self.service.end()
        text = self.service.table.read_text()
        self.assertIn("Imaginary 9000", text)
        self.assertIn("Imaginary 9001", text)

    def test_a_table_that_others_remove_or_spoil_is_written_again(self):
        # Also one that was complete when the service came, so that it has nothing to save.
        self.service.start().settle()
        self.service.end()
        curves = self.service.curves()
        self.service.start().settle()
        self.service.table.unlink()
        wait_until(self.service.table.exists, "the table", LOOK_AROUND)
        self.assertEqual(self.service.curves(), curves)
        self.service.table.write_text("nonsense")
        wait_until(lambda: self.service.table.read_text() != "nonsense", "the table", LOOK_AROUND)
        self.assertEqual(self.service.curves(), curves)
        shutil.rmtree(self.service.table.parent)
        wait_until(self.service.table.exists, "the table and its directory", LOOK_AROUND)
        self.assertEqual(self.service.curves(), curves)
        self.assertEqual(self.service.end()[0], 0)

    def test_waits_for_another_program_that_changes_the_table(self):
        self.service.start().settle()
        self.service.end()
        curves = self.service.curves()
        with open(f"{self.service.table}.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.service.start()
            status = self.wait_reason("table_in_use")
            self.assertIn("another program", status["doing"])
            self.service.client("status", "--measure-now")
            self.service.client("status", "--reload")
            time.sleep(3)
            self.assertEqual(self.service.status()["wait_reason"], "table_in_use")
            self.assertEqual(self.service.status()["slices"], 0)
            self.assertLess(self.service.status()["spent"]["since_start"], 1)
            os.unlink(lock.name)
        status = self.service.wait_for(settled_with_curves, "going on")
        self.assertGreaterEqual(status["builds"][0]["curves"], curves)
        self.assertGreaterEqual(self.service.curves(), curves)
        # Ended while it waits, it ends as well.
        self.service.end()
        with open(f"{self.service.table}.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.service.start()
            self.wait_reason("table_in_use")
            self.assertEqual(self.service.end()[0], 0)
        self.assertEqual(self.service.curves(), status["builds"][0]["curves"])

    def test_a_table_that_becomes_unusable_while_it_waits_for_it_is_told(self):
        self.service.table.parent.mkdir()
        with open(f"{self.service.table}.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.service.start()
            self.wait_reason("table_in_use")
            self.service.table.mkdir()
        status = self.wait_reason("cannot_write")
        self.assertIn(str(self.service.table), status["last_save_error"])
        self.service.table.rmdir()
        self.assertEqual(self.service.settle()["last_save_error"], "")
        self.assertGreater(self.service.curves(), 0)

    def test_a_full_disk_is_told_and_outlived(self):
        # No file may grow beyond a block: as little as a full disk takes, and everybody can set it.
        def limit(size):
            subprocess.run(["prlimit", "--pid", str(self.service.process.pid), f"--fsize={size}:"], check=True)
        self.service.log = pathlib.Path("/dev/null")
        self.service.start(wait=False)
        limit(512)
        status = self.wait_reason("cannot_write")
        self.assertIn("cannot write", status["last_save_error"])
        self.assertIn(str(self.service.table), status["last_save_error"])
        self.assertFalse(self.service.table.exists())
        limit("unlimited")
        status = self.service.wait_for(settled_with_curves, "going on")
        self.assertEqual(status["last_save_error"], "")
        self.assertEqual(self.service.curves(), status["builds"][0]["curves"])
        self.assertEqual(self.service.end()[0], 0)
        self.assertEqual(os.listdir(self.service.table.parent), ["table.json"])

    def test_a_library_that_goes_while_the_disk_is_full_leaves_no_wait_behind(self):
        self.service.log = pathlib.Path("/dev/null")
        self.service.start(wait=False)
        subprocess.run(["prlimit", "--pid", str(self.service.process.pid), "--fsize=512:"], check=True)
        self.wait_reason("cannot_write")
        self.service.mood("refusing")
        self.service.process.send_signal(signal.SIGHUP)
        self.wait_reason("no_library")
        subprocess.run(["prlimit", "--pid", str(self.service.process.pid), "--fsize=unlimited:"], check=True)
        self.service.mood("good")
        self.service.process.send_signal(signal.SIGHUP)
        self.service.wait_for(settled_with_curves, "a table")
        wait_until(self.service.table.exists, "the table", LOOK_AROUND)
        self.assertGreater(self.service.curves(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: BSD-3-Clause
"""The life of a blastuned with which all is well: it starts, measures, answers, reads its configuration again,
is told to end, and starts again."""

import json
import os
import signal
import socket
import stat
import struct
import time
import unittest

import live_service
from live_service import wait_until

CHANGED = {**live_service.SMALL, "tolerance": 0.05}


class Manager:
    """The end of $NOTIFY_SOCKET that a service manager has."""

    def __init__(self, test):
        self.path = test.service.root / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        test.addCleanup(self.socket.close)
        self.socket.bind(str(self.path))
        self.socket.settimeout(live_service.PATIENCE)
        self.heard = []

    def environment(self, **more):
        return {"NOTIFY_SOCKET": str(self.path), **more}

    def hear(self, word):
        while not any(word in message for message in self.heard):
            self.heard.append(self.socket.recv(65536).decode())
        return next(message for message in self.heard if word in message)

    def forget(self):
        self.heard.clear()


class Life(unittest.TestCase):
    def setUp(self):
        self.service = live_service.LiveService()
        self.addCleanup(self.service.remove)

    def test_makes_a_table_that_everybody_can_read(self):
        old = os.umask(0o077)
        self.addCleanup(os.umask, old)
        self.service.start()
        settled = self.service.settle()
        build = settled["builds"][0]
        self.assertEqual(build["settled"], build["gemms"])
        self.assertEqual(self.service.curves(), build["curves"])
        self.assertEqual(stat.S_IMODE(self.service.table.stat().st_mode), 0o644)
        self.assertEqual(stat.S_IMODE(self.service.table.parent.stat().st_mode), 0o755)
        self.assertEqual(stat.S_IMODE((self.service.runtime / "control").stat().st_mode), 0o666)
        self.assertEqual(settled["process_id"], self.service.process.pid)
        self.assertEqual(settled["table_path"], str(self.service.table))
        # What was settled needs no worker and no measuring.
        wait_until(lambda: not self.service.workers(), "the worker to be let go")
        self.assertEqual(self.service.status()["slices"], settled["slices"])
        status, _ = self.service.end()
        self.assertEqual(status, 0)
        self.assertEqual(self.service.curves(), build["curves"])
        self.assertEqual(sorted(os.listdir(self.service.runtime)), [])
        self.assertEqual(os.listdir(self.service.table.parent), ["table.json"])

    def test_shows_the_load_while_it_lives(self):
        page = self.service.runtime / "load"

        def heartbeat():
            words = struct.unpack("<7Q", page.read_bytes()[:56])
            # Odd: it is being written.
            return words[3] if words[2] % 2 == 0 else None

        self.service.start()
        first = wait_until(lambda: page.exists() and heartbeat(), "the page")
        self.assertLessEqual(first, time.monotonic_ns())
        self.assertEqual(page.stat().st_size, 4096)
        self.assertEqual(stat.S_IMODE(page.stat().st_mode), 0o644)
        wait_until(lambda: (heartbeat() or 0) > first, "the next heartbeat")
        page.unlink()
        wait_until(page.exists, "the page that was removed")
        self.service.end()
        self.assertFalse(page.exists())

    def test_the_next_life_goes_on_from_the_table(self):
        self.service.start().settle()
        self.service.end()
        text = self.service.table.read_text()
        self.service.start()
        build = self.service.settle()["builds"][0]
        self.assertEqual(build["settled"], build["gemms"])
        self.service.end()
        self.assertEqual(self.service.table.read_text(), text)

    def test_the_client_reads_and_orders(self):
        self.service.start().settle()
        text = self.service.client("status")
        self.assertEqual(text.returncode, 0, text.stderr)
        self.assertIn("every table is as sure as it has to be", text.stdout)
        shown = json.loads(self.service.client("status", "--json").stdout)
        self.assertEqual(shown["daemon"]["process_id"], self.service.process.pid)
        before = self.service.status()["slices"]
        first = self.service.client("status", "--measure-now")
        self.assertEqual(first.returncode, 0, first.stderr)
        second = self.service.client("status", "--measure-now")
        self.assertNotEqual(second.returncode, 0)
        self.assertIn("ask again in", second.stderr)
        checked = self.service.wait_for(lambda now: now["slices"] > before and now["activity"] == "settled",
                                        "the check that was asked for")
        self.assertEqual(checked["builds"][0]["drifted_last_check"], 0)

    def test_a_check_finds_what_has_changed(self):
        self.service.start().settle()
        # The next worker is another process, and a slower one.
        wait_until(lambda: not self.service.workers(), "the worker to be let go")
        self.service.mood("drifted")
        self.service.client("status", "--measure-now")
        status = self.service.wait_for(
            lambda now: now["builds"][0]["drifted_last_check"] > 0 and now["activity"] == "settled",
            "the table of the slower machine")
        self.assertEqual(status["builds"][0]["settled"], status["builds"][0]["gemms"])
        self.assertGreater(self.service.curves(), 0)

    def test_reads_its_configuration_again_by_signal_and_by_client(self):
        manager = Manager(self)
        self.service.start(environment=manager.environment())
        self.service.settle()
        manager.hear("READY=1")
        manager.forget()
        self.service.configure(CHANGED)
        self.service.process.send_signal(signal.SIGHUP)
        manager.hear("RELOADING=1")
        self.assertIn("MONOTONIC_USEC=", manager.hear("RELOADING=1"))
        manager.hear("READY=1")
        self.service.settle()

        self.service.configure('{"tolerance": 2}')
        refused = self.service.client("status", "--reload")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("tolerance", refused.stderr)
        self.assertIn("tolerance", self.service.status()["config_warnings"][0])
        manager.forget()
        self.service.process.send_signal(signal.SIGHUP)
        manager.hear("READY=1")
        self.assertIn("the configuration in force stays", self.service.said())

        self.service.configure({**live_service.SMALL, "networks": [[784, 100], [784, 64]]})
        self.assertEqual(self.service.client("status", "--reload").returncode, 0)
        self.assertEqual(self.service.status()["config_warnings"], [])
        more = self.service.wait_for(lambda now: now["builds"] and now["builds"][0]["gemms"] > 30, "more gemms")
        self.assertEqual(len(more["builds"]), 1)
        self.service.settle()
        self.assertEqual(self.service.end()[0], 0)

    def test_a_configuration_that_changes_while_a_library_loads_or_is_measured(self):
        # A worker that is there but does not answer is the longest moment to change it in.
        for mood, moment in (("slow", lambda now: self.service.workers()),
                             ("hanging", lambda now: now["activity"] == "measuring")):
            with self.subTest(mood):
                self.service.configure(live_service.SMALL)
                self.service.start()
                self.service.wait_for(lambda now: now["builds"], "the builds")
                self.service.mood(mood)
                self.service.wait_for(moment, "a worker")
                self.service.mood("good")
                self.service.configure(CHANGED)
                self.assertEqual(self.service.client("status", "--reload").returncode, 0)
                self.service.settle()
                self.service.end()
                self.service.table.unlink()

    def test_speaks_with_the_service_manager(self):
        manager = Manager(self)
        self.service.start(environment=manager.environment(WATCHDOG_USEC="400000"))
        manager.hear("READY=1")
        manager.hear("STATUS=every table is as sure")
        manager.hear("WATCHDOG=1")
        # One that hangs does not keep it from saying that it lives.
        wait_until(lambda: not self.service.workers(), "the worker to be let go")
        self.service.mood("hanging")
        self.service.client("status", "--measure-now")
        self.service.wait_for(lambda now: now["activity"] == "checking", "a check")
        for _ in range(8):
            manager.forget()
            manager.hear("WATCHDOG=1")
        self.service.process.send_signal(signal.SIGTERM)
        manager.hear("STOPPING=1")
        self.assertEqual(self.service.process.wait(live_service.PATIENCE), 0)

    def test_its_worker_does_not_hear_from_the_service_manager(self):
        manager = Manager(self)
        self.service.mood("hanging")
        self.service.start(environment=manager.environment(WATCHDOG_USEC="1000000"))
        # Not one that is only asked what it is, and gone when it is looked at.
        worker = wait_until(self.service.hanging_workers, "a worker").pop()
        with open(f"/proc/{worker}/environ", "rb") as file:
            self.assertNotIn(b"NOTIFY_SOCKET", file.read())

    def test_ends_at_once_whatever_its_worker_does(self):
        for mood in ("good", "hanging", "complaining"):
            self.service.mood("good")
            self.service.start()
            self.service.settle()
            curves = self.service.curves()
            if mood != "good":
                wait_until(lambda: not self.service.workers(), "the worker to be let go")
                self.service.mood(mood)
                self.service.client("status", "--measure-now")
                workers = wait_until(self.service.workers, "a worker")
            number = signal.SIGINT if mood == "complaining" else signal.SIGTERM
            status, seconds = self.service.kill(number)
            print(f"{mood}: ended in {seconds:.3f} s")
            self.assertEqual(status, 0)
            self.assertLess(seconds, 10)
            self.assertEqual(self.service.curves(), curves)
            if mood != "good":
                self.assertFalse(any(live_service.is_alive(worker) for worker in workers))

    def test_ends_also_while_it_looks_for_libraries(self):
        self.service.mood("slow")
        self.service.start()
        self.service.wait_for(lambda now: now["activity"] == "searching", "the search")
        status, seconds = self.service.end()
        print(f"searching: ended in {seconds:.3f} s")
        self.assertEqual(status, 0)
        self.assertLess(seconds, 10)

    def test_works_without_standard_descriptors_and_with_a_log_that_is_full(self):
        self.service.start(before=["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"])
        self.service.settle()
        self.service.end()
        self.service.start(before=["sh", "-c", 'exec "$@" >/dev/full 2>&1', "sh"])
        self.service.settle()
        self.assertEqual(self.service.end()[0], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: BSD-3-Clause
"""What befalls the workers of a blastuned, and the libraries that they load."""

import os
import signal
import time
import unittest

import live_service
from live_service import settled_with_curves, wait_until


class Workers(live_service.ServiceTest):
    def test_a_worker_that_is_killed_costs_a_burst(self):
        self.service.mood("hanging")
        self.service.start()
        killed = set()
        for number in range(3):
            # Not one that still loads, which would be a library that cannot be loaded.
            worker = wait_until(lambda: self.service.hanging_workers() - killed, "another worker").pop()
            killed.add(worker)
            if number == 2:
                self.service.mood("good")
            os.kill(worker, signal.SIGKILL)
        status = self.service.settle()
        self.assertEqual(status["builds"][0]["reason"], "")
        self.assertEqual(status["lost_bursts"], 1)

    def test_tells_how_its_workers_end_whatever_it_was_started_by(self):
        self.service.mood("crashing")
        self.service.start(before=["env", "--ignore-signal=CHLD"])
        status = self.service.wait_for(lambda now: now["builds"] and now["builds"][0]["state"] == "unusable",
                                       "giving up")
        self.assertIn("killed by signal 9", status["builds"][0]["reason"])
        # It tells when it will try again, not when it would look for other work.
        self.assertLessEqual(self.wait_reason("failing")["wait_seconds"], 60)

    def test_a_killed_service_takes_its_worker_along_and_leaves_no_obstacle(self):
        self.service.mood("hanging")
        self.service.start()
        self.service.wait_for(lambda now: now["activity"] == "measuring", "a slice")
        workers = wait_until(self.service.workers, "a worker")
        self.service.kill()
        for worker in workers:
            wait_until(lambda worker=worker: not live_service.is_alive(worker), "the worker's end")
        self.assertTrue((self.service.runtime / "control").exists())
        self.service.mood("good")
        self.service.start().settle()
        self.assertGreater(self.service.curves(), 0)
        self.service.kill()
        self.service.start().settle()
        self.assertEqual(self.service.end()[0], 0)

    def test_crashes_leak_no_descriptors_and_no_processes(self):
        for mood in ("crashing", "flooding"):
            with self.subTest(mood):
                self.service.mood(mood)
                self.service.start()
                self.service.wait_for(lambda now: now["builds"], "the builds")
                before = self.service.descriptors()
                status = self.service.wait_for(lambda now: now["builds"][0]["state"] == "unusable", "giving up")
                self.assertNotEqual(status["builds"][0]["reason"], "")
                self.assertIn(status["builds"][0]["reason"], self.wait_reason("failing")["doing"])
                # Asked for once more, more have crashed.
                self.service.client("status", "--measure-now")
                lost = status["lost_bursts"]
                self.service.wait_for(lambda now: now["builds"][0]["state"] != "unusable", "another try")
                self.service.wait_for(lambda now: now["builds"][0]["state"] == "unusable", "giving up again")
                self.assertGreater(self.service.status()["lost_bursts"], lost)
                self.assertEqual(self.service.workers(), [])
                self.assertLessEqual(self.service.descriptors(), before)
                self.assertEqual(self.service.end()[0], 0)

    def test_multiplies_that_crash_keep_no_others_from_being_measured(self):
        self.service.mood("picky")
        self.service.start()
        status = self.service.wait_for(lambda now: now["builds"] and now["builds"][0]["state"] == "unusable",
                                       "giving up")
        self.assertIn("killed by signal 9", status["builds"][0]["reason"])
        self.assertGreater(status["lost_bursts"], 0)
        asked = time.monotonic()
        self.service.client("status", "--measure-now")
        more = self.service.wait_for(lambda now: now["lost_bursts"] > status["lost_bursts"], "others' turn")
        self.assertLess(time.monotonic() - asked, live_service.PATIENCE)
        self.assertGreaterEqual(more["slices"], 2)

    def test_a_search_that_could_not_look_leaves_what_is_known(self):
        self.service.start().settle()
        curves = self.service.curves()
        self.service.mood("dying")
        self.service.process.send_signal(signal.SIGHUP)
        status = self.service.wait_for(lambda now: now["unusable"], "a search")
        self.assertIn("killed by signal 9", status["unusable"][0]["reason"])
        self.assertEqual(status["builds"][0]["curves"], curves)
        self.service.mood("good")
        # It looks again by itself.
        self.service.wait_for(lambda now: not now["unusable"], "another search", 2 * live_service.PATIENCE)
        self.assertEqual(self.service.settle()["builds"][0]["curves"], curves)

    def test_a_library_that_is_no_openblas_is_told_and_waited_for(self):
        self.service.mood("refusing")
        self.service.start()
        status = self.service.wait_for(lambda now: now["wait_reason"] == "no_library", "no library")
        self.assertEqual(status["activity"], "nothing_to_tune")
        self.assertIn("this is no OpenBLAS", status["unusable"][0]["reason"])
        self.assertFalse(self.service.table.exists())
        # One that comes is found when somebody says so, as well as when the libraries' places change.
        self.service.mood("good")
        self.service.process.send_signal(signal.SIGHUP)
        self.service.wait_for(settled_with_curves, "a table")

    def test_a_count_that_cannot_be_set_is_nothing_to_tune(self):
        self.service.mood("fixed")
        self.service.start()
        status = self.service.wait_for(lambda now: now["wait_reason"] == "no_library", "nothing to tune")
        self.assertIn("cannot be changed safely", status["builds"][0]["reason"])

    def test_a_library_that_is_another_each_time_is_left_alone(self):
        self.service.mood("lying")
        self.service.start()
        status = self.service.wait_for(lambda now: now["builds"] and now["builds"][0]["state"] == "unusable",
                                       "leaving it alone")
        self.assertIn("another build", status["builds"][0]["reason"])
        spent = status["spent"]["since_start"]
        time.sleep(3)
        self.assertLess(self.service.status()["spent"]["since_start"] - spent, 1)
        self.assertFalse(self.service.table.exists())

    def test_bursts_that_others_disturbed_make_no_table(self):
        self.service.mood("busy")
        self.service.start()
        status = self.service.wait_for(lambda now: now["disturbed_slices"] >= 2, "disturbed slices")
        self.assertEqual(status["builds"][0]["curves"], 0)
        self.assertFalse(self.service.table.exists())

    def test_a_worker_that_is_gone_is_told_and_waited_for(self):
        self.service.start().settle()
        self.service.worker.rename(self.service.root / "away")
        self.service.process.send_signal(signal.SIGHUP)
        status = wait_until(lambda: "cannot run" in self.service.said() and self.service.status(), "the complaint")
        self.assertGreater(status["builds"][0]["curves"], 0)
        self.assertEqual(self.service.end()[0], 0)

    def test_a_file_that_is_gone_when_it_is_needed_is_looked_for(self):
        self.service.start().settle()
        wait_until(lambda: not self.service.workers(), "the worker to be let go")
        self.service.worker.rename(self.service.root / "away")
        self.service.client("status", "--measure-now")
        # The first complaint is of the launch, the second one of the search that follows it.
        wait_until(lambda: "cannot run" in self.service.said(), "the search", 10)
        self.assertIn("cannot use", self.service.said())
        self.assertEqual(self.service.end()[0], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)

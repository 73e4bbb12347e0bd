# SPDX-License-Identifier: BSD-3-Clause
"""Runs the real blastuned for a test: in a directory of its own, with a worker that needs no OpenBLAS and a
kernel whose machine is always quiet. The programs' paths come from the environment that CMakeLists.txt sets."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

if len(os.sched_getaffinity(0)) < 2:
    print("skipped: one usable processor leaves a service nothing to do")
    sys.exit(77)

DAEMON = os.environ["BLASTUNE_TEST_DAEMON"]
CLIENT = os.environ["BLASTUNE_TEST_CLIENT"]
WORKER = os.environ["BLASTUNE_TEST_STEADY_WORKER"]
SCHEMA = '{"schema":1,"request":"%s"}\n'
# Far above what anything takes on the slowest machine; only a failure waits for so long.
PATIENCE = 60
# Settled within a second of measuring.
SMALL = {"networks": [[784, 100]], "batches": [1, 512], "dtypes": ["f64"], "passes": ["forward"],
         "layouts": ["features-by-batch"], "general_grid": {"enabled": False}}


def wait_until(condition, what, seconds=PATIENCE):
    """The first true answer."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError("waited in vain for " + what)
        time.sleep(0.05)


def children_of(process):
    found = []
    for name in os.listdir("/proc"):
        # Any of them may end while it is looked at.
        with contextlib.suppress(OSError, ValueError):
            state, parent = pathlib.Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[:2]
            if int(parent) == process and state != "Z":
                found.append(int(name))
    return found


def is_alive(process):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


class LiveService:
    """One place for a service and its lives, one after the other."""

    def __init__(self):
        # Short, because a socket's path may have 107 bytes.
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="blastuned-", dir="/tmp"))
        self.table = self.root / "cache" / "table.json"
        self.runtime = self.root / "run"
        self.config = self.root / "etc"
        self.worker = self.root / "worker"
        self.log = self.root / "log"
        self.environment = {"PATH": "/usr/bin:/bin", "BLASTUNE_WORKER": str(self.worker),
                            "BLASTUNE_KERNEL_ROOT": str(self.root / "kernel")}
        self.environment.update((name, value) for name, value in os.environ.items() if name.endswith("SAN_OPTIONS"))
        self.process = None
        self.config.mkdir()
        self.worker.symlink_to(WORKER)
        self.make_kernel()
        self.configure(SMALL)

    def make_kernel(self):
        processors = range(os.cpu_count())
        lines = [f"cpu{number} 0 0 0 0 0 0 0 0 0 0" for number in processors]
        files = {"proc/stat": "\n".join(["cpu 0 0 0 0 0 0 0 0 0 0", *lines, "procs_running 1", ""]),
                 "proc/cpuinfo": "processor\t: 0\nmodel name\t: Imaginary 9000\n\n",
                 "proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
                 "sys/devices/system/cpu/online": f"0-{len(lines) - 1}\n"}
        for name, text in files.items():
            path = self.root / "kernel" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def configure(self, config):
        text = config if isinstance(config, str) else json.dumps(config)
        (self.config / "blastune.json").write_text(text)

    def mood(self, word):
        (self.root / "worker.mood").write_text(word)

    def words(self, *more):
        return [DAEMON, "--config", str(self.config), "--table", str(self.table), "--runtime-directory",
                str(self.runtime), *more]

    def start(self, *more, before=(), environment=None, wait=True):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*before, *self.words(*more)], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env={**self.environment, **(environment or {})})
        if wait:
            wait_until(lambda: self.process.poll() is not None or self.ask("status"), "an answer")
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.said()}")
        return self

    def run(self, *more, before=(), environment=None):
        """A life that ends by itself."""
        return subprocess.run([*before, *self.words(*more)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE, check=False, env={**self.environment, **(environment or {})})

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE)
        try:
            client.connect(str(self.runtime / "control"))
        except OSError:
            client.close()
            raise
        return client

    def ask(self, request):
        """The reply; nothing when there is nobody, or the connection is cut."""
        with contextlib.suppress(OSError, ValueError), self.connect() as client:
            client.sendall((SCHEMA % request).encode())
            with client.makefile() as lines:
                return json.loads(lines.readline())
        return None

    def status(self):
        return self.wait_for(lambda status: True, "an answer")

    def wait_for(self, condition, what, seconds=PATIENCE):
        """Until the status is so; it is the answer."""
        def look():
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.said()}")
            reply = self.ask("status")
            return reply["status"] if reply and condition(reply["status"]) else None
        try:
            return wait_until(look, what, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.ask('status')}\n{self.said()}") from None

    def settle(self):
        return self.wait_for(lambda status: status["activity"] == "settled", "a settled table")

    def client(self, *words):
        return subprocess.run([CLIENT, *words], capture_output=True, text=True, timeout=PATIENCE, check=False,
                              env={**self.environment, "BLASTUNE_RUNTIME_DIR": str(self.runtime),
                                   "BLASTUNE_TABLE": str(self.table)})

    def curves(self):
        """How many the table has as a reader sees it, who refuses what is not whole."""
        shown = self.client("show", "--table", str(self.table), "--json")
        if shown.returncode != 0:
            raise AssertionError(f"the table cannot be read: {shown.stderr}")
        groups = json.loads(self.table.read_text())["tables"][0]["groups"]
        return sum(len(group["curves"]) for group in groups)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def workers(self):
        return children_of(self.process.pid)

    def hanging_workers(self):
        """Those that were given a burst."""
        with contextlib.suppress(OSError, ValueError):
            return {int((self.root / "worker.hangs").read_text())}
        return set()

    def said(self):
        return self.log.read_text(errors="replace")[-5000:] if self.log.is_file() else ""

    def kill(self, number=signal.SIGKILL):
        """Returns the exit status and the seconds that it took."""
        start = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE), time.monotonic() - start

    def end(self):
        return self.kill(signal.SIGTERM)

    def remove(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.root, ignore_errors=True)


def settled_with_curves(status):
    return status["activity"] == "settled" and status["builds"] and status["builds"][0]["curves"] > 0


class ServiceTest(unittest.TestCase):
    """Has a service of its own for each test."""

    def setUp(self):
        self.service = LiveService()
        self.addCleanup(self.service.remove)

    def wait_reason(self, reason):
        return self.service.wait_for(lambda now: now["wait_reason"] == reason, reason)

# SPDX-License-Identifier: BSD-3-Clause
"""A blastuned of one's own: started with a table, a socket and a configuration in a temporary directory, asked over
its socket, looked at through /proc, and ended by its process id. It runs at nice 19 as its unit has it, and in the
session of whoever starts it, so that the kernel's grouping of sessions does not undo that. The unit's slice, which
puts it further behind, is missing: what is measured here is rather more than a user pays."""

import ctypes
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1
ASK_SECONDS = 10
LIBC = ctypes.CDLL(None)


class NotMeasured(Exception):
    """Why a figure is missing."""


def end_with_parent():
    """Run in a child before its program is: what is started here does not outlive it, however that ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end(process, patience=10):
    """Ends a child by its id and waits for it."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def read(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def status_field(pid, name):
    """A number of /proc/PID/status; 0 where it is missing, as when the process is gone."""
    for line in read(f"/proc/{pid}/status").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


def ticks(pid, first, count):
    fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return sum(int(field) for field in fields[first - 3:first - 3 + count]) / TICK if fields else 0.0


class Daemon:
    """with Daemon(...) as daemon: it runs; afterwards nothing is left of it."""

    def __init__(self, program, config, user=None):
        self.config = config
        self.program = program
        self.user = user if os.geteuid() == 0 else None
        self.place = self.process = None
        self.peak_kib = self.worker_peak_kib = 0

    def __enter__(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="blastune-bench-"))
        try:
            self.start()
        except BaseException:
            shutil.rmtree(self.place, ignore_errors=True)
            raise
        return self

    def start(self):
        for name in ("config", "run", "cache"):
            (self.place / name).mkdir()
        (self.place / "config" / "blastune.json").write_text(json.dumps(self.config), encoding="utf-8")
        identity = {}
        if self.user:
            known = pwd.getpwnam(self.user)
            identity = {"user": known.pw_uid, "group": known.pw_gid, "extra_groups": []}
            for path in (self.place, *self.place.rglob("*")):
                os.chown(path, known.pw_uid, known.pw_gid)
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("BLASTUNE_", "OPENBLAS_", "OMP_", "NOTIFY_", "WATCHDOG_"))}
        command = [self.program, "--config", self.place / "config", "--table", self.place / "cache" / "table.json",
                   "--runtime-directory", self.place / "run"]
        with open(self.place / "log", "wb") as log:
            try:
                self.process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd="/",
                    preexec_fn=lambda: (os.nice(19), end_with_parent()), **identity)
            except OSError as error:
                raise NotMeasured(f"{self.program} cannot be run as {self.user or 'this user'}: {error}; "
                                  "name a user who can with --user") from error

    def __exit__(self, *_):
        self.look()
        end(self.process)
        shutil.rmtree(self.place, ignore_errors=True)

    def last_words(self):
        return " | ".join(read(self.place / "log").splitlines()[-3:])

    def check_alive(self):
        if self.process.poll() is not None:
            raise NotMeasured(f"blastuned ended with status {self.process.returncode}: {self.last_words()}")

    def ask(self, request="status"):
        """The reply, or nothing while it cannot answer yet."""
        self.check_alive()
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(ASK_SECONDS)
                connection.connect(str(self.place / "run" / "control"))
                connection.sendall(json.dumps({"schema": 1, "request": request}).encode() + b"\n")
                with connection.makefile("rb") as replies:
                    reply = json.loads(replies.readline() or b"null")
        except (OSError, ValueError):
            return None
        if request != "status" or reply is None:
            return reply
        return reply.get("status")

    def wait_until(self, holds, seconds, every=0.2):
        """The first status of which that holds."""
        limit = time.monotonic() + seconds
        status = None
        while time.monotonic() < limit:
            status = self.ask() or status
            self.look()
            if status and holds(status):
                return status
            time.sleep(every)
        says = f"{status['activity']}, {status['doing']}" if status else "nothing"
        raise NotMeasured(f"not within {seconds:.0f} s; the service said: {says}")

    def workers(self):
        pid = self.process.pid
        return [int(child) for child in read(f"/proc/{pid}/task/{pid}/children").split()]

    def look(self):
        """Keeps the peaks of memory: of the service, and of its workers, which come and go."""
        self.peak_kib = max(self.peak_kib, status_field(self.process.pid, "VmHWM"))
        for worker in self.workers():
            self.worker_peak_kib = max(self.worker_peak_kib, status_field(worker, "VmHWM"))

    def resident_kib(self):
        return status_field(self.process.pid, "VmRSS")

    def own_cpu_seconds(self):
        """Of its threads: to the nanosecond where the kernel counts so, else to a tick."""
        tasks = [read(path).split() for path in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")]
        counted = sum(int(task[0]) for task in tasks if task) / 1e9
        return counted or ticks(self.process.pid, 14, 2)

    def worker_cpu_seconds(self):
        """Of workers that ended and those that run."""
        return ticks(self.process.pid, 16, 2) + sum(ticks(worker, 14, 2) for worker in self.workers())

    def wakes(self):
        return status_field(self.process.pid, "voluntary_ctxt_switches")

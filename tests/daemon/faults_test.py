# SPDX-License-Identifier: BSD-3-Clause
"""Has system calls of a blastuned fail, or kills it at them, while it starts, measures and saves. A reader always
finds the old or the new table, a service that ends says why, and the next life gets to a good table. Status 77:
not possible here (no strace, or tracing is not permitted).

usage: faults_test.py [FAULT as strace's inject= has it]...
"""

import collections
import concurrent.futures
import contextlib
import ctypes
import os
import random
import re
import shutil
import signal
import sys
import time

import live_service

SECONDS = 150
AT_ONCE = 8
MOST_OF_A_KIND = 14
# A fault that is over in between costs a pause of 5 s at a save; of a search's 30 s the end is not waited for.
LONGEST_LIFE = 9
OLD = {**live_service.SMALL, "batches": [1, 64]}
NEW = {**live_service.SMALL, "batches": [1, 512]}
# Not of close: Linux always closes, and what is injected would not.
ERRORS = {
    "openat": ("EIO", "EMFILE", "ENOSPC"), "write": ("ENOSPC", "EINTR", "EIO"), "pwrite64": ("ENOSPC",),
    "fsync": ("EIO", "ENOSPC"), "rename": ("EIO", "ENOSPC"), "fchmod": ("EPERM",),
    "ftruncate": ("EIO",), "flock": ("EIO", "EINTR"), "read": ("EIO", "EINTR"), "mkdir": ("ENOSPC", "EIO"),
    "socket": ("EMFILE",), "bind": ("ENOSPC", "EADDRINUSE"), "listen": ("EIO",), "chmod": ("EIO",),
    "accept4": ("EMFILE", "ECONNABORTED"), "recvfrom": ("ECONNRESET", "EINTR"), "sendto": ("EPIPE", "EINTR"),
    "epoll_create1": ("EMFILE",), "epoll_ctl": ("ENOSPC", "ENOMEM"), "epoll_wait": ("EINTR",),
    "signalfd4": ("EMFILE",), "clone": ("EAGAIN",), "pipe2": ("EMFILE",), "socketpair": ("EMFILE",),
    "pidfd_open": ("ENOSYS",), "pidfd_send_signal": ("EPERM",), "waitid": ("EINTR",), "wait4": ("EINTR",),
    "fcntl": ("EIO", "EMFILE"), "getrandom": ("EAGAIN",), "newfstatat": ("EIO",), "getdents64": ("EIO",),
    "unlink": ("EIO",), "sched_getaffinity": ("EPERM",), "getsockopt": ("ENOMEM",), "mmap": ("ENOMEM",),
    "prlimit64": ("EPERM",), "readlink": ("EIO",), "getrusage": ("EFAULT",),
}
KILLED_AT = ("openat", "write", "pwrite64", "fsync", "rename", "fchmod", "close", "ftruncate", "flock", "read",
             "mkdir", "socket", "bind", "listen", "chmod", "unlink", "clone", "epoll_ctl", "getrandom", "newfstatat",
             "getdents64", "sendto", "waitid", "wait4", "exit_group")
# So many of the first calls of a kind are the dynamic loader's, which does not look at what they return.
UNCHECKED_BY_THE_LOADER = {"mmap": 1}
# What goes wrong each time, from the first on.
LASTING = ("fsync:error=EIO", "rename:error=EIO", "write:error=ENOSPC", "clone:error=EAGAIN", "pipe2:error=EMFILE",
           "fchmod:error=EPERM", "getdents64:error=EIO", "waitid:error=EINTR", "pidfd_open:error=ENOSYS",
           "sendto:error=EPIPE", "getrandom:error=EAGAIN")


def is_complete(status, curves):
    return status["activity"] == "settled" and status["builds"] and status["builds"][0]["curves"] >= curves


class Trial:
    """One fault: a life with it, a look at the table, a life without it."""

    def __init__(self, fault, old_table, old_curves, new_curves):
        self.fault = fault
        self.old_table = old_table
        self.old_curves = old_curves
        self.new_curves = new_curves
        self.went_on = False
        self.ended = None  # its exit status, when it ended by itself

    def run(self):
        service = live_service.LiveService()
        try:
            return self.live(service)
        except Exception as error:  # noqa: BLE001  what is wrong with one fault must not hide the others
            return f"{type(error).__name__}: {error}\n{service.said()}"
        finally:
            service.remove()

    def live(self, service):
        """What was wrong; nothing when nothing was."""
        service.configure(NEW)
        service.table.parent.mkdir()
        service.table.write_bytes(self.old_table)
        trace = ["strace", "-D", "-o", "/dev/null", "-e", "inject=" + self.fault]
        service.start(before=trace, wait=False)
        end = time.monotonic() + LONGEST_LIFE
        while time.monotonic() < end and service.process.poll() is None:
            reply = service.ask("status")
            if reply and is_complete(reply["status"], self.new_curves):
                self.went_on = True
                break
            time.sleep(0.2)
        self.ended = status = service.process.poll()
        # Most are asked to end, and some are not.
        if status is None:
            service.kill(signal.SIGTERM if len(self.fault) % 3 else signal.SIGKILL)
        if status is not None and "KILL" not in self.fault:
            if status == 0:
                return f"it ended with status 0\n{service.said()}"
            if status < 0:
                return f"it was killed by signal {-status}\n{service.said()}"
            if not service.said() and not self.fault.startswith("write"):
                return f"it ended with status {status} and said nothing"
        curves = service.curves()
        if curves < self.old_curves:
            return f"the table has {curves} curves\n{service.said()}"
        if "terminate called" in service.said():
            return "an exception was not caught"
        service.start()
        service.wait_for(lambda now: is_complete(now, self.new_curves), "a good table")
        if service.end()[0] != 0 or service.curves() < self.new_curves:
            return f"the next life did not get to a good table\n{service.said()}"
        return None


def adopt_orphans():
    """strace -D leaves its parent, and not every machine's first process takes care of the dead."""
    set_child_subreaper = 36  # prctl(2)
    ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


def bury_orphans():
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, 0):
            pass


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def tables():
    """An old table, the curves it has, and the curves that a new one has; and the calls of an undisturbed life."""
    service = live_service.LiveService()
    try:
        service.configure(OLD)
        service.start()
        service.wait_for(lambda now: is_complete(now, 1), "an old table")
        service.end()
        old_table, old_curves = service.table.read_bytes(), service.curves()
        service.configure(NEW)
        log = service.root / "trace"
        service.start(before=["strace", "-D", "-o", str(log)], wait=False)
        live_service.wait_until(lambda: service.process.poll() is not None or service.ask("status"), "an answer")
        if service.process.poll() is not None:
            skip("strace cannot run a program here: " + service.said()[:300])
        service.wait_for(lambda now: is_complete(now, old_curves + 1), "a new table")
        service.end()
        names = map(re.compile(r"(\w+)\(").match, log.read_text(errors="replace").splitlines())
        calls = collections.Counter(name.group(1) for name in names if name)
        return old_table, old_curves, service.curves(), calls
    finally:
        service.remove()


def numbers(count):
    """Which of so many calls: all, or the first, the last and some between."""
    if count <= MOST_OF_A_KIND:
        return list(range(1, count + 1))
    step = (count - 1) / (MOST_OF_A_KIND - 1)
    return sorted({1 + round(step * i) for i in range(MOST_OF_A_KIND)})


def faults(calls):
    """All kinds before any kind's second number, so that what there is no time for is of every kind."""
    kinds = [[f"{name}:error={error}:when={number}" for number in numbers(calls[name])
              if number > UNCHECKED_BY_THE_LOADER.get(name, 0)]
             for name, errors in ERRORS.items() for error in errors]
    kinds += [[f"{name}:signal=KILL:when={number}" for number in numbers(calls[name])] for name in KILLED_AT]
    # For the same order in every run, and yet not the first calls of all kinds first.
    shuffler = random.Random(1)
    for kind in kinds:
        shuffler.shuffle(kind)
    listed = list(LASTING)
    while any(kinds):
        listed += [kind.pop() for kind in kinds if kind]
    return listed


def main():
    if shutil.which("strace") is None:
        skip("strace is not installed")
    adopt_orphans()
    old_table, old_curves, new_curves, calls = tables()
    wanted = sys.argv[1:] or faults(calls)
    end = time.monotonic() + SECONDS
    ended = collections.Counter()
    wrong = []

    def try_one(fault):
        if time.monotonic() > end:
            return
        trial = Trial(fault, old_table, old_curves, new_curves)
        problem = trial.run()
        if problem:
            wrong.append((fault, problem))
            print(f"WRONG {fault}: {problem}", flush=True)
            return
        kind = "killed" if "KILL" in fault else "ended with a message" if trial.ended is not None else "went on"
        ended[kind if kind != "went on" or trial.went_on else "waits"] += 1
        ended["all"] += 1
        covered[fault.split(":")[0]] += 1

    covered = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(try_one, wanted))
    bury_orphans()
    print(f"{ended.pop('all', 0)} of {len(wanted)} faults: {dict(ended)}")
    print("at", ", ".join(f"{name} {count}" for name, count in sorted(covered.items())))
    if wrong:
        sys.exit(f"{len(wrong)} went wrong: " + ", ".join(fault for fault, _ in wrong))
    if not sys.argv[1:] and (sum(covered.values()) < 60 or not ended["killed"] or not ended["went on"]):
        sys.exit("too few faults to mean anything")


if __name__ == "__main__":
    main()

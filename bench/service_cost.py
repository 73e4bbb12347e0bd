#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the service costs those who share the machine with it: memory and processor time while it has nothing to do,
what a program loses beside it, and whether it keeps quiet under load. Starts a blastuned of its own for each, as an
unprivileged user, and prints one Markdown table on stdout; everything else goes to stderr. docs/benchmarks.md says
how each figure is come by. Wants a quiet machine, and half an hour with the defaults.

    scripts/bench.sh service [OPTION]...      builds, and runs this"""

import argparse
import collections
import datetime
import json
import os
import pathlib
import platform
import random
import signal
import sys
import time

from service_daemon import Daemon, NotMeasured, end, read
from service_program import Load, in_bins, loss_text, throughput

MIB = 1024
# It never runs out of what it may spend, nor of what it wants to measure while a program runs beside it.
HUNGRY = {"daemon": {"first_run": "24h"}}
SOON_SETTLED = {"networks": [[784, 100]], "batches": [8, 100], "dtypes": ["f64"], "passes": ["forward"],
                "layouts": ["features-by-batch"], "general_grid": {"enabled": False},
                "daemon": {"first_run": "24h", "check_every": "168h"}}
ALL_SETTLED = {"daemon": {"first_run": "24h", "check_every": "168h"}}
CHECKS_A_DAY = 4
MOST_SKIPPED = 3  # pairs, before the rest is given up
WATCHED_SECONDS = 1.5
WATCHED_AFTER = 10  # seconds: the worker is gone then


def say(text):
    print(f"{datetime.datetime.now():%H:%M:%S} {text}", file=sys.stderr, flush=True)


def cores_in_use(seconds=2.0):
    """By all programs, over the next seconds."""
    def busy():
        fields = [int(field) for field in read("/proc/stat").splitlines()[0].split()[1:9]]
        return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")
    before = busy()
    time.sleep(seconds)
    return (busy() - before) / seconds


# The parts. Each returns its rows (what, figure to reach, measured) and what stands behind them.

def measure_idle(options):
    config = ALL_SETTLED if options.idle_plan == "installed" else SOON_SETTLED
    facts = {"plan": options.idle_plan}
    with Daemon(options.program, config, options.user) as daemon:
        say("idle: waits until the tables are settled")
        began = time.monotonic()
        daemon.wait_until(lambda status: status["activity"] == "settled", options.settle_seconds)
        facts["settled_after_seconds"] = time.monotonic() - began
        time.sleep(min(10, 60 * options.idle_minutes))  # the worker is kept for some seconds
        say(f"idle: {options.idle_minutes:g} minutes")
        before = daemon.own_cpu_seconds(), daemon.worker_cpu_seconds(), daemon.wakes()
        began = time.monotonic()
        resident = []
        while time.monotonic() - began < 60 * options.idle_minutes:
            resident.append(daemon.resident_kib())
            daemon.check_alive()
            time.sleep(1)
        elapsed = time.monotonic() - began
        own, workers = daemon.own_cpu_seconds() - before[0], daemon.worker_cpu_seconds() - before[1]
        facts.update(idle_seconds=elapsed, own_cpu_seconds=own, worker_cpu_seconds=workers,
                     wakes=daemon.wakes() - before[2], largest_resident_kib=max(resident))
        status = daemon.ask()
        facts["still_settled"] = bool(status) and status["activity"] == "settled"
        facts["curves"] = sum(build["curves"] for build in status["builds"]) if status else 0
        try:
            facts["check_cpu_seconds"] = cost_of_check(daemon)
        except NotMeasured as reason:
            facts["check_cpu_seconds"] = None
            say(f"idle: no cost of a check: {reason}")
        daemon.look()
        facts.update(peak_resident_kib=daemon.peak_kib, worker_peak_kib=daemon.worker_peak_kib)
    moved = "" if facts["still_settled"] else ", but it did not stay settled"
    rows = [
        (f"resident memory of the service, settled with {facts['curves']} curves", "<= 16 MiB",
         f"{facts['largest_resident_kib'] / MIB:.1f} MiB; at most {daemon.peak_kib / MIB:.1f} MiB since its start"),
        ("of its worker, while there is one", "", f"{daemon.worker_peak_kib / MIB:.1f} MiB"),
        (f"processor time over {options.idle_minutes:g} idle minutes, the service alone", "<= 0.1 % of a core",
         f"{100 * own / elapsed:.4f} %, woken {60 * facts['wakes'] / elapsed:.0f} times a minute{moved}"),
        ("the same with its workers", "<= 0.1 % of a core", f"{100 * (own + workers) / elapsed:.4f} %"),
    ]
    if facts["check_cpu_seconds"] is not None:
        cost = facts["check_cpu_seconds"]
        rows.append(("one check of all tables, which comes every 6 hours", "",
                     f"{cost:.2f} s of processor time, {100 * cost * CHECKS_A_DAY / 86400:.4f} % of a core"))
    return rows, facts


def cost_of_check(daemon):
    say("idle: one check")
    checked = [build["checked_unix"] for build in daemon.ask()["builds"] if build["gemms"] > 0]
    before = daemon.own_cpu_seconds() + daemon.worker_cpu_seconds()
    reply = daemon.ask("measure")
    if not reply or reply.get("reply") != "accepted":
        raise NotMeasured(f"it was not accepted: {reply}")

    def is_over(status):
        now = [build["checked_unix"] for build in status["builds"] if build["gemms"] > 0]
        return status["activity"] == "settled" and all(a > b for a, b in zip(now, checked))
    daemon.wait_until(is_over, 180)
    return daemon.own_cpu_seconds() + daemon.worker_cpu_seconds() - before


def one_window(options, words, with_service):
    """One window of a program, begun while the service measures, or after it did and was ended: so that both begin
    on a machine that the service finds quiet, and that was in use before."""
    def measures(status):
        return status["activity"] == "measuring" and status["slices"] - status["disturbed_slices"] >= 4

    window = {"with_service": with_service}
    with Load(words[0], options.window, *words[1:]) as load:
        window["made_of"] = load.made_of
        with Daemon(options.program, HUNGRY, options.user) as daemon:
            daemon.wait_until(measures, options.quiet_seconds)
            # Anywhere between two slices or within one.
            time.sleep(random.uniform(0, 1))
            before = daemon.wait_until(measures, options.quiet_seconds, 0.05)
            if with_service:
                done = load.run()
                after = daemon.ask()
                if after is None:
                    raise NotMeasured("the service did not answer after the window")
                window["slices"] = after["slices"] - before["slices"]
                window["undisturbed_slices"] = window["slices"] - (
                    after["disturbed_slices"] - before["disturbed_slices"])
                window["gemms_still_open"] = sum(build["gemms"] - build["settled"] for build in after["builds"])
                window["said"] = after["doing"]
                daemon.look()
                window["peak_resident_kib"] = daemon.peak_kib
        if not with_service:
            done = load.run()
    window["whole"] = throughput(done, 0, options.window)
    # By what the same process gets later, because two of them differ by more than is looked for.
    window["first_second"] = (throughput(done, 0, min(1, options.window / 2))
                              / throughput(done, options.window / 2, options.window))
    window["units_per_bin"] = in_bins(done, options.window)
    return window


def measure_beside(options, name, words):
    pairs, skipped = [], []
    for number in range(options.pairs):
        order = [True, False]
        random.shuffle(order)
        try:
            windows = {}
            for with_service in order:
                time.sleep(1)
                windows[with_service] = one_window(options, words, with_service)
        except NotMeasured as reason:
            skipped.append(str(reason))
            say(f"{name}: pair {number + 1} is skipped: {reason}")
            if len(skipped) == MOST_SKIPPED:
                break
            continue
        pairs.append({"with": windows[True], "without": windows[False], "with_came_first": order[0]})
        say(f"{name}: pair {number + 1} of {options.pairs}: the program got "
            f"{windows[True]['whole'] / windows[False]['whole']:.4f} of what it gets alone, "
            f"{windows[True]['first_second'] / windows[False]['first_second']:.3f} at its start; "
            f"{windows[True]['slices']} slices")
    facts = {"pairs": pairs, "skipped": skipped}
    if not pairs:
        raise NotMeasured(skipped[-1])

    def ratios(figure):
        return [pair["with"][figure] / pair["without"][figure] for pair in pairs]
    alone = [pair["without"]["whole"] for pair in pairs]
    noise = [after / before for before, after in zip(alone, alone[1:])]
    hungry = sum(pair["with"]["gemms_still_open"] > 0 for pair in pairs)
    slices = [pair["with"]["slices"] for pair in pairs]
    peak = max(pair["with"]["peak_resident_kib"] for pair in pairs)
    facts.update(ratios=ratios("whole"), first_second_ratios=ratios("first_second"), noise_ratios=noise)
    note = f", {len(skipped)} skipped" if skipped else ""
    return [
        (f"{name}, lost over {options.window:g} s beside the service", "<= 1 %", loss_text(facts["ratios"]) + note),
        ("in its first second, against its own last half", "", loss_text(facts["first_second_ratios"])),
        ("between windows without the service, one and the next", "", loss_text(noise)),
        ("slices that the service measured or ended in such a window", "at most the one under way",
         f"{min(slices)} to {max(slices)}; it had work left in {hungry} of {len(pairs)}"),
        ("resident memory of the service while it measures all that is configured, at most", "<= 16 MiB",
         f"{peak / MIB:.1f} MiB"),
    ], facts


def measure_watched(options, name, words):
    """One program, beside a service that waits for it to end: which is stopped, and let go on, in turn."""
    ratios = []
    with Load(words[0], WATCHED_AFTER + 2 * options.watched_pairs * WATCHED_SECONDS + 1, *words[1:]) as load:
        with Daemon(options.program, HUNGRY, options.user) as daemon:
            start = load.go()
            time.sleep(WATCHED_AFTER)
            status = daemon.ask()
            if not status or status["wait_reason"] != "others_busy":
                raise NotMeasured(f"the service does not wait for the program: {status and status['doing']}")
            before = daemon.own_cpu_seconds()
            spans = []
            try:
                for _ in range(options.watched_pairs):
                    order = [signal.SIGSTOP, signal.SIGCONT]
                    random.shuffle(order)
                    pair = {}
                    for number in order:
                        daemon.process.send_signal(number)
                        begin = time.monotonic() - start
                        time.sleep(WATCHED_SECONDS)
                        pair[number] = (begin, time.monotonic() - start)
                    spans.append(pair)
            finally:
                daemon.process.send_signal(signal.SIGCONT)
            own = daemon.own_cpu_seconds() - before
        done = load.result()
    for pair in spans:
        ratios.append(throughput(done, *pair[signal.SIGCONT]) / throughput(done, *pair[signal.SIGSTOP]))
    share = own / (options.watched_pairs * WATCHED_SECONDS)
    return [(f"{name}, lost while the service waits for it to end", "<= 1 %", loss_text(ratios)),
            ("processor time of the service meanwhile", "", f"{100 * share:.3f} % of a core")], {
                "ratios": ratios, "own_cpu_share": share}


def measure_load(options):
    processors = len(os.sched_getaffinity(0))
    spinners = []
    reasons, sentences = collections.Counter(), collections.Counter()
    slices = unanswered = 0
    try:
        for _ in range(processors):
            spinners.append(Load("spin", options.load_seconds + 30))
            spinners[-1].__enter__()
        time.sleep(1)
        say(f"load: {processors} spinning programs, {options.load_seconds:g} s")
        with Daemon(options.program, HUNGRY, options.user) as daemon:
            until = time.monotonic() + options.load_seconds
            while time.monotonic() < until:
                time.sleep(min(2, max(0, until - time.monotonic())))
                status = daemon.ask()
                if status is None:
                    unanswered += 1
                    continue
                slices = max(slices, status["slices"])
                reasons[f"{status['activity']}: {status['wait_reason']}"] += 1
                sentences[status["doing"]] += 1
            if any(spinner.process.poll() is not None for spinner in spinners):
                raise NotMeasured("a spinning program ended too early")
            for spinner in spinners:
                end(spinner.process)
            ended = time.monotonic()
            say("load: over; waits for the first slice")
            first, took = None, ""
            try:
                daemon.wait_until(lambda status: status["activity"] == "measuring" or status["slices"] > slices,
                                  options.quiet_seconds, 0.05)
                first = time.monotonic() - ended
                took = f"{first:.1f} s"
            except NotMeasured as reason:
                took = f"not measured: {reason}"
    finally:
        for spinner in spinners:
            end(spinner.process)
    total = sum(reasons.values())
    said = ", ".join(f"{reason} ({count} of {total})" for reason, count in reasons.most_common(4)) or "nothing"
    facts = {"slices": slices, "reasons": dict(reasons), "sentences": dict(sentences.most_common(20)),
             "unanswered": unanswered, "seconds_to_first_slice": first}
    if sentences:
        said += f"; most often \"{sentences.most_common(1)[0][0]}\""
    return [
        (f"slices in {options.load_seconds:g} s under full load from its start on", "0", str(slices)),
        ("what it says meanwhile", "", said + (f"; {unanswered} times no answer in time" if unanswered else "")),
        ("from the end of the load to the first slice", "", took),
    ], facts


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build directory")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="everything behind the table")
    parser.add_argument("--only", default="idle,compute,multiply,watched,load", help="of these parts")
    parser.add_argument("--user", default="nobody", help="whom the service runs as when root runs this")
    parser.add_argument("--idle-minutes", type=float, default=10)
    parser.add_argument("--idle-plan", choices=("small", "installed"), default="small",
                        help="what is settled before: little, or all of the installed configuration")
    parser.add_argument("--settle-seconds", type=float, default=900, help="how long that may take")
    parser.add_argument("--pairs", type=int, default=10, help="of windows with and without the service")
    parser.add_argument("--window", type=float, default=20, help="its seconds")
    parser.add_argument("--watched-pairs", type=int, default=40, help="of times with it stopped and not")
    parser.add_argument("--load-seconds", type=float, default=120)
    parser.add_argument("--quiet-seconds", type=float, default=120,
                        help="how long to wait for the service to begin before a figure is given up")
    options = parser.parse_args()
    options.program = options.build.resolve() / "daemon" / "blastuned"
    if not options.program.exists():
        parser.error(f"{options.program} is not there; build it, or use scripts/bench.sh service")
    return options


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    compute = "a compute loop pinned to one processor", ["compute", max(os.sched_getaffinity(0))]
    multiply = "NumPy multiplies 100x784x500, f64, default threads", ["multiply"]

    def watched():
        rows, facts = measure_watched(options, *compute)
        more_rows, more_facts = measure_watched(options, *multiply)
        return rows + more_rows, {"compute": facts, "multiply": more_facts}
    parts = {
        "idle": lambda: measure_idle(options),
        "compute": lambda: measure_beside(options, *compute),
        "multiply": lambda: measure_beside(options, *multiply),
        "watched": watched,
        "load": lambda: measure_load(options),
    }
    wanted = options.only.split(",")
    if unknown := set(wanted) - set(parts):
        sys.exit(f"service_cost.py: no part is called {', '.join(unknown)}; there are {', '.join(parts)}")
    in_use = cores_in_use()
    results = {"began": f"{datetime.datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z}", "kernel": platform.release(),
               "processors": os.cpu_count(), "cores_in_use_before": in_use,
               "options": {name: str(value) for name, value in vars(options).items()}, "parts": {}}
    say(f"before the run other programs use {in_use:.2f} cores")
    print("| what | figure to reach | measured |\n|---|---|---|", flush=True)
    if in_use > 0.2:
        print(f"| this machine was not quiet when the run began | < 0.2 cores | {in_use:.2f} cores in use |")
    missing = False
    for name in (part for part in parts if part in wanted):
        try:
            rows, facts = parts[name]()
        except NotMeasured as reason:
            rows, facts = [(name, "", f"not measured: {reason}")], {"not_measured": str(reason)}
            missing = True
        results["parts"][name] = facts
        for row in rows:
            print("| " + " | ".join(cell.replace("|", "/") for cell in row) + " |", flush=True)
        if options.json:
            options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""A plugin for pytest: writes what became of each test, one line a test, to the file that OUTCOMES names."""

import os

_lines = []


def pytest_runtest_logreport(report):
    # Of setting up and cleaning up, only what went wrong or was left out.
    if report.when == "call" or report.outcome != "passed":
        expected = " as expected" if hasattr(report, "wasxfail") else ""
        _lines.append(f"{report.outcome}{expected} {report.when} {report.nodeid}\n")


def pytest_sessionfinish():
    with open(os.environ["OUTCOMES"], "w", encoding="utf-8") as file:
        file.writelines(sorted(_lines))

# SPDX-License-Identifier: BSD-3-Clause
"""Prints what blastune knows, as JSON.

    python3 -m blastune [-i MODULE]...     -i: import this first, as numpy, so that its OpenBLAS is there"""

import argparse
import importlib
import json
import sys

import blastune


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m blastune", description="Print what blastune knows, as JSON.")
    parser.add_argument("-i", "--import", dest="modules", action="append", default=[], metavar="MODULE",
                        help="import this first, so that the OpenBLAS that it brings is there")
    options = parser.parse_args()
    try:
        for module in options.modules:
            importlib.import_module(module)
        print(json.dumps(blastune.info(), indent=2))
    except (ImportError, OSError) as error:
        print(f"blastune: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""edit_table.py FILE: makes it, with a right checksum, the table of another machine. The format is that of
config/table.schema.json."""

import json
import re
import sys
import zlib


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read()
    opening, rest = text.split("\n", 1)
    size = int(re.search(r'"bytes":(\d+)', opening).group(1))
    payload, ending = rest.encode()[:size], rest.encode()[size:]
    models = re.findall(rb'"cpu_model":("(?:[^"\\]|\\.)*")', payload)
    if not models:
        sys.exit("no machine in the table")
    for model in set(models):
        payload = payload.replace(model, json.dumps("Another Processor").encode())
    opening = re.sub(r'"crc32":"[0-9a-f]*"', f'"crc32":"{zlib.crc32(payload):08x}"', opening)
    opening = re.sub(r'"bytes":\d+', f'"bytes":{len(payload)}', opening)
    with open(sys.argv[1], "wb") as file:
        file.write(opening.encode() + b"\n" + payload + ending)


if __name__ == "__main__":
    main()

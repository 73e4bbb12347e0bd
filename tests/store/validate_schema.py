# SPDX-License-Identifier: BSD-3-Clause
"""Holds what blastune writes and ships against the schemas in config/, and shows that they refuse what is
wrong. Status 77: python3-jsonschema is not installed.

usage: validate_schema.py CONFIG_DIRECTORY TABLE_PROGRAM
"""

import copy
import json
import os
import re
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed for", sys.executable)
    sys.exit(77)


def validator(path):
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    kind = jsonschema.validators.validator_for(schema, default=None)
    assert kind is not None, f"{path} names a draft that is not known here"
    kind.check_schema(schema)
    return kind(schema)


def must_refuse(schema, document, change):
    wrong = copy.deepcopy(document)
    change(wrong)
    assert not schema.is_valid(wrong), "the schema accepts " + json.dumps(wrong)[:300]


def change_table(**values):
    return lambda document: document["tables"][0].update(values)


def change_row(place, value):
    def change(document):
        document["tables"][0]["groups"][0]["curves"][0][place] = value

    return change


def main():
    directory, program = sys.argv[1:3]
    tables = validator(os.path.join(directory, "table.schema.json"))
    with tempfile.TemporaryDirectory(prefix="blastune-test-") as scratch:
        path = os.path.join(scratch, "table.json")
        subprocess.run([program, "write", path, "3"], check=True, timeout=60)
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    tables.validate(document)
    assert document["tables"][0]["groups"][0]["curves"], "the sample has no curves"
    must_refuse(tables, document, lambda d: d.update(version=1))
    must_refuse(tables, document, lambda d: d["tables"][0].pop("checked_unix"))
    must_refuse(tables, document, lambda d: d.update(extra=1))
    must_refuse(tables, document, lambda d: d.pop("crc32"))
    must_refuse(tables, document, change_table(default_threads=0))
    must_refuse(tables, document, change_table(extra=1))
    must_refuse(tables, document, lambda d: d["tables"][0]["build"].update(threading="other"))
    must_refuse(tables, document, lambda d: d["tables"][0]["groups"][0].update(transpose="nn"))
    for place, value in ((0, 0), (3, -1), (4, -1), (6, 0.5), (7, 4097), (8, 0), (9, 0.5), (10, "1")):
        must_refuse(tables, document, change_row(place, value))

    config = validator(os.path.join(directory, "blastune.schema.json"))
    with open(os.path.join(directory, "blastune.json"), encoding="utf-8") as file:
        shipped = json.loads(re.sub(r"^\s*//.*$", "", file.read(), flags=re.MULTILINE))
    config.validate(shipped)
    missing = set(config.schema["properties"]) - set(shipped)
    assert not missing, f"blastune.json does not show {missing}"
    must_refuse(config, shipped, lambda d: d.update(tolerence=0.1))
    must_refuse(config, shipped, lambda d: d.update(tolerance=2))
    must_refuse(config, shipped, lambda d: d["networks"].append([784]))
    must_refuse(config, shipped, lambda d: d.update(budget=30))
    print("schemas hold")


if __name__ == "__main__":
    main()

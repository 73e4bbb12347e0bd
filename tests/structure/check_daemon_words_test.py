#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_daemon_words.py sees what it is there to see."""

import unittest

from check_daemon_words import differences, keys_of, keys_of_values, without_comments


class Words(unittest.TestCase):
    def test_keys_of_a_schema_with_those_below(self):
        schema = {"properties": {"a": {"type": "integer"}, "b": {"properties": {"c": {}}}}}
        self.assertEqual(keys_of(schema), {("a",), ("b",), ("b", "c")})

    def test_keys_of_a_document(self):
        self.assertEqual(keys_of_values({"a": 1, "b": {"c": [1]}}), {("a",), ("b",), ("b", "c")})

    def test_comments_are_no_content(self):
        self.assertEqual(without_comments('{\n  // why\n  "a": "http://x"\n}').split(), ["{", '"a":', '"http://x"', "}"])

    def test_what_one_place_lacks_or_has_alone(self):
        self.assertEqual(differences("key", {"a", "b"}, {"page": {"a", "b"}}), [])
        self.assertEqual(differences("key", {"a", "b"}, {"page": {"b", "c"}}),
                         ["key a is not in page", "page speaks of the key c, which does not exist"])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Does check_help_man_completion.py see a word that one of the three places lacks or invents?"""

import unittest

from check_help_man_completion import compare, options_of, sections_of_man, verbs_of_help

HELP = """Usage: blastune VERB

Options:
  -h,--help      this
Subcommands:
  show           the table
  tune           measure
                 and keep

See blastune(1).
"""
MAN = r""".TH X 1
.SH "COMMON OPTIONS"
.BR \-h ", " \-\-help
.SH VERBS
.SS show
.BI \-\-table " FILE"
.SS tune
.BI \fB\-\-budget\fR " SECONDS"
"""


class Words(unittest.TestCase):
    def setUp(self):
        self.helps = {"": HELP, "show": "--table FILE --help", "tune": "--budget N, --help"}
        self.man = sections_of_man(MAN)
        self.offered = {"": {"show", "tune", "--help"}, "show": {"--table", "--help"}, "tune": {"--budget", "--help"}}

    def problems(self):
        return compare(self.helps, self.man, self.offered)

    def test_verbs_and_options(self):
        self.assertEqual(verbs_of_help(HELP), ["show", "tune"])
        self.assertEqual(options_of("-h,--help [--no-measure] a--b ---"), {"--help", "--no-measure"})

    def test_all_alike(self):
        self.assertEqual(self.problems(), [])

    def test_new_option(self):
        self.helps["tune"] += " --quick"
        self.assertEqual(self.problems(), ["blastune tune --quick is not in the man page",
                                           "blastune tune --quick is not in the completion"])

    def test_option_of_another_verb_does_not_count(self):
        self.helps["tune"] += " --table"
        self.assertEqual(len(self.problems()), 2)

    def test_new_verb(self):
        self.helps["sweep"] = "--help"
        self.offered["sweep"] = {"--help"}
        self.assertEqual(self.problems(), ["the man page has no subsection sweep",
                                           "the completion does not offer the verb sweep"])

    def test_words_that_do_not_exist(self):
        self.offered[""].add("verify")
        self.offered["show"].add("--all")
        self.man["tune"] += "--slow"
        self.man["COMMON OPTIONS"] += "--verbose"
        self.assertEqual(len(self.problems()), 4)


if __name__ == "__main__":
    unittest.main()

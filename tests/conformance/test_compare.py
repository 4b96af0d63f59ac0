"""Does the comparison see each thing that can be wrong? Each test changes one field."""

import unittest

import compare
import table

REPORT = {
    "outcome": "crashed", "verdict": "memory_limit", "certainty": "proved",
    "message": "over its memory limit of 64 MiB", "exit_status": None,
    "signal": {"name": "SIGKILL", "code_name": None, "sender_pid": None},
    "leftover_processes": 0, "core_dumped": False}
WANT = dict(outcome="crashed", verdict="memory_limit", certainty="proved",
            signal="SIGKILL", status=None, code=None, leftover=0, says="64 MiB",
            never="probably", fields={"core_dumped": False})


class Compare(unittest.TestCase):
    def wrong(self, want=None, **report):
        return compare.complaints({**WANT, **(want or {})}, {**REPORT, **report}, {})

    def test_the_right_one(self):
        self.assertEqual(self.wrong(), [])

    def test_each_field(self):
        for change in (dict(outcome="failed"), dict(verdict="oom"),
                       dict(certainty="likely"), dict(exit_status=0), dict(signal=None),
                       dict(leftover_processes=1), dict(core_dumped=True),
                       dict(message="over its limit"), dict(message=""),
                       dict(message="probably over 64 MiB")):
            self.assertTrue(self.wrong(**change), change)

    def test_choices(self):
        self.assertEqual(self.wrong(dict(certainty=("likely", "proved"))), [])
        self.assertTrue(self.wrong(dict(certainty=("likely", "unknown"))))
        self.assertEqual(self.wrong(dict(leftover=table.ANY), leftover_processes=7), [])
        self.assertTrue(self.wrong(dict(leftover=table.SOME)))
        self.assertEqual(self.wrong(dict(leftover=table.SOME), leftover_processes=2), [])

    def test_words(self):
        want = dict(says="by process {sender}", fields={"signal.sender_pid": "{sender}"})
        report = dict(REPORT, message="by process 42", signal={
            "name": "SIGKILL", "code_name": None, "sender_pid": 42})
        self.assertEqual(compare.complaints({**WANT, **want}, report, {"sender": 42}), [])
        self.assertTrue(compare.complaints({**WANT, **want}, report, {"sender": 43}))


class Table(unittest.TestCase):
    def test_names(self):
        names = [r["name"] for r in table.rows]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreaterEqual(len(names), 30)

    def test_nobody_proves_a_sigkill_from_outside(self):
        for row in table.rows:
            if row.get("outside") == "SIGKILL":
                for tier in table.TIERS:
                    want = table.expected(row, tier)
                    self.assertEqual((want["verdict"], want["certainty"]),
                                     ("signal", "unknown"), row["name"])


if __name__ == "__main__":
    unittest.main()

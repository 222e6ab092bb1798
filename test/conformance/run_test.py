# SPDX-License-Identifier: Apache-2.0
"""test/conformance/run with a program that answers as it is told: which engines it asks, and what
it makes of their answers."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

RUN = pathlib.Path(__file__).resolve().parent / "run"
PROGRAM = """#!/usr/bin/python3
import json, os, sys
engine = sys.argv[sys.argv.index("--engine") + 1]
with open(os.environ["CALLS"], "a") as calls:
    calls.write(engine + "\\n")
for line in sys.stdin:
    wrong = engine == os.environ.get("WRONG") and json.loads(line)["port"] == 81
    print(json.dumps({"verdict": "deny" if wrong else "allow"}))
"""


def case(name, port):
    return {"format": 1, "kind": "reachability", "name": name, "policies": [],
            "cluster": {"namespaces": [], "nodes": [], "pods": []},
            "probes": [{"from": "10.0.0.1", "to": "10.0.0.2", "family": "IPv4", "protocol": "TCP",
                        "port": port, "expect": "allow"}]}


class Engines(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.program = self.folder / "program"
        self.program.write_text(PROGRAM)
        self.program.chmod(0o755)
        (self.folder / "cases").mkdir()
        for name, port in ("one", 80), ("two", 81):
            (self.folder / "cases" / (name + ".json")).write_text(json.dumps(case(name, port)))

    def run_cases(self, *arguments, wrong=""):
        self.calls = self.folder / "calls"
        self.calls.write_text("")
        environment = dict(os.environ, TIERWALLCTL=str(self.program), CALLS=str(self.calls),
                           WRONG=wrong)
        done = subprocess.run([RUN, *arguments, self.folder / "cases"], capture_output=True,
                              text=True, timeout=120, check=False, env=environment)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout.splitlines(), self.calls.read_text().split()

    def test_both_are_asked_one_after_the_other(self):
        status, lines, calls = self.run_cases()
        self.assertEqual(calls, ["tiers", "tiers", "packets", "packets"])
        self.assertEqual(status, 0)
        self.assertEqual(lines[-2:], [
            "passed 2 of 2 cases with both engines (tiers 2 of 2, packets 2 of 2)",
            "passed 2 of 2"])

    def test_one_engine_that_disagrees_is_a_failure(self):
        for wrong, figures in ("tiers", "tiers 1 of 2, packets 2 of 2"), \
                ("packets", "tiers 2 of 2, packets 1 of 2"):
            status, lines, _ = self.run_cases(wrong=wrong)
            self.assertEqual(status, 1)
            self.assertEqual(len([line for line in lines if line.startswith("FAILED two: ")]), 1)
            self.assertEqual(lines[-2:], [
                "passed 1 of 2 cases with both engines (%s)" % figures, "passed 1 of 2"])

    def test_one_engine_can_be_chosen(self):
        for engine, other in ("tiers", "packets"), ("packets", "tiers"):
            status, lines, calls = self.run_cases("--engine", engine, wrong=other)
            self.assertEqual((status, set(calls)), (0, {engine}))
            self.assertEqual(lines[-1], "passed 2 of 2")
            self.assertNotIn("both", " ".join(lines))


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The contract of `tierwallctl replay`, and that each expectation of each flow case can fail.
TIERWALLCTL names the program."""

import copy
import json
import os
import pathlib
import subprocess
import unittest

PROGRAM = os.environ["TIERWALLCTL"]
CASES = pathlib.Path(__file__).resolve().parent / "cases"
OTHER = {"allow": "deny", "deny": "allow"}


def replay(case, *options):
    """Answers (exit status, standard output, standard error)."""
    text = case if isinstance(case, str) else json.dumps(case)
    done = subprocess.run([PROGRAM, "replay", "-", *options], input=text, capture_output=True,
                          text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def played():
    """Cases that need no DNS answers."""
    for path in sorted(CASES.glob("flow/*.json")) + sorted(CASES.glob("state_*.json")):
        case = json.loads(path.read_text())
        if not any(step["op"] == "dns_response" for step in case["steps"]):
            yield case


def load(pattern):
    return json.loads(next(CASES.glob(pattern)).read_text())


class Replay(unittest.TestCase):
    def test_every_step_that_is_expected_otherwise_is_found(self):
        turned = 0
        for case in played():
            expected = {}
            for number, step in enumerate(case["steps"]):
                if "expect" in step and not step.get("ambiguous"):
                    step["expect"] = OTHER[step["expect"]]
                    step.pop("reason", None)
                    expected["steps[%d]" % number] = step["expect"]
            status, out, _ = replay(case, "--output", "json")
            self.assertEqual(status, 1, case["name"])
            answer = json.loads(out)
            failed = {step["step"] for step in answer["steps"] if step.get("as_expected") is False}
            self.assertEqual(failed, set(expected), case["name"])
            self.assertEqual((answer["result"], answer["failed"]), ("failed", len(expected)))
            turned += len(expected)
        self.assertGreater(turned, 150)

    def test_another_reason_than_expected_is_found(self):
        case = load("flow/flow_01_*.json")
        case["steps"][0]["reason"] = "picked_up"
        status, out, _ = replay(case)
        self.assertEqual(status, 1)
        self.assertIn("FAILED", out.splitlines()[1])
        self.assertIn("allow picked_up", out.splitlines()[1])

    def test_text_tells_each_step_and_the_sum(self):
        status, out, err = replay(load("state_01_*.json"))
        self.assertEqual((status, err), (0, ""))
        lines = out.splitlines()
        self.assertEqual(lines[0].split()[:2], ["STEP", "WHAT"])
        self.assertEqual(len(lines), 1 + 5 + 1)
        self.assertIn("NetworkPolicy/red/i isolation", lines[5])
        self.assertTrue(lines[-1].endswith(": 5 of 5 packets as expected"), lines[-1])

    def test_json_tells_who_decided_and_what_a_change_published(self):
        status, out, _ = replay(load("state_08_*.json"), "--output", "json")
        self.assertEqual(status, 0)
        steps = json.loads(out)["steps"]
        self.assertEqual({key: steps[0][key] for key in (
            "expect", "verdict", "reason", "tier", "policy", "rule", "as_expected")}, {
                "expect": "allow", "verdict": "allow", "reason": "policy", "tier": "NetworkPolicy",
                "policy": "NetworkPolicy/red/i", "rule": 0, "as_expected": True})
        # A difference, not everything: one policy on one pod was added to a cluster of eight.
        self.assertGreater(steps[1]["changed"], 0)
        self.assertLess(steps[1]["changed"], 12)

    def test_a_change_that_changes_nothing_publishes_nothing(self):
        case = load("state_08_*.json")
        case["steps"][1]["policies"] = case["policies"]
        steps = json.loads(replay(case, "--output", "json")[1])["steps"]
        self.assertEqual(steps[1]["changed"], 0)

    def test_both_are_right_where_the_case_says_so(self):
        case = load("state_01_*.json")
        case["basis"] = "allowed either way"
        for step in case["steps"]:
            step["expect"] = OTHER[step["expect"]]
        status, out, _ = replay(case, "--output", "json")
        self.assertEqual(status, 0)
        self.assertEqual({step["expect"] for step in json.loads(out)["steps"]}, {"either"})

    def test_stories_that_need_dns_answers_wait_by_name(self):
        paths = sorted(CASES.glob("state_1[0-5]_*.json"))
        self.assertEqual(len(paths), 6)
        for path in paths:
            status, out, err = replay(path.read_text())
            self.assertEqual((status, err), (3, ""), path.name)
            self.assertEqual(out.count("\n"), 1)
            self.assertTrue(out.startswith(path.stem + ": steps["), out)
            self.assertTrue(out.endswith(": needs DNS learning\n"), out)
        answer = json.loads(replay(paths[0].read_text(), "--output", "json")[1])
        self.assertEqual((answer["result"], answer["step"]), ("waiting", "steps[1]"))

    def refused(self, case, words):
        status, out, err = replay(case)
        self.assertEqual((status, out), (2, ""), words)
        self.assertEqual(err.count("\n"), 1, err)
        self.assertTrue(err.startswith("tierwallctl: standard input"), err)
        self.assertIn(words, err)

    def test_what_cannot_be_played_is_one_line_that_names_it(self):
        good = load("state_06_*.json")
        self.refused("{", "standard input:")
        for field in ("format", "kind", "name", "basis", "family", "cluster", "policies", "steps"):
            case = copy.deepcopy(good)
            del case[field]
            self.refused(case, field + ": is required")
        for place, words in ((good, "extra"), (good["cluster"], "cluster.extra"),
                             (good["cluster"]["pods"][2], "cluster.pods[2].extra"),
                             (good["steps"][2], "steps[2].extra"),
                             (good["steps"][3], "steps[3].extra")):
            place["extra"] = 1
            self.refused(good, words + ": unknown field")
            del place["extra"]

    def test_a_pod_that_is_not_there_is_named_with_its_step(self):
        case = load("state_01_*.json")
        case["steps"][1]["to"] = "blue/nobody"
        self.refused(case, "steps[1]: blue/nobody: there is no such pod")

    def test_policies_that_block_are_named(self):
        case = load("state_06_*.json")
        case["steps"][2]["policies"] = [{
            "apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
            "metadata": {"name": "broken"}, "spec": {"tier": "Admin", "egress": [
                {"action": "Deny", "to": [{"networks": ["0.0.0.0/0"]}]}]}}]
        self.refused(case, "steps[2]: ")


unittest.main(verbosity=1)

# SPDX-License-Identifier: Apache-2.0
"""Audited policies as tierwallctl tells of them, with both engines. TIERWALLCTL names it."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["TIERWALLCTL"]

CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: shop%(space)s}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
status: {phase: Running, podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
status: {phase: Running, podIPs: [{ip: 10.0.0.2}, {ip: "fd00::2"}]}
"""
CLOSED = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop%s}
spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}
"""
OPEN = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: shop%s}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{ports: [{port: 5432}]}]
"""
GUARD = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: guard%s}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  egress:
    - {name: no-ssh, action: Deny, to: [{namespaces: {}}],
       protocols: [{tcp: {destinationPort: {number: 22}}}]}
    - {name: ping-me, action: Accept, to: [{namespaces: {}}],
       protocols: [{tcp: {destinationPort: {number: 22}}}]}
"""
ADMIN = """
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: admin%s}
spec:
  priority: 1
  subject: {namespaces: {}}
  ingress:
    - {name: no-web, action: Deny, from: [{namespaces: {}}], ports: [{portNumber: {port: 80}}]}
"""
BASELINE = """
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: {name: default%s}
spec:
  subject: {namespaces: {}}
  ingress: [{name: nobody, action: Deny, from: [{namespaces: {}}]}]
"""
PASS = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: pass%s}
spec:
  tier: Baseline
  priority: 1
  subject: {namespaces: {}}
  ingress:
    - {name: not-here, action: Deny, from: [{pods: {podSelector: {matchLabels: {app: web}}}}],
       protocols: [{tcp: {destinationPort: {number: 80}}}]}
    - {name: leave-it, action: Pass, from: [{namespaces: {}}],
       protocols: [{tcp: {destinationPort: {number: 80}}}]}
"""
FLOOR = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: floor}
spec:
  tier: Baseline
  priority: 2
  subject: {namespaces: {}}
  ingress: [{action: Deny, from: [{namespaces: {}}]}]
"""
ANNOTATED = ", annotations: {tierwall.io/mode: %s}"
AUDIT, ENFORCE = ANNOTATED % "audit", ANNOTATED % "enforce"


def told(direction, tier, policy, rule=None, name=None):
    out = {"verdict": "deny", "direction": direction, "tier": tier, "policy": policy, "rule": rule}
    return {**out, "name": name} if name else out


BY_CLOSED = told("ingress", "NetworkPolicy", "NetworkPolicy/shop/closed")
BY_OPEN = told("ingress", "NetworkPolicy", "NetworkPolicy/shop/open")
BY_GUARD = told("egress", "Admin", "ClusterNetworkPolicy/guard", 0, "no-ssh")
BY_ADMIN = told("ingress", "Admin", "AdminNetworkPolicy/admin", 0, "no-web")
BY_BASELINE = told("ingress", "Baseline", "BaselineAdminNetworkPolicy/default", 0, "nobody")
BY_PASS = told("ingress", "Baseline", "ClusterNetworkPolicy/pass", 0, "not-here")
# Policies, the Namespace's annotation -> for TCP 22, 80 and 5432 the verdict and what would be.
ALLOW, DENY = ("allow", None), ("deny", None)
CASES = {
    "an isolation": (CLOSED % AUDIT, "", [("allow", BY_CLOSED)] * 3),
    "enforced in so many words": (CLOSED % ENFORCE, "", [DENY] * 3),
    "a slip of the pen": (CLOSED % (ANNOTATED % "Audit"), "", [DENY] * 3),
    "a namespace": (CLOSED % "", AUDIT, [("allow", BY_CLOSED)] * 3),
    "a policy against its namespace": (CLOSED % ENFORCE, AUDIT, [DENY] * 3),
    "a slip of the pen in a namespace": (CLOSED % "", ANNOTATED % "audited", [DENY] * 3),
    "a door is opened beside an isolation": (
        CLOSED % "" + "---" + OPEN % AUDIT, "", [DENY, DENY, ALLOW]),
    "an isolation beside an open door": (
        CLOSED % AUDIT + "---" + OPEN % "", "", [DENY, DENY, ALLOW]),
    "both": (CLOSED % AUDIT + "---" + OPEN % AUDIT, "",
             [("allow", BY_CLOSED), ("allow", BY_CLOSED), ALLOW]),
    "a Deny, and an Accept behind it": (GUARD % AUDIT, "", [("allow", BY_GUARD), ALLOW, ALLOW]),
    "a Deny before an isolation": (
        GUARD % AUDIT + "---" + OPEN % AUDIT, "", [("allow", BY_GUARD), ("allow", BY_OPEN), ALLOW]),
    "a Deny that another denial makes idle": (
        GUARD % AUDIT + "---" + CLOSED % "", "", [DENY] * 3),
    "an AdminNetworkPolicy": (ADMIN % AUDIT, "", [ALLOW, ("allow", BY_ADMIN), ALLOW]),
    "a BaselineAdminNetworkPolicy": (BASELINE % AUDIT, "", [("allow", BY_BASELINE)] * 3),
    "an audited isolation leaves to the baseline what no rule allows": (
        OPEN % AUDIT + "---" + BASELINE % "", "", [DENY, DENY, ALLOW]),
    "the same enforced": (OPEN % "" + "---" + BASELINE % "", "", [DENY, DENY, ALLOW]),
    "an open door before the baseline in an isolation": (
        OPEN % AUDIT + "---" + CLOSED % "" + "---" + FLOOR, "", [DENY, DENY, ALLOW]),
    "an audited isolation beside an enforced one before the baseline": (
        OPEN % "" + "---" + CLOSED % AUDIT + "---" + FLOOR, "", [DENY, DENY, ALLOW]),
    "an audited isolation alone": (
        OPEN % AUDIT, "", [("allow", BY_OPEN), ("allow", BY_OPEN), ALLOW]),
    "an audited isolation before an audited baseline": (
        OPEN % AUDIT + "---" + BASELINE % AUDIT, "",
        [("allow", BY_OPEN), ("allow", BY_OPEN), ALLOW]),
    "an audited isolation without rules leaves all to the baseline": (
        CLOSED % AUDIT + "---" + BASELINE % "", "", [DENY] * 3),
    "a Pass of an audited policy": (
        PASS % AUDIT + "---" + FLOOR, "", [DENY, ("allow", BY_PASS), DENY]),
    "a namespace does not speak for cluster policies": (GUARD % "", AUDIT, [DENY, ALLOW, ALLOW]),
}


class Audit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, policies, space=""):
        path = self.folder / "all.yaml"
        path.write_text(CLUSTER % {"space": space} + "---" + policies)
        return path

    def run_ctl(self, *arguments, **options):
        return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                              timeout=60, **options)

    def test_the_verdict_is_what_is_enforced_and_audit_says_where_it_differs(self):
        probes = "".join(
            json.dumps({"from": "shop/web", "to": "shop/db", "protocol": "TCP", "port": port,
                        "family": family}) + "\n"
            for family in ("IPv4", "IPv6") for port in (22, 80, 5432))
        for engine in ("tiers", "packets"):
            for title, (policies, space, expected) in CASES.items():
                with self.subTest(title, engine=engine):
                    path = self.write(policies, space)
                    done = self.run_ctl("eval", "--manifests", path, "--probes", "-", "--output",
                                        "json", "--engine", engine, input=probes)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    told = [line for line in done.stderr.splitlines()
                            if line.startswith("tierwallctl: warning: ") and
                            "tierwall.io/mode" in line]
                    self.assertEqual(len(done.stderr.splitlines()), len(told), done.stderr)
                    self.assertEqual(bool(told), "slip" in title)
                    answers = [json.loads(line) for line in done.stdout.splitlines()]
                    self.assertEqual([(a["verdict"], a.get("audit")) for a in answers],
                                     expected * 2)

    def test_the_table_and_the_explanation_say_it_in_words(self):
        path = self.write(CLOSED % AUDIT)
        probe = json.dumps({"from": "shop/web", "to": "shop/db", "protocol": "TCP", "port": 80})
        table = self.run_ctl("eval", "--manifests", path, "--probes", "-", "--output", "table",
                             input=probe).stdout
        self.assertIn("allow, would deny", table)
        ask = ["explain", "--manifests", path, "--from", "shop/web", "--to", "shop/db", "--port",
               "tcp/80"]
        words = self.run_ctl(*ask).stdout
        self.assertIn("is allowed", words)
        self.assertIn("it would be denied if audited policies were enforced: shop/db is isolated "
                      "by NetworkPolicy/shop/closed (ingress) and no rule allows TCP 80 from "
                      "shop/web",
                      words)
        reply = json.loads(self.run_ctl(*ask, "--output", "json").stdout)
        self.assertEqual(reply["verdict"], "allow")
        self.assertEqual(reply["audit"]["policy"], "NetworkPolicy/shop/closed")
        path = self.write(CLOSED % ENFORCE)
        reply = json.loads(self.run_ctl(*ask, "--output", "json").stdout)
        self.assertEqual((reply["verdict"], "audit" in reply), ("deny", False))

    def test_lint_names_what_is_no_mode(self):
        wrong = ANNOTATED % "Audit"
        path = self.write(CLOSED % wrong + "---" + GUARD % wrong, wrong)
        done = self.run_ctl("lint", path, "--output", "json")
        self.assertEqual(done.returncode, 1)
        rows = [row for row in json.loads(done.stdout) if row["severity"] == "error"]
        self.assertEqual(
            [(row["object"], row["field"], row["error"]) for row in rows],
            [(name, "metadata.annotations[tierwall.io/mode]", "NotSupported") for name in
             ("Namespace/shop", "NetworkPolicy/shop/closed", "ClusterNetworkPolicy/guard")])
        self.assertEqual(self.run_ctl("lint", self.write(CLOSED % AUDIT)).returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)

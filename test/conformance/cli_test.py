# SPDX-License-Identifier: Apache-2.0
"""The contract of tierwallctl's command line: exit status, one line on standard error, no partial
answer, formats. TIERWALLCTL names the program."""

import json
import os
import pathlib
import pwd
import re
import subprocess
import tempfile
import unittest
import unittest.mock

PROGRAM = os.environ["TIERWALLCTL"]

CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop}}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: 172.16.0.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: c, image: i}]}
status: {phase: Running, podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {nodeName: n1, containers: [{name: c, image: i, ports: [{name: pg, containerPort: 5432}]}]}
status: {phase: Running, podIP: 10.0.0.2, podIPs: [{ip: 10.0.0.2}]}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: shop}
spec: {nodeName: n1, hostNetwork: true, containers: [{name: c, image: i}]}
status: {phase: Running, podIP: 172.16.0.1, podIPs: [{ip: 172.16.0.1}]}
"""
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
    - from: [{podSelector: {matchLabels: {app: web}}}]
      ports: [{port: pg}]
"""
ADMIN = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: guard}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  egress:
    - {name: no-mail, action: Deny, to: [{networks: [0.0.0.0/0, "::/0"]}], protocols: [{tcp: {destinationPort: {number: 25}}}]}
"""
WRONG_POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: wrong, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
    - ports: [{port: 80, endPort: 79}]
"""
TWO_WARNINGS = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: first, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress: [{}]
  egress: [{}]
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: second}
spec:
  tier: Admin
  priority: 2
  subject: {namespaces: {}}
  egress:
    - {action: Deny, to: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 25}}}]}
    - {action: Accept, to: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 25}}}]}
"""
BLOCKING = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: broken}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {matchExpressions: [{key: a, operator: Near}]}}
  egress:
    - {action: Deny, to: [{networks: [0.0.0.0/0]}]}
"""


def run(*arguments, text="", user=None):
    return subprocess.run([PROGRAM, *map(str, arguments)], input=text, capture_output=True,
                          text=True, timeout=60, check=False, user=user,
                          env={"PATH": os.environ["PATH"]})


def probe(source, destination, port=5432, **more):
    return json.dumps({"from": source, "to": destination, "protocol": "TCP", "port": port, **more})


class Case(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)
        os.chmod(self.folder, 0o755)
        self.manifests = self.write("all.yaml", CLUSTER + "---" + POLICY + "---" + ADMIN)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def eval(self, *probes, engine="tiers", more=()):
        return run("eval", "--manifests", self.manifests, "--engine", engine, "--probes", "-",
                   *more, text="\n".join(probes))

    def assert_refused(self, done, *words):
        self.assertEqual(done.returncode, 2, done)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("tierwallctl: "), done.stderr)
        for word in words:
            self.assertIn(str(word), done.stderr)


class CommandLine(Case):
    def test_help_and_version_everywhere(self):
        for command in [], ["lint"], ["eval"], ["explain"], ["status"], ["flows"], ["rules"]:
            done = run(*command, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("--help", done.stdout)
            done = run(*command, "--version")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertRegex(done.stdout, r"^tierwallctl \d+\.\d+\.\d+\n$")

    def test_errors_of_the_command_line(self):
        for arguments in [], ["nonsense"], ["eval"], ["lint"], ["eval", "--nonsense"], \
                ["eval", "--manifests", self.manifests], ["explain"], ["status", "extra"], \
                ["eval", "--manifests", self.manifests, "--probes", "-", "--engine", "magic"], \
                ["eval", "--manifests", self.manifests, "--probes", "-", "--profile", "cilium"], \
                ["eval", "--manifests", self.manifests, "--probes", "-", "--output", "xml"], \
                ["lint", self.manifests, "--channel", "beta"]:
            self.assert_refused(run(*arguments))

    def test_repeats_are_refused(self):
        self.assert_refused(run("eval", "--manifests", self.manifests, "--probes", "-",
                                "--probes=-"), "--probes")
        self.assert_refused(run("eval", "--manifests", self.manifests, "--manifests",
                                self.manifests, "--probes", "-"), "--manifests")

    def test_value_after_an_equals_sign(self):
        done = run("eval", "--manifests=" + str(self.manifests), "--probes=-", "--engine=tiers",
                   text=probe("shop/web", "shop/db"))
        self.assertEqual(done.returncode, 0, done.stderr)


class Eval(Case):
    def test_answers_in_order_with_what_decided(self):
        for engine in "tiers", "packets":
            done = self.eval(probe("shop/web", "shop/db"), probe("shop/web", "shop/db", 80),
                             probe("shop/db", "203.0.113.1", 25), probe("10.0.0.1", "10.0.0.1"),
                             probe("shop/agent", "shop/db"), probe("203.0.113.1", "shop/db"),
                             engine=engine)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            rows = [json.loads(line) for line in done.stdout.splitlines()]
            default = {"verdict": "allow", "tier": "Default", "policy": None, "rule": None}
            outside = dict(default, tier="NotSubject")
            own = "NetworkPolicy/shop/db"
            isolated = {"verdict": "deny", "tier": "NetworkPolicy", "policy": own, "rule": None}
            self.assertEqual(rows, [
                {"verdict": "allow", "egress": default,
                 "ingress": {"verdict": "allow", "tier": "NetworkPolicy", "policy": own,
                             "rule": 0}},
                {"verdict": "deny", "egress": default, "ingress": isolated},
                {"verdict": "deny",
                 "egress": {"verdict": "deny", "tier": "Admin", "rule": 0, "name": "no-mail",
                            "policy": "ClusterNetworkPolicy/guard"}, "ingress": outside},
                {"verdict": "allow", "egress": dict(default, tier="Self"),
                 "ingress": dict(default, tier="Self")},
                {"verdict": "allow", "egress": outside, "ingress": dict(default, tier="OwnNode")},
                {"verdict": "deny", "egress": outside, "ingress": isolated},
            ], engine)

    def test_scope_of_another_node_protects_nobody_here(self):
        done = self.eval(probe("203.0.113.1", "shop/db"), more=["--scope", "node:n1"])
        self.assertEqual(json.loads(done.stdout)["verdict"], "deny")
        self.write("n2.yaml", "{apiVersion: v1, kind: Node, metadata: {name: n2}}")
        self.manifests = self.folder
        done = self.eval(probe("203.0.113.1", "shop/db"), more=["--scope", "node:n2"])
        self.assertEqual(json.loads(done.stdout)["ingress"]["tier"], "NotSubject")
        for scope in "node:n3", "n1", "node:", "":
            self.assert_refused(self.eval(more=["--scope", scope]), "--scope")

    def test_table_for_people(self):
        done = self.eval(probe("shop/web", "shop/db"), more=["--output", "table"])
        self.assertEqual(done.returncode, 0)
        head, row = done.stdout.splitlines()
        self.assertEqual(head.split(),
                         ["FROM", "TO", "PROTOCOL", "PORT", "VERDICT", "EGRESS", "INGRESS"])
        self.assertEqual(row.index("allow Default"), head.index("EGRESS"))
        self.assertIn("NetworkPolicy/shop/db rule 0", row)

    def test_what_no_pod_may_send_is_denied_by_both_engines(self):
        for engine in "tiers", "packets":
            done = self.eval(probe("shop/web", "shop/db", 68, protocol="UDP"),
                             probe("shop/web", "shop/db", 0, protocol="ICMP", icmpType=5),
                             probe("shop/web", "shop/agent", 0, protocol="ICMP", icmpType=9),
                             engine=engine)
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual([line["reason"] for line in lines],
                             ["rogue_dhcp", "rogue_redirect", "rogue_router_advert"], engine)
            self.assertEqual({line["verdict"] for line in lines}, {"deny"})

    def test_no_probes_is_an_empty_answer(self):
        done = self.eval()
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_a_wrong_probe_leaves_no_partial_answer(self):
        good = probe("shop/web", "shop/db")
        self.assert_refused(self.eval(good, "{"), ":2")
        self.assert_refused(self.eval(good, probe("shop/absent", "shop/db")), "shop/absent")
        self.assert_refused(self.eval(good, probe("fd00::9", "shop/db")), "family")
        self.assert_refused(self.eval(good, probe("shop/web", "shop/db", prot="x")), "prot")

    def test_files_that_are_not_there(self):
        absent = self.folder / "absent"
        self.assert_refused(run("eval", "--manifests", absent, "--probes", "-"), absent)
        self.assert_refused(run("eval", "--manifests", self.manifests, "--probes", absent), absent)
        self.assert_refused(self.eval(more=["--dns", absent]), absent)
        self.assert_refused(run("lint", absent), absent)

    def test_what_cannot_be_enforced_is_no_answer(self):
        self.write("broken.yaml", BLOCKING)
        self.manifests = self.folder
        self.assert_refused(self.eval(probe("shop/web", "shop/db")),
                            "ClusterNetworkPolicy/broken")
        (self.folder / "broken.yaml").write_text("a: [")
        self.assert_refused(self.eval(probe("shop/web", "shop/db")), "broken.yaml")

    def test_many_at_once_without_privilege(self):
        nobody = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        command = [PROGRAM, "eval", "--manifests", str(self.manifests), "--probes", "-",
                   "--engine", "packets"]
        calls = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, user=nobody)
                 for _ in range(4)]
        for call in calls:
            out, err = call.communicate(probe("shop/web", "shop/db"), timeout=60)
            self.assertEqual((call.returncode, err), (0, ""))
            self.assertEqual(json.loads(out)["verdict"], "allow")

    def test_nothing_is_left_behind(self):
        with tempfile.TemporaryDirectory() as folder, \
                unittest.mock.patch.dict(os.environ, {"TMPDIR": folder}):
            self.assertEqual(self.eval(probe("shop/web", "shop/db")).returncode, 0)
            self.assertEqual(os.listdir(folder), [])


class Files(Case):
    """What is read and written need not be a file, and need not be there."""

    def test_an_answer_that_cannot_be_written_is_no_success(self):
        many = "\n".join([probe("shop/web", "shop/db")] * 1000)
        for arguments, text in (["--help"], ""), (["--version"], ""), (["eval", "--help"], ""), \
                (["lint", self.write("wrong.yaml", WRONG_POLICY)], ""), \
                (["eval", "--manifests", self.manifests, "--probes", "-"], many), \
                (["explain", "--manifests", self.manifests, "--from", "shop/web", "--to",
                  "shop/db", "--port", "tcp/5432"], ""):
            with open("/dev/full", "w", encoding="ascii") as full:
                done = subprocess.run([PROGRAM, *map(str, arguments)], input=text, stdout=full,
                                      stderr=subprocess.PIPE, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertEqual(done.stderr, "tierwallctl: standard output cannot be written: "
                                          "No space left on device\n")

    def test_what_a_shell_substitutes_is_read(self):
        command = f"{PROGRAM} eval --manifests <(sleep 0.3; cat {self.manifests}) " \
                  "--probes <(echo '%s')" % probe("shop/web", "shop/db")
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(json.loads(done.stdout)["verdict"], "allow")
        done = subprocess.run(["bash", "-c", f"{PROGRAM} lint <(cat {self.manifests})"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_what_never_ends_is_refused(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        for path, words in (pipe, "nobody writes"), ("/dev/zero", "no regular file"):
            self.assert_refused(run("lint", path), path, words)
            self.assert_refused(run("eval", "--manifests", path, "--probes", "-"), path, words)
            self.assert_refused(run("eval", "--manifests", self.manifests, "--probes", path),
                                path, words)
            self.assert_refused(self.eval(more=["--dns", path]), path, words)

    def test_a_file_without_end_is_refused(self):
        huge = self.write("huge.yaml", "")
        os.truncate(huge, 1 << 40)
        self.assertEqual(run("lint", huge).returncode, 1)
        self.assertIn("larger than", run("lint", huge).stdout)
        self.assert_refused(run("eval", "--manifests", huge, "--probes", "-"), "larger than")
        self.assert_refused(self.eval(more=["--dns", huge]), "larger than")


class Terminal(Case):
    """Names are written by others and must not command the terminal that shows them."""

    HOSTILE = "x\x1b[2J\nerror: y\u202e"

    def policy(self):
        rule = {"name": self.HOSTILE, "action": "Deny", "to": [{"networks": ["0.0.0.0/0"]}]}
        return json.dumps({"apiVersion": "policy.networking.k8s.io/v1alpha2",
                           "kind": "ClusterNetworkPolicy", "metadata": {"name": self.HOSTILE},
                           "spec": {"tier": "Admin", "priority": 0, "subject": {"namespaces": {}},
                                    "egress": [rule]}})

    def assert_tame(self, text):
        self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
        self.assertNotIn("\nerror", text)
        self.assertIn("x\\x1b[2J\\nerror: y\\u202e", text)

    def test_text_is_tame_and_json_exact(self):
        path = self.write(self.HOSTILE + ".json", self.policy())
        self.assert_tame(run("lint", path).stdout)
        rows = json.loads(run("lint", path, "--output", "json").stdout)
        self.assertEqual(rows[0]["path"], str(path))
        self.manifests = self.folder
        question = probe("shop/web", "203.0.113.1")
        self.assert_tame(self.eval(question, more=["--output", "table"]).stdout)
        row = json.loads(self.eval(question).stdout)
        self.assertEqual(row["egress"]["policy"], "ClusterNetworkPolicy/" + self.HOSTILE)
        self.assertEqual(row["egress"]["name"], self.HOSTILE)
        self.assert_tame(run("explain", "--manifests", self.folder, "--from", "shop/web", "--to",
                             "203.0.113.1", "--port", "tcp/80").stdout)

    def test_errors_are_tame(self):
        done = run("lint", self.folder / self.HOSTILE)
        self.assert_refused(done)
        self.assert_tame(done.stderr)

    def test_a_file_name_that_is_no_text(self):
        path = os.fsencode(self.folder) + b"/\xff.yaml"
        with open(path, "w", encoding="ascii") as file:
            file.write(WRONG_POLICY)
        command = [PROGRAM, "lint", self.folder]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(b"\\xff.yaml", done.stdout)
        done = subprocess.run(command + ["--output", "json"], capture_output=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, 1, done)
        self.assertTrue(json.loads(done.stdout)[0]["path"].endswith("/\ufffd.yaml"))


class DomainNames(Case):
    POLICY = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: names}
spec:
  tier: Admin
  priority: 5
  subject: {namespaces: {}}
  egress:
    - {action: Accept, to: [{domainNames: [www.example.com]}]}
"""

    def test_what_is_valid_passes_lint_though_names_are_learned_elsewhere(self):
        path = self.write("names.yaml", self.POLICY)
        done = run("lint", path, "--channel", "experimental", "--strict")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertEqual(run("lint", path).returncode, 1)

    def test_eval_and_explain_say_that_names_match_nothing_without_dns(self):
        self.write("names.yaml", self.POLICY)
        self.manifests = self.folder
        question = probe("shop/web", "203.0.113.10", 443)
        explain = ["explain", "--manifests", self.folder, "--from", "shop/web", "--to",
                   "203.0.113.10", "--port", "tcp/443"]
        for done in self.eval(question), run(*explain):
            self.assertEqual(done.returncode, 0)
            self.assertEqual(done.stderr, "tierwallctl: warning: ClusterNetworkPolicy/names "
                             "spec.egress[0].to[0].domainNames: matches nothing, no --dns says "
                             "where names are\n")
        dns = self.write("dns", '{"name": "www.example.com", "ips": ["203.0.113.10"]}')
        for done in self.eval(question, more=["--dns", dns]), run(*explain, "--dns", dns):
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("ClusterNetworkPolicy/names", done.stdout)


class Lint(Case):
    def test_clean_manifests_say_nothing(self):
        done = run("lint", self.manifests)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(json.loads(run("lint", self.manifests, "--output", "json").stdout), [])

    def test_errors_are_lines_and_status_1(self):
        wrong = self.write("wrong.yaml", WRONG_POLICY)
        done = run("lint", self.folder)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertRegex(done.stdout, re.escape(str(wrong)) +
                         r": NetworkPolicy/shop/wrong spec\.ingress\[0\]\.ports\[0\]\.endPort: .*\n")
        rows = json.loads(run("lint", wrong, "--output", "json").stdout)
        self.assertEqual(len(rows), 1)
        self.assertEqual(set(rows[0]),
                         {"path", "object", "field", "error", "message", "severity"})
        self.assertEqual((rows[0]["error"], rows[0]["severity"]), ("Invalid", "error"))

    def test_a_file_that_is_no_manifest_is_an_error_beside_the_others(self):
        self.write("wrong.yaml", WRONG_POLICY)
        self.write("broken.yaml", "a: [")
        done = run("lint", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"broken\.yaml: line \d+: ")
        self.assertIn("NetworkPolicy/shop/wrong", done.stdout)

    def test_files_that_cannot_be_read_have_kubernetes_words(self):
        broken = self.write("broken.yaml", "a: 1\nb: [")
        deep = self.write("deep.yaml", "[" * 100_000)
        rows = json.loads(run("lint", broken, deep, "--output", "json").stdout)
        self.assertEqual([(row["path"], row["object"], row["field"], row["error"])
                          for row in rows],
                         [(str(broken), "", "", "Invalid"), (str(deep), "", "", "TooLong")])


class LintWarnings(Case):
    def test_warnings_name_their_rule_and_count_only_when_strict(self):
        path = self.write("warn.yaml", TWO_WARNINGS)
        done = run("lint", path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        first, second = done.stdout.splitlines()
        self.assertRegex(first, re.escape(f"{path}: NetworkPolicy/shop/first spec.egress: "
                                          "warning: ") + r".* \[ignored-rules\]$")
        self.assertRegex(second, re.escape(f"{path}: ClusterNetworkPolicy/second spec.egress[1]: "
                                           "warning: ") + r".* \[rule-shadowed\]$")
        self.assertEqual(run("lint", path, "--strict").returncode, 1)
        rows = json.loads(run("lint", path, "--output", "json").stdout)
        self.assertEqual([row["rule"] for row in rows], ["ignored-rules", "rule-shadowed"])
        self.assertEqual({row["severity"] for row in rows}, {"warning"})

    def test_a_rule_that_gives_up_says_so_and_where(self):
        tied = [{"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
                 "metadata": {"name": f"c{1000 + i}"},
                 "spec": {"tier": "Admin", "priority": 5, "subject": {"namespaces": {}},
                          "ingress": [{"action": "Deny", "from": [{"namespaces": {}}]}]}}
                for i in range(66)]
        overlapping = [{"podSelector": {"matchExpressions": [
            {"key": "app", "operator": "NotIn", "values": [f"a{i}"]}]}} for i in range(5000)]
        entangled = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                     "metadata": {"name": "entangled", "namespace": "shop"},
                     "spec": {"podSelector": {}, "ingress": [{"from": [each]}
                                                             for each in overlapping]}}
        for objects, place, rule in [
                (tied, "ClusterNetworkPolicy/c1065", "priority-tie"),
                ([entangled], "NetworkPolicy/shop/entangled", "rule-shadowed")]:
            path = self.write("many.json", json.dumps({"apiVersion": "v1", "kind": "List",
                                                       "items": objects}))
            done = run("lint", path)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertRegex(done.stdout, re.escape(f"{path}: {place} <root>: warning: {rule} has "
                                                    "not been looked for in full from this object "
                                                    "on") + r".* \[not-fully-checked\]\n$")
            self.assertEqual(done.stdout.count("\n"), 1)
            log = json.loads(run("lint", path, "--output", "sarif").stdout)
            self.assertEqual([each["ruleId"] for each in log["runs"][0]["results"]],
                             ["not-fully-checked"])
            self.assertEqual(run("lint", path, "--strict").returncode, 1)

    def test_where_there_are_errors_meaning_is_not_judged(self):
        self.write("warn.yaml", TWO_WARNINGS)
        self.write("wrong.yaml", WRONG_POLICY)
        done = run("lint", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("NetworkPolicy/shop/wrong", done.stdout)
        self.assertNotIn("rule-shadowed", done.stdout)


# Of the SARIF 2.1.0 schema what a log of results without fixes, flows and graphs may have:
# property -> (required, what it must be); a dict is an object of such properties.
MESSAGE = {"text": (True, str)}
LEVELS = ("none", "note", "warning", "error")
RULE = {"id": (True, str), "shortDescription": (True, MESSAGE), "help": (True, MESSAGE),
        "defaultConfiguration": (False, {"level": (True, LEVELS)})}
LOCATION = {
    "physicalLocation": (False, {"artifactLocation": (True, {"uri": (True, str)}),
                                 "region": (False, {"startLine": (True, int)})}),
    "logicalLocations": (False, [{"name": (False, str), "fullyQualifiedName": (True, str),
                                  "kind": (True, str)}])}
RESULT = {"ruleId": (True, str), "ruleIndex": (True, int), "level": (True, LEVELS),
          "message": (True, MESSAGE), "locations": (True, [LOCATION])}
DRIVER = {"name": (True, str), "version": (True, str), "rules": (True, [RULE])}
RUN = {"tool": (True, {"driver": (True, DRIVER)}), "columnKind": (True, ("utf16CodeUnits",)),
       "results": (True, [RESULT])}
LOG = {"$schema": (True, str), "version": (True, ("2.1.0",)), "runs": (True, [RUN])}


def faults(value, shape, at="$"):
    """Where a value is not what the shape says."""
    if isinstance(shape, type):
        return [] if isinstance(value, shape) and value is not True else [at]
    if isinstance(shape, tuple):
        return [] if value in shape else [at]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [at]
        return [fault for i, each in enumerate(value) for fault in faults(each, shape[0], f"{at}[{i}]")]
    if not isinstance(value, dict):
        return [at]
    found = [f"{at}.{key} is unknown" for key in value if key not in shape]
    for key, (required, inner) in shape.items():
        if key in value:
            found += faults(value[key], inner, f"{at}.{key}")
        elif required:
            found.append(f"{at}.{key} is missing")
    return found


class Sarif(Case):
    def sarif(self, *paths, more=(), status=0):
        done = subprocess.run([PROGRAM, "lint", *paths, "--output", "sarif", *more],
                              capture_output=True, text=True, timeout=60, check=False,
                              cwd=self.folder)
        self.assertEqual((done.returncode, done.stderr), (status, ""))
        log = json.loads(done.stdout)
        self.assertEqual(faults(log, LOG), [])
        driver = log["runs"][0]["tool"]["driver"]
        ids = [rule["id"] for rule in driver["rules"]]
        self.assertEqual(len(ids), len(set(ids)))
        for result in log["runs"][0]["results"]:
            self.assertEqual(ids[result["ruleIndex"]], result["ruleId"])
            for location in result["locations"]:
                physical = location.get("physicalLocation", {})
                self.assertGreater(physical.get("region", {}).get("startLine", 1), 0)
        return log["runs"][0]

    def test_the_checker_finds_faults(self):
        good = self.sarif("all.yaml")
        self.assertTrue(faults(good, LOG))
        self.assertTrue(faults({**good, "results": [{"ruleId": 1}]}, RUN))
        self.assertTrue(faults({**good, "extra": 1}, RUN))
        self.assertFalse(faults(good, RUN))

    def test_no_findings_are_a_log_without_results(self):
        self.assertEqual(self.sarif("all.yaml")["results"], [])

    def test_results_have_rule_level_and_both_locations(self):
        self.write("warn.yaml", TWO_WARNINGS)
        results = self.sarif("warn.yaml")["results"]
        self.assertEqual([r["ruleId"] for r in results], ["ignored-rules", "rule-shadowed"])
        self.assertEqual({r["level"] for r in results}, {"warning"})
        self.assertEqual(results[1]["locations"], [{
            "physicalLocation": {"artifactLocation": {"uri": "warn.yaml"},
                                 "region": {"startLine": 11}},
            "logicalLocations": [
                {"fullyQualifiedName": "ClusterNetworkPolicy/second", "kind": "object"},
                {"name": "spec.egress[1]", "kind": "member",
                 "fullyQualifiedName": "ClusterNetworkPolicy/second spec.egress[1]"}]}])
        self.assertIn("spec.egress[0]", results[1]["message"]["text"])
        self.sarif("warn.yaml", more=["--strict"], status=1)

    def test_errors_are_results_too(self):
        self.write("wrong.yaml", WRONG_POLICY)
        self.write("broken.yaml", "a: [")
        results = self.sarif(".", status=1)["results"]
        self.assertEqual({(r["ruleId"], r["level"]) for r in results},
                         {("field-invalid", "error")})
        places = [r["locations"][0]["physicalLocation"] for r in results]
        self.assertEqual({p["artifactLocation"]["uri"] for p in places},
                         {"wrong.yaml", "broken.yaml"})
        self.assertTrue(all("region" in p for p in places), places)

    def test_paths_are_uris(self):
        (self.folder / "a b").mkdir()
        self.write("a b/w\u00e4rn%.yaml", TWO_WARNINGS)
        uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
                for r in self.sarif("./a b")["results"]}
        self.assertEqual(uris, {"a%20b/w%C3%A4rn%25.yaml"})
        with tempfile.TemporaryDirectory() as elsewhere:
            path = pathlib.Path(elsewhere) / "x.yaml"
            path.write_text(TWO_WARNINGS)
            uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
                    for r in self.sarif(str(path))["results"]}
            self.assertEqual(uris, {"file://" + str(path)})


class OwnNode(Case):
    """What an isolated pod sends to its own node, as tierwalld is configured."""

    POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shut, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""

    def test_is_enforced_unless_exempt(self):
        self.manifests = self.write("own.yaml", CLUSTER + "---" + self.POLICY)
        question = probe("shop/web", "172.16.0.1", 10250)
        for engine in "tiers", "packets":
            for more, verdict, tier in ([], "deny", "NetworkPolicy"), \
                    (["--own-node-egress", "enforce"], "deny", "NetworkPolicy"), \
                    (["--own-node-egress", "exempt"], "allow", "OwnNode"):
                row = json.loads(self.eval(question, engine=engine, more=more).stdout)
                self.assertEqual((row["verdict"], row["egress"]["tier"]), (verdict, tier))
        done = run("explain", "--manifests", self.manifests, "--from", "shop/web", "--to",
                   "172.16.0.1", "--port", "tcp/1", "--own-node-egress", "exempt")
        self.assertIn("own_node_egress exempts it", done.stdout)

    def test_goes_with_manifests_and_has_two_words(self):
        self.assert_refused(self.eval(probe("shop/web", "shop/db"),
                                      more=["--own-node-egress", "allow"]))
        self.assert_refused(run("explain", "--from", "shop/web", "--to", "shop/db", "--port",
                                "tcp/1", "--own-node-egress", "exempt"), "--own-node-egress")


class Explain(Case):
    def test_says_which_rule_decided(self):
        done = run("explain", "--manifests", self.manifests, "--from", "shop/web", "--to",
                   "shop/db", "--port", "tcp/5432")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("allow", done.stdout)
        self.assertIn("NetworkPolicy/shop/db", done.stdout)
        self.assertIn("ClusterNetworkPolicy/guard", done.stdout)

    def test_json_has_both_directions(self):
        done = run("explain", "--manifests", self.manifests, "--from", "203.0.113.1", "--to",
                   "shop/db", "--port", "udp/53", "--output", "json")
        answer = json.loads(done.stdout)
        self.assertEqual(answer["verdict"], "deny")
        self.assertEqual(answer["egress"]["tier"], "NotSubject")
        self.assertEqual(answer["ingress"]["tier"], "NetworkPolicy")
        self.assertEqual(answer["ingress"]["policy"], "NetworkPolicy/shop/db")

    def test_wrong_questions(self):
        common = ["explain", "--manifests", self.manifests, "--from", "shop/web", "--to"]
        self.assert_refused(run(*common, "shop/absent", "--port", "tcp/1"), "shop/absent")
        self.assert_refused(run(*common, "shop/db", "--port", "tcp"), "--port")
        self.assert_refused(run(*common, "shop/db", "--port", "tcp/65536"), "--port")


class Daemon(Case):
    def test_nobody_there(self):
        socket = "unix:" + str(self.folder / "no.sock")
        for command in ["status"], ["flows"], ["rules"], \
                ["explain", "--from", "1.1.1.1", "--to", "2.2.2.2", "--port", "icmp"]:
            self.assert_refused(run(*command, "--address", socket), "no.sock")

    def test_only_local_sockets(self):
        self.assert_refused(run("status", "--address", "127.0.0.1:1"), "--address")
        self.assert_refused(run("flows", "--of", "nonsense"), "--of")


if __name__ == "__main__":
    unittest.main()

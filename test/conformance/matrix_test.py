# SPDX-License-Identifier: Apache-2.0
"""matrix, diff and convert of tierwallctl, held against eval: every pair of addresses, every port
at which something may change. TIERWALLCTL names the program; SEEDS how many random worlds."""

import ipaddress
import json
import os
import pathlib
import random
import resource
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree

PROGRAM = os.environ["TIERWALLCTL"]
SEEDS = int(os.environ.get("SEEDS", "12"))
PORTS = [("TCP", p) for p in (1, 79, 80, 81, 443, 8080, 8081, 8090, 8091, 65535)] + \
    [("UDP", 53), ("UDP", 54), ("SCTP", 80), ("ICMP", None), ("47", None)]


def run(*arguments, text=""):
    return subprocess.run([PROGRAM, *map(str, arguments)], input=text, capture_output=True,
                          text=True, timeout=280, check=False, env={"PATH": os.environ["PATH"]})


class World:
    """A small cluster and policies, from a seed; `mutated` is the same with other policies."""

    CIDRS = ["10.0.0.0/8", "10.0.0.0/30", "203.0.113.0/24", "203.0.113.128/25", "172.16.0.0/16",
             "fd00::/8", "10.0.0.3/32", "2001:db8::/32"]

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.nodes = {f"n{i}": [f"172.16.0.{i}", f"2001:db8:1::{i}"] for i in (1, 2)}
        self.pods = {}
        for i in range(1, 8):
            path = f"{self.random.choice('abc')}/p{i}"
            addresses = [f"10.0.0.{i}"] + ([f"fd00::{i}"] if i % 2 else [])
            self.pods[path] = {"addresses": addresses, "node": self.random.choice(["n1", "n2"]),
                               "labels": {"app": self.random.choice(["web", "db"]),
                                          "tier": self.random.choice(["x", "y"])},
                               "port": self.random.choice([8080, 80])}
        self.policies = [self.policy(i) for i in range(self.random.randint(2, 6))]

    def mutated(self):
        other = World.__new__(World)
        other.random, other.nodes = self.random, self.nodes
        other.pods = {path: dict(pod) for path, pod in self.pods.items()}
        other.policies = list(self.policies)
        for _ in range(self.random.randint(1, 3)):
            place = self.random.randrange(len(other.policies) + 1)
            other.policies[place:place + 1] = [self.policy(100 + place)]
        if self.random.random() < 0.4:
            path = self.random.choice(sorted(other.pods))
            other.pods[path]["labels"] = {"app": "db", "tier": "x"}
        if self.random.random() < 0.2:
            del other.pods[self.random.choice(sorted(other.pods))]
        if self.random.random() < 0.2:
            other.pods[self.random.choice(sorted(other.pods))]["node"] = "n1"
        return other

    def selector(self):
        return self.random.choice([{}, {"matchLabels": {"app": "web"}},
                                   {"matchLabels": {"app": "db"}}, {"matchExpressions": [
                                       {"key": "tier", "operator": "NotIn", "values": ["x"]}]}])

    def ports(self, cluster):
        ranges = [("tcp", 80, 80), ("tcp", 8080, 8090), ("udp", 53, 53), ("sctp", 1, 1000)]
        out = []
        for word, first, last in self.random.sample(ranges, self.random.randint(1, 2)):
            if not cluster:
                out.append({"protocol": word.upper(), "port": first, "endPort": last})
            elif first == last:
                out.append({word: {"destinationPort": {"number": first}}})
            else:
                out.append({word: {"destinationPort": {"range": {"start": first, "end": last}}}})
        if self.random.random() < 0.3:
            out.append({"destinationNamedPort": "http"} if cluster else {"port": "http"})
        return out

    def policy(self, number):
        choice = self.random.random()
        return self.cluster_policy(number) if choice < 0.5 else self.network_policy(number)

    def network_policy(self, number):
        def peer():
            if self.random.random() < 0.3:
                cidr = self.random.choice(self.CIDRS[:3] + self.CIDRS[5:])
                block = {"cidr": cidr}
                if cidr == "10.0.0.0/8":
                    block["except"] = ["10.0.0.0/30"]
                return {"ipBlock": block}
            out = {"podSelector": self.selector()}
            if self.random.random() < 0.5:
                out["namespaceSelector"] = {}
            return out
        def rule(key):
            out = {}
            if self.random.random() < 0.8:
                out[key] = [peer() for _ in range(self.random.randint(1, 2))]
            if self.random.random() < 0.6:
                out["ports"] = self.ports(False)
            return out
        types = self.random.choice([["Ingress"], ["Egress"], ["Ingress", "Egress"]])
        spec = {"podSelector": self.selector(), "policyTypes": types}
        for kind, key in ("Ingress", "from"), ("Egress", "to"):
            if kind in types:
                spec[kind.lower()] = [rule(key) for _ in range(self.random.randint(0, 2))]
        return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                "metadata": {"name": f"np{number}", "namespace": self.random.choice("abc")},
                "spec": spec}

    def cluster_policy(self, number):
        def peer(egress):
            choice = self.random.random()
            if egress and choice < 0.3:
                return {"networks": self.random.sample(self.CIDRS, 2)}
            if egress and choice < 0.4:
                return {"nodes": {}}
            return {"namespaces": self.random.choice([{}, {"matchLabels": {"team": "a"}}])}
        def rule(key):
            out = {"action": self.random.choice(["Accept", "Deny", "Pass"]),
                   key: [peer(key == "to")]}
            if self.random.random() < 0.6:
                out["protocols"] = self.ports(True)
            return out
        return {"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
                "metadata": {"name": f"cnp{number}"},
                "spec": {"tier": self.random.choice(["Admin", "Baseline"]), "priority": number,
                         "subject": {"namespaces": self.random.choice(
                             [{}, {"matchLabels": {"team": "b"}}])},
                         "ingress": [rule("from") for _ in range(self.random.randint(0, 2))],
                         "egress": [rule("to") for _ in range(self.random.randint(0, 2))]}}

    def manifests(self):
        items = [{"apiVersion": "v1", "kind": "Namespace",
                  "metadata": {"name": name, "labels": {"team": name}}} for name in "abc"]
        for name, addresses in self.nodes.items():
            items.append({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
                          "status": {"addresses": [{"type": "InternalIP", "address": a}
                                                   for a in addresses]}})
        for path, pod in self.pods.items():
            space, name = path.split("/")
            items.append({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": name, "namespace": space, "labels": pod["labels"]},
                "spec": {"nodeName": pod["node"], "containers": [
                    {"name": "c", "ports": [{"name": "http", "containerPort": pod["port"]}]}]},
                "status": {"phase": "Running", "podIP": pod["addresses"][0],
                           "podIPs": [{"ip": a} for a in pod["addresses"]]}})
        return {"apiVersion": "v1", "kind": "List", "items": items + self.policies}

    def known(self):
        pods = [a for pod in self.pods.values() for a in pod["addresses"]]
        return pods + [a for addresses in self.nodes.values() for a in addresses]

    def ends(self):
        outside = ["203.0.113.1", "203.0.113.200", "10.9.9.9", "10.0.0.0", "198.51.100.9",
                   "2001:db8::9", "fd00::99", "2a00::1"]
        return self.known() + outside

    def own_node(self, source, destination):
        """One of the two is the node of the other."""
        for node, addresses in self.nodes.items():
            for pod in self.pods.values():
                if pod["node"] != node:
                    continue
                if source in addresses and destination in pod["addresses"]:
                    return True
                if destination in addresses and source in pod["addresses"]:
                    return True
        return False


def family(address):
    return ipaddress.ip_address(address).version


class Groups:
    """Which group an address is in: by name, or by the longest block that policies mention."""

    def __init__(self, groups, worlds):
        self.known = {a for world in worlds for a in world.known()}
        mentioned = mentioned_in(*(world.manifests() for world in worlds))
        self.of_address = {a: g["id"] for g in groups for a in g["addresses"]}
        self.of_block = {b["cidr"]: g["id"] for g in groups for b in g["blocks"]}
        self.mentioned = mentioned

    def find(self, address):
        if address in self.known:
            return self.of_address.get(address)
        number = ipaddress.ip_address(address)
        around = [b for b in self.mentioned if number.version == b.version and number in b]
        longest = max(around, key=lambda block: block.prefixlen)
        return self.of_block.get(str(longest))


def mentioned_in(*manifests):
    """The blocks of all policies, and the two that are everything."""
    text = json.dumps(manifests)
    return [ipaddress.ip_network(c) for c in World.CIDRS if f'"{c}"' in text] + \
        [ipaddress.ip_network(c) for c in ("0.0.0.0/0", "::/0")]


def holds(connections, protocol, port):
    for each in connections:
        if each["protocol"] == protocol and each["first"] <= port <= each["last"]:
            return True
        if each["protocol"] == "other" and protocol not in ("TCP", "UDP", "SCTP"):
            return True
    return False


class Case(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)

    def write(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def evaluate(self, manifests, probes):
        lines = []
        for source, destination, protocol, port in probes:
            line = {"from": source, "to": destination, "protocol": protocol,
                    "family": f"IPv{family(source)}"}
            if port is not None:
                line["port"] = port
            lines.append(json.dumps(line))
        done = run("eval", "--manifests", manifests, "--probes", "-", text="\n".join(lines))
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def answer(self, *arguments, status=0):
        done = run(*arguments, "--output", "json")
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout)

    def assert_refused(self, done, *words):
        self.assertEqual((done.returncode, done.stdout), (2, ""), done)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)


def probes_between(ends):
    return [(a, b, protocol, port) for a in ends for b in ends
            if a != b and family(a) == family(b) for protocol, port in PORTS]


class AgainstEval(Case):
    def test_matrix_and_diff_say_what_eval_says(self):
        changed = 0
        for seed in range(SEEDS):
            old = World(seed)
            new = old.mutated()
            paths = [self.write(f"{name}{seed}.json", world.manifests())
                     for name, world in (("old", old), ("new", new))]
            probes = probes_between(sorted(set(old.ends()) | set(new.ends())))
            before = self.evaluate(paths[0], probes)
            after = self.evaluate(paths[1], probes)
            with self.subTest(seed=seed):
                self.check_matrix(old, paths[0], zip(probes, before))
                changed += self.check_diff((old, new), paths, list(zip(probes, before, after)))
        self.assertGreater(changed, 0)

    def check_matrix(self, world, path, answers):
        matrix = self.answer("matrix", "--manifests", path)
        groups = Groups(matrix["groups"], [world])
        cells = {(c["from"], to): c for c in matrix["cells"] for to in c["to"]}
        for (source, destination, protocol, port), answer in answers:
            cell = cells.get((groups.find(source), groups.find(destination)))
            verdict = "allow"
            if cell is not None:
                number = cell["outcome"]
                if world.own_node(source, destination):
                    number = cell.get("own_node", number)
                connections = matrix["outcomes"][number]["connections"]
                verdict = "allow" if holds(connections, protocol, port) else "deny"
            self.assertEqual(verdict, answer["verdict"], (source, destination, protocol, port))

    def check_diff(self, worlds, paths, answers):
        differs = any(a["verdict"] != b["verdict"] for _, a, b in answers)
        done = run("diff", *paths, "--output", "json")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        diff = json.loads(done.stdout)
        if differs:
            self.assertEqual(done.returncode, 1)
        groups = Groups(diff["groups"], worlds)
        changes = {}
        for change in diff["changes"]:
            own = (change["own_node"]["before"], change["own_node"]["after"])
            changes.setdefault((change["from"], change["to"], own), []).append(change)
        count = 0
        for (source, destination, protocol, port), before, after in answers:
            own = tuple(world.own_node(source, destination) for world in worlds)
            key = (groups.find(source), groups.find(destination), own)
            found = [c for c in changes.get(key, []) if holds(c["connections"], protocol, port)]
            where = (source, destination, protocol, port)
            if before["verdict"] == after["verdict"]:
                self.assertEqual(found, [], where)
                continue
            count += 1
            self.assertEqual(len(found), 1, where)
            self.assertEqual((found[0]["before"], found[0]["after"]), (before, after), where)
        return count


CLUSTER = World(1)


class Diff(Case):
    def test_nothing_changes(self):
        path = self.write("a.json", CLUSTER.manifests())
        done = run("diff", path, path)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "no change\n", ""))

    def test_pods_that_come_and_go_are_named(self):
        old = self.write("old.json", CLUSTER.manifests())
        other = World(1)
        gone = sorted(other.pods)[0]
        other.pods["c/new"] = dict(other.pods.pop(gone), addresses=["10.0.0.77"])
        diff = self.answer("diff", old, self.write("new.json", other.manifests()), status=1)
        self.assertEqual((diff["added"], diff["removed"]), (["c/new"], [gone]))

    def test_one_port_only(self):
        policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                  "metadata": {"name": "closed", "namespace": "a"}, "spec": {"podSelector": {}}}
        world = World(3)
        world.policies = []
        world.pods["a/x"] = dict(world.pods[sorted(world.pods)[0]], addresses=["10.0.0.50"])
        old = self.write("old.json", world.manifests())
        world.policies = [policy]
        new = self.write("new.json", world.manifests())
        diff = self.answer("diff", old, new, "--port", "tcp/80", status=1)
        for change in diff["changes"]:
            self.assertEqual(change["connections"],
                             [{"protocol": "TCP", "first": 80, "last": 80}])
        text = run("diff", old, new)
        self.assertEqual(text.returncode, 1)
        self.assertIn("allow -> deny", text.stdout)
        self.assertIn("NetworkPolicy/a/closed isolation", text.stdout)

    def test_what_cannot_be_compared(self):
        policy = self.write("p.json", CLUSTER.policies[0])
        done = run("diff", policy, policy)
        self.assertEqual(done.returncode, 0)
        self.assertIn("no pod", done.stderr)
        self.assert_refused(run("diff", policy), "OLD and NEW")
        self.assert_refused(run("diff", policy, policy, policy), "OLD and NEW")
        self.assert_refused(run("diff", policy, self.folder / "absent"), "absent")
        self.assert_refused(run("diff", "--live", policy, policy), "--live")
        self.assert_refused(run("diff", "--live", policy, "--address", "unix:/nowhere"))

    def test_objects_of_both_sides_may_be_given_once(self):
        world = World(2)
        policies, world.policies = world.policies, []
        cluster = self.write("cluster.json", world.manifests())
        empty = self.write("empty.json", {"apiVersion": "v1", "kind": "List", "items": []})
        all_policies = self.write("p.json", {"apiVersion": "v1", "kind": "List",
                                             "items": policies})
        done = run("diff", empty, all_policies, "--cluster", cluster)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertNotIn("no pod", done.stderr)


class Matrix(Case):
    HOSTILE = "x\x1b[2J<script>alert(1)</script>\u202e\"&'"

    def hostile(self):
        world = World(5)
        world.pods["a/evil"] = dict(world.pods[sorted(world.pods)[0]], addresses=["10.0.0.66"],
                                    labels={"app": self.HOSTILE, "only": self.HOSTILE})
        return self.write("hostile.json", world.manifests())

    def test_names_command_no_terminal(self):
        done = run("matrix", "--manifests", self.hostile())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(set(done.stdout) & set("\x1b\u202e"))

    def test_a_picture_is_xml_without_scripts(self):
        done = run("matrix", "--manifests", self.hostile(), "--output", "svg")
        self.assertEqual(done.returncode, 0, done.stderr)
        root = xml.etree.ElementTree.fromstring(done.stdout)
        names = {element.tag.split("}")[1] for element in root.iter()}
        self.assertEqual(names, {"svg", "title", "style", "rect", "circle", "g", "text"})
        self.assertNotIn("href", done.stdout)
        self.assertNotIn("\u202e", done.stdout)
        titles = [e.text for e in root.iter() if e.tag.endswith("title")]
        self.assertTrue(any("NetworkPolicy/" in title for title in titles))

    def test_ports_that_are_asked_about(self):
        path = self.write("a.json", CLUSTER.manifests())
        matrix = self.answer("matrix", "--manifests", path, "--port", "tcp/80", "udp/53", "icmp")
        for outcome in matrix["outcomes"]:
            for each in outcome["connections"]:
                self.assertIn((each["protocol"], each.get("first")),
                              [("TCP", 80), ("UDP", 53), ("ICMP", None)])
        self.assert_refused(run("matrix", "--manifests", path, "--port", "tcp"), "--port")

    def test_one_family(self):
        path = self.write("a.json", CLUSTER.manifests())
        for number in 4, 6:
            matrix = self.answer("matrix", "--manifests", path, "--family", f"IPv{number}")
            addresses = [a for g in matrix["groups"] for a in g["addresses"]]
            self.assertEqual({family(a) for a in addresses}, {number})

    def test_text_is_a_table_with_a_legend(self):
        done = run("matrix", "--manifests", self.write("a.json", CLUSTER.manifests()))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertRegex(lines[0], r"^7 pods in 3 namespaces, 2 nodes, \d+ address blocks?: \d+ groups$")
        self.assertRegex(lines[1], r"^42 pairs of pods .*: \S+% all, \S+% some, \S+% none$")
        self.assertEqual(lines[3].split(), ["GROUP", "SIZE", "EXAMPLE", "WHO"])
        self.assertTrue(any(line.startswith("FROM \\ TO") for line in lines))


class Filters(Case):
    """What is asked for is what the whole matrix says of it, and nothing else."""

    @staticmethod
    def answers(matrix, world):
        """{(from, to): connections, those of the own node} of addresses that have a cell."""
        groups = Groups(matrix["groups"], [world])
        cells = {(c["from"], to): c for c in matrix["cells"] for to in c["to"]}
        out = {}
        for a in world.ends():
            for b in world.ends():
                cell = cells.get((groups.find(a), groups.find(b)))
                if a != b and family(a) == family(b) and cell:
                    out[a, b] = [json.dumps(matrix["outcomes"][cell[key]]["connections"])
                                 if key in cell else "" for key in ("outcome", "own_node")]
        return out

    def test_some_pods_only(self):
        compared = 0
        for seed in range(SEEDS):
            world = World(seed)
            path = self.write("a.json", world.manifests())
            whole = self.answers(self.answer("matrix", "--manifests", path), world)
            pod = sorted(world.pods)[seed % len(world.pods)]
            space = sorted(world.pods)[-1].split("/")[0]
            for arguments, chosen in ((["--namespace", space], {space}), (["--pod", pod], {pod}),
                                      (["--pod", pod, "--namespace", space], {pod, space}),
                                      (["--namespace", space, "--namespace", pod.split("/")[0]],
                                       {space, pod.split("/")[0]})):
                addresses = {a for path_of, each in world.pods.items() for a in each["addresses"]
                             if path_of in chosen or path_of.split("/")[0] in chosen}
                wanted = {key: value for key, value in whole.items() if set(key) & addresses}
                matrix = self.answer("matrix", "--manifests", path, *arguments)
                self.assertEqual(self.answers(matrix, world), wanted, (seed, arguments))
                named = {a for g in matrix["groups"] if g["chosen"] for a in g["addresses"]}
                self.assertEqual(named, addresses)
                compared += len(wanted)
        self.assertGreater(compared, 100)

    def test_only_what_is_denied_or_allowed(self):
        for seed in range(SEEDS):
            world = World(seed)
            path = self.write("a.json", world.manifests())
            whole = self.answers(self.answer("matrix", "--manifests", path, "--port", "tcp/80"),
                                 world)
            everything = json.dumps([{"protocol": "TCP", "first": 80, "last": 80}])
            for only, boring in ("denied", everything), ("allowed", "[]"):
                wanted = {key: value for key, value in whole.items()
                          if any(each not in ("", boring) for each in value)}
                matrix = self.answer("matrix", "--manifests", path, "--port", "tcp/80", "--only",
                                     only)
                self.assertEqual(self.answers(matrix, world), wanted, (seed, only))
                text = run("matrix", "--manifests", path, "--port", "tcp/80", "--only", only,
                           "--output", "text").stdout
                word = "all" if only == "denied" else "none"
                cells = {cell for line in text.split("\n\n")[2].splitlines()[1:]
                         for cell in line.split()[1:]}
                self.assertNotIn(word, cells)
            allowed = self.answer("matrix", "--manifests", path, "--only", "all")
            self.assertEqual(allowed, self.answer("matrix", "--manifests", path))

    def test_pairs_are_counted(self):
        world = World(7)
        path = self.write("a.json", world.manifests())
        matrix = self.answer("matrix", "--manifests", path, "--family", "IPv4")
        groups = Groups(matrix["groups"], [world])
        cells = {(c["from"], to): c["outcome"] for c in matrix["cells"] for to in c["to"]}
        everything = max((json.dumps(o["connections"]) for o in matrix["outcomes"]
                          if o["allowed"] == "all"), default="")
        counts = {"all": 0, "some": 0, "none": 0}
        for a in world.pods.values():
            for b in world.pods.values():
                if a is b:
                    continue
                ends = groups.find(a["addresses"][0]), groups.find(b["addresses"][0])
                connections = json.dumps(matrix["outcomes"][cells[ends]]["connections"])
                counts["none" if connections == "[]" else
                       "all" if connections == everything else "some"] += 1
        self.assertEqual(matrix["pod_pairs"], counts)

    def test_who_is_not_there_is_refused(self):
        path = self.write("a.json", CLUSTER.manifests())
        self.assert_refused(run("matrix", "--manifests", path, "--namespace", "nowhere"),
                            "--namespace", "nowhere")
        self.assert_refused(run("matrix", "--manifests", path, "--pod", "a/nobody"),
                            "--pod", "a/nobody")
        self.assert_refused(run("matrix", "--manifests", path, "--only", "some"), "--only")
        self.assert_refused(run("matrix", "--manifests", path, "--only", "all", "--only", "all"))


def many_apps(spaces, apps, copies, policies, nodes=100):
    """A cluster in which every namespace has the same apps, and some of them have policies."""
    chosen = random.Random(1)
    items = [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"n{node}"}, "status": {
        "addresses": [{"type": "InternalIP", "address": f"172.16.0.{node + 1}"}]}}
             for node in range(nodes)]
    for space in range(spaces):
        items.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": f"team-{space}", "labels": {"env": "prod" if space % 3 else "test",
                                                "team": f"team-{space}"}}})
        for app in range(apps):
            for copy in range(copies):
                number = (space * apps + app) * copies + copy
                items.append({
                    "apiVersion": "v1", "kind": "Pod",
                    "metadata": {"name": f"app{app}-{copy}", "namespace": f"team-{space}",
                                 "labels": {"app": f"app{app}"}},
                    "spec": {"nodeName": f"n{number % nodes}", "containers": []},
                    "status": {"phase": "Running", "podIP": f"10.{number >> 16}."
                                                            f"{number >> 8 & 255}.{number & 255}"}})
    for number in range(policies):
        space, app = chosen.randrange(spaces), f"app{chosen.randrange(apps)}"
        peer = chosen.choice([
            {"podSelector": {"matchLabels": {"app": f"app{chosen.randrange(apps)}"}}},
            {"namespaceSelector": {"matchLabels": {"env": "prod"}}},
            {"namespaceSelector": {"matchLabels": {"team": f"team-{chosen.randrange(spaces)}"}}}])
        items.append({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                      "metadata": {"name": f"np{number}", "namespace": f"team-{space}"},
                      "spec": {"podSelector": {"matchLabels": {"app": app}}, "ingress": [
                          {"from": [peer], "ports": [{"port": 8000 + chosen.randrange(9)}]}]}})
    return {"apiVersion": "v1", "kind": "List", "items": items}


class Readable(Case):
    """Answers about large clusters are short enough to be looked at."""

    def text_of(self, path, *arguments):
        done = run("matrix", "--manifests", path, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def picture_of(self, path):
        text = self.text_of(path, "--output", "svg")
        root = xml.etree.ElementTree.fromstring(text)
        labels = [e.text for e in root.iter() if e.tag.endswith("text")
                  and e.get("text-anchor") == "end"]
        return text, root, labels

    def test_ten_thousand_pods_of_twenty_apps(self):
        path = self.write("apps.json", many_apps(100, 20, 5, 300))
        text = self.text_of(path)
        lines = text.splitlines()
        groups = int(lines[0].split()[-2])
        self.assertRegex(lines[0], "^10000 pods in 100 namespaces, 100 nodes, 0 address blocks: ")
        self.assertLess(len(lines), 120)
        self.assertLess(max(map(len, lines)), 260)
        start = next(i for i, line in enumerate(lines) if line.startswith("BLOCK"))
        rows = [line for line in lines[start + 1:] if line.endswith("|")]
        self.assertEqual({len(line.split("|")[1]) for line in rows}, {len(rows)})
        few = self.text_of(path, "--namespace", "team-1").splitlines()
        self.assertRegex(few[0], "^100 pods in 1 namespace, ")
        whole = self.answer("matrix", "--manifests", path)
        self.assertEqual(len(whole["groups"]), groups)
        self.assertEqual(sum(whole["pod_pairs"].values()), 10000 * 9999)
        picture, root, labels = self.picture_of(path)
        self.assertEqual(len(labels), groups)
        self.assertLessEqual(groups, 1000)
        print(f"10,000 pods, 300 policies: {groups} groups, {len(lines)} lines of text, "
              f"{len(few)} for one namespace, picture {len(picture) / 1e6:.1f} MB")

    def test_a_picture_is_never_refused(self):
        path = self.write("apps.json", many_apps(60, 40, 1, 2400))
        groups = int(self.text_of(path).splitlines()[0].split()[-2])
        self.assertGreater(groups, 1000)
        _, root, labels = self.picture_of(path)
        self.assertLessEqual(len(labels), 63)
        self.assertTrue(any("by namespace" in (e.text or "") for e in root.iter()))
        titles = [e.text for e in root.iter() if e.tag.endswith("title")]
        self.assertTrue(any(title.endswith("none of the ports") for title in titles))

    def test_of_many_groups_cells_are_drawn_together(self):
        path = self.write("apps.json", many_apps(30, 20, 1, 500))
        _, root, labels = self.picture_of(path)
        self.assertGreater(len(labels), 250)
        paths = [e for e in root.iter() if e.tag.endswith("path")]
        self.assertLessEqual(len(paths), 4)
        self.assertFalse(any("href" in key for e in root.iter() for key in e.keys()))


class Large(Case):
    def test_ten_thousand_pods(self):
        items = []
        for space in range(200):
            name = f"team-{space}"
            items.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {
                "name": name, "labels": {"kind": "prod" if space % 3 else "test"}}})
            for pod in range(50):
                number = space * 50 + pod
                items.append({
                    "apiVersion": "v1", "kind": "Pod",
                    "metadata": {"name": f"p-{pod}", "namespace": name, "labels": {
                        "app": f"app-{pod % 5}", "pod-template-hash": f"{number:x}"}},
                    "spec": {"nodeName": f"n{number % 100}", "containers": [
                        {"name": "c", "ports": [{"name": "http", "containerPort": 8080}]}]},
                    "status": {"phase": "Running",
                               "podIP": f"10.{number // 250 // 250}.{number // 250 % 250}."
                                        f"{number % 250 + 1}"}})
            for app in range(5):
                items.append({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                              "metadata": {"name": f"app-{app}", "namespace": name}, "spec": {
                                  "podSelector": {"matchLabels": {"app": f"app-{app}"}},
                                  "ingress": [{"from": [{"podSelector": {}}], "ports": [
                                      {"port": 8000 + app, "endPort": 8080}]}]}})
        for node in range(100):
            items.append({"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"n{node}"},
                          "status": {"addresses": [{"type": "InternalIP",
                                                    "address": f"172.16.0.{node + 1}"}]}})
        path = self.write("large.json", {"apiVersion": "v1", "kind": "List", "items": items})
        for output in "text", "json":
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            start = time.monotonic()
            done = run("matrix", "--manifests", path, "--output", output)
            wall = time.monotonic() - start
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            self.assertEqual(done.returncode, 0, done.stderr)
            print(f"matrix of 10,000 pods, 1,000 policies, {output}: {cpu:.1f} s of a core, "
                  f"{wall:.1f} s on the clock, {len(done.stdout) / 1e6:.1f} MB")
        self.assertLess(len(json.loads(done.stdout)["groups"]), 1200)


ANP = {"apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "AdminNetworkPolicy",
       "metadata": {"name": "guard", "labels": {"kept": "yes"}, "uid": "gone"},
       "spec": {"priority": 7, "subject": {"namespaces": {}}, "ingress": [
           {"name": "web", "action": "Allow", "from": [{"namespaces": {}}], "ports": [
               {"portNumber": {"port": 80}},
               {"portRange": {"protocol": "UDP", "start": 53, "end": 53}},
               {"portRange": {"start": 9, "end": 8}}, {"namedPort": "http"}]},
           {"action": "Deny", "from": [{"namespaces": {"matchLabels": {"team": "b"}}}]},
           {"action": "Pass", "from": [{"pods": {"namespaceSelector": {}, "podSelector": {}}}],
            "ports": [{"portRange": {"start": 5, "end": 4}}]}]}}


class Convert(Case):
    def converted(self, *objects, cluster=True):
        items = World(4).manifests()["items"][:12] if cluster else []
        path = self.write("in.json", {"apiVersion": "v1", "kind": "List",
                                      "items": [*items, *objects]})
        return run("convert", "--to", "cnp", path, "--output", "json")

    def policies(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        return [o for o in json.loads(done.stdout)["items"] if o["kind"].endswith("Policy")]

    def test_an_admin_policy(self):
        (policy,) = self.policies(self.converted(ANP))
        self.assertEqual(policy["kind"], "ClusterNetworkPolicy")
        self.assertEqual(policy["metadata"], {"name": "guard", "labels": {"kept": "yes"}})
        self.assertEqual(policy["spec"], {
            "tier": "Admin", "priority": 7, "subject": {"namespaces": {}}, "ingress": [
                {"name": "web", "action": "Accept", "from": [{"namespaces": {}}], "protocols": [
                    {"tcp": {"destinationPort": {"number": 80}}},
                    {"udp": {"destinationPort": {"number": 53}}},
                    {"destinationNamedPort": "http"}]},
                {"action": "Deny", "from": [{"namespaces": {"matchLabels": {"team": "b"}}}]}]})

    def test_the_baseline(self):
        policy = {"apiVersion": ANP["apiVersion"], "kind": "BaselineAdminNetworkPolicy",
                  "metadata": {"name": "default"}, "spec": {
                      "subject": {"namespaces": {}},
                      "egress": [{"action": "Deny", "to": [{"networks": ["0.0.0.0/0"]}]}]}}
        (made,) = self.policies(self.converted(policy))
        self.assertEqual((made["spec"]["tier"], made["spec"]["priority"]), ("Baseline", 0))

    def test_long_lists_are_split(self):
        rule = {"action": "Allow", "from": [{"namespaces": {"matchLabels": {"n": str(i)}}}
                                            for i in range(60)],
                "ports": [{"portNumber": {"port": 100 + i}} for i in range(30)]}
        many = json.loads(json.dumps(ANP))
        many["spec"]["ingress"] = [rule] * 9
        made = self.policies(self.converted(many))
        self.assertEqual([p["spec"]["priority"] for p in made], [7, 8, 9])
        self.assertEqual([p["metadata"]["name"] for p in made], ["guard", "guard-2", "guard-3"])
        rules = [r for p in made for r in p["spec"]["ingress"]]
        self.assertEqual(len(rules), 9 * 3 * 2)
        self.assertEqual([len(p["spec"]["ingress"]) for p in made], [25, 25, 4])
        self.assertEqual({len(r["from"]) for r in rules}, {25, 10})
        self.assertEqual({len(r["protocols"]) for r in rules}, {25, 5})
        taken = json.loads(json.dumps(ANP))
        taken["metadata"]["name"], taken["spec"]["priority"] = "next", 8
        self.assert_refused(self.converted(many, taken), "priority", "AdminNetworkPolicy/guard")

    def test_what_cannot_be_said_is_refused_by_name(self):
        for change, words in (({"namedPort": {"protocol": "TCP", "name": "x"}}, "namedPort"),
                              ({"portNumber": {"protocol": "GRE", "port": 1}}, "protocol"),
                              ({"portSet": []}, "portSet")):
            policy = json.loads(json.dumps(ANP))
            policy["spec"]["ingress"][0]["ports"] = [change]
            self.assert_refused(self.converted(policy), "AdminNetworkPolicy/guard", words)

    def test_a_value_of_another_type_is_refused_and_nothing_else_happens(self):
        def places(value, path=()):
            yield path
            items = value.items() if isinstance(value, dict) else \
                enumerate(value) if isinstance(value, list) else ()
            for key, each in items:
                yield from places(each, (*path, key))
        old = self.network_policy("old", version="extensions/v1beta1", podSelector={"app": "db"},
                                  allowIncoming={"from": [{"pods": {"app": "web"}}],
                                                 "toPorts": [{"port": 80, "protocol": "TCP"}]})
        for policy in ANP, old:
            for path in places(policy):
                for value in (5, "x", [], {}, None, [5]):
                    if not path or path == ("kind",):
                        continue
                    odd = json.loads(json.dumps(policy))
                    at = odd
                    for key in path[:-1]:
                        at = at[key]
                    at[path[-1]] = value
                    done = self.converted(odd, cluster=False)
                    self.assertIn(done.returncode, (0, 2), (path, value, done.stderr))

    def test_without_pods_it_says_so(self):
        done = self.converted(ANP, cluster=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no pods were given", done.stderr)

    def test_policies_that_would_change_places_are_not_printed(self):
        # Asked after guard as an AdminNetworkPolicy, before it by its name.
        first = json.loads(json.dumps(ANP))
        first["metadata"]["name"], first["spec"]["ingress"] = "zebra", [
            {"action": "Allow", "from": [{"namespaces": {}}]}]
        other = {"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
                 "metadata": {"name": "ape"}, "spec": {
                     "tier": "Admin", "priority": 7, "subject": {"namespaces": {}},
                     "ingress": [{"action": "Deny", "from": [{"namespaces": {}}]}]}}
        for cluster in (True, False):
            self.assert_refused(self.converted(first, other, cluster=cluster), "order of now",
                                "AdminNetworkPolicy/zebra", "ClusterNetworkPolicy/ape")
        other["metadata"]["name"] = "zoo"
        self.assertEqual(self.names(self.converted(first, other)),
                         {("Admin", "zebra"), ("Admin", "zoo")})

    def test_the_oldest_policies(self):
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "old", "annotations": {
            "net.beta.kubernetes.io/network-policy": '{"ingress":{"isolation":"DefaultDeny"}}'}}}
        def policy(name, **spec):
            return {"apiVersion": "extensions/v1beta1", "kind": "NetworkPolicy",
                    "metadata": {"name": name, "namespace": "old"}, "spec": spec}
        done = self.converted(
            space, policy("new", podSelector={}, ingress=[{"from": []}, {"ports": [{"port": 1}]}]),
            policy("oldest", podSelector={"app": "db"}, allowIncoming={
                "from": [{"pods": {"app": "web"}}], "toPorts": [{"port": 80, "protocol": "TCP"}]}),
            dict(policy("idle", podSelector={}), metadata={"name": "idle", "namespace": "free"}))
        made = {p["metadata"]["name"]: p for p in self.policies(done)}
        self.assertEqual(set(made), {"default-deny", "new", "oldest"})
        self.assertEqual({p["apiVersion"] for p in made.values()}, {"networking.k8s.io/v1"})
        self.assertEqual(made["new"]["spec"]["ingress"], [{"ports": [{"port": 1}]}])
        self.assertEqual(made["oldest"]["spec"], {
            "podSelector": {"matchLabels": {"app": "db"}}, "ingress": [
                {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}],
                 "ports": [{"port": 80, "protocol": "TCP"}]}]})
        self.assertIn("NetworkPolicy/free/idle: left out", done.stderr)
        spaces = [o for o in json.loads(done.stdout)["items"]
                  if o["kind"] == "Namespace" and o["metadata"]["name"] == "old"]
        self.assertEqual(spaces[0]["metadata"], {"name": "old"})

    ISOLATED = {"net.beta.kubernetes.io/network-policy": '{"ingress":{"isolation":"DefaultDeny"}}'}

    @staticmethod
    def cluster_policy(name, **spec):
        return {"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
                "metadata": {"name": name}, "spec": {
                    "tier": "Admin", "priority": 900, "subject": {"namespaces": {}}, **spec}}

    @staticmethod
    def network_policy(name, space="a", version="networking.k8s.io/v1", **spec):
        return {"apiVersion": version, "kind": "NetworkPolicy",
                "metadata": {"name": name, "namespace": space}, "spec": spec}

    @staticmethod
    def baseline(name="default"):
        return {"apiVersion": ANP["apiVersion"], "kind": "BaselineAdminNetworkPolicy",
                "metadata": {"name": name}, "spec": {
                    "subject": {"namespaces": {}},
                    "egress": [{"action": "Deny", "to": [{"networks": ["203.0.113.0/24"]}]}]}}

    def named(self, name, priority=7):
        policy = json.loads(json.dumps(ANP))
        policy["metadata"]["name"], policy["spec"]["priority"] = name, priority
        return policy

    def names(self, done):
        """By kind, tier and namespace; no object is there twice, and the result is sound."""
        items = json.loads(done.stdout)["items"]
        keys = [(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in items]
        self.assertEqual(len(keys), len(set(keys)), keys)
        lint = run("lint", self.write("printed.json", done.stdout), "--channel", "experimental")
        self.assertNotIn("Duplicate", lint.stdout)
        return {(p["spec"].get("tier") or p["metadata"]["namespace"], p["metadata"]["name"])
                for p in self.policies(done)}

    def isolated(self, *objects, space="a"):
        """The cluster with an annotated namespace."""
        items = World(4).manifests()["items"][:12]
        for item in items:
            if item["kind"] == "Namespace" and item["metadata"]["name"] == space:
                item["metadata"]["annotations"] = dict(self.ISOLATED)
        path = self.write("in.json", {"apiVersion": "v1", "kind": "List",
                                      "items": [*items, *objects]})
        return run("convert", "--to", "cnp", path, "--output", "json")

    def test_what_is_made_takes_no_name_that_is_taken(self):
        everything = {"ingress": [{}]}
        for given, wanted in (
                ([ANP, self.cluster_policy("guard")], {("Admin", "guard"), ("Admin", "guard-2")}),
                ([self.named("default"), self.baseline()],
                 {("Admin", "default"), ("Baseline", "default-2")}),
                ([self.baseline(), self.named("default")],
                 {("Admin", "default"), ("Baseline", "default-2")}),
                ([self.named("default"), self.baseline(), self.cluster_policy("default"),
                  self.cluster_policy("default-2", priority=901)],
                 {("Admin", "default"), ("Admin", "default-2"), ("Admin", "default-3"),
                  ("Baseline", "default-4")})):
            with self.subTest(wanted=sorted(wanted)):
                self.assertEqual(self.names(self.converted(*given)), wanted)
        done = self.isolated(self.network_policy("default-deny", podSelector={}, **everything),
                             self.network_policy("default-deny-2", podSelector={}, **everything))
        self.assertEqual(self.names(done), {("a", "default-deny"), ("a", "default-deny-2"),
                                            ("a", "default-deny-3")})
        self.assertIn("Namespace/a: has become NetworkPolicy/a/default-deny-3, because "
                      "NetworkPolicy/a/default-deny is there already", done.stderr)
        kept = [p for p in self.policies(done) if p["metadata"]["name"] == "default-deny"]
        self.assertEqual(kept[0]["spec"], {"podSelector": {}, **everything})
        # The name is free in another namespace.
        done = self.isolated(self.network_policy("default-deny", space="b", podSelector={}))
        self.assertEqual(self.names(done), {("a", "default-deny"), ("b", "default-deny")})

    def test_parts_of_a_policy_keep_out_of_the_way(self):
        many = self.named("guard")
        many["spec"]["ingress"] = [ANP["spec"]["ingress"][1]] * 60
        taken = self.cluster_policy("guard-2")
        done = self.converted(many, taken)
        self.assertEqual(self.names(done), {("Admin", name) for name in
                                            ("guard", "guard-2", "guard-3", "guard-4")})
        kept = [p for p in self.policies(done) if p["metadata"]["name"] == "guard-2"]
        self.assertEqual(kept, [taken])

    def test_names_that_are_made_are_valid(self):
        long = ".".join(["a" * 62] * 4) + "z"
        done = self.converted(self.named(long), self.cluster_policy(long))
        made = {name for _, name in self.names(done)} - {long}
        (name,) = made
        self.assertLessEqual(len(name), 253)
        self.assertLessEqual(len(name.split(".")[-1]), 63)
        self.assertRegex(name, r"^[a-z0-9.-]+[a-z0-9]-2$")

    def test_two_objects_of_one_name_are_refused(self):
        open_policy = {"podSelector": {}, "ingress": [{}]}
        self.assert_refused(self.converted(ANP, self.named("guard", priority=8)),
                            "AdminNetworkPolicy/guard (", "metadata.name", "in.json:")
        self.assert_refused(self.converted(self.network_policy("x", podSelector={}),
                                           self.network_policy("x", version="extensions/v1beta1",
                                                               **open_policy)),
                            "extensions/v1beta1 NetworkPolicy/a/x (",
                            "networking.k8s.io/v1 NetworkPolicy/a/x (", "metadata.name")
        default = self.network_policy("x", space="default", podSelector={})
        implied = json.loads(json.dumps(default))
        del implied["metadata"]["namespace"]
        self.assert_refused(self.converted(default, implied), "metadata.name")
        # Twice the same is one.
        self.assertEqual(self.names(self.converted(ANP, ANP)), {("Admin", "guard")})

    def test_random_policies_of_old_kinds_keep_their_meaning(self):
        """convert compares what it prints with what was meant; here nothing may change."""
        def some(chosen, make):
            return [make() for _ in range(chosen.randint(0, 2))]
        for seed in range(2 * SEEDS):
            chosen = random.Random(seed)
            world = World(seed)
            def labels():
                return chosen.choice([{}, {"app": "web"}, {"app": "db"}, {"tier": "x"}])
            def selector():
                return chosen.choice([{}, {"matchLabels": labels()}, {"matchExpressions": [
                    {"key": "tier", "operator": "NotIn", "values": ["x"]},
                    {"key": "app", "operator": "Exists"}]}])
            def peer():
                return chosen.choice([{"podSelector": selector()}, {"namespaceSelector": selector()},
                                      {"podSelector": selector(), "namespaceSelector": {}},
                                      {"ipBlock": {"cidr": "10.0.0.0/29", "except": ["10.0.0.4/30"]}}])
            def port():
                return chosen.choice([{}, {"port": 80}, {"protocol": "UDP"}, {"port": "http"},
                                      {"protocol": "SCTP", "port": 7}, {"port": 80, "endPort": 90}])
            def rule(key):
                out = {}
                if chosen.random() < 0.7:
                    out[key] = some(chosen, peer)
                if chosen.random() < 0.7:
                    out["ports"] = some(chosen, port)
                return out
            def oldest_rule():
                return {"from": some(chosen, lambda: chosen.choice([
                    {"pods": labels()}, {"namespaces": {"team": "a"}}])),
                        "toPorts": some(chosen, lambda: {"port": 80, "protocol": "TCP"})}
            policies = []
            for number in range(chosen.randint(1, 4)):
                spec = {"podSelector": selector(), "ingress": some(chosen, lambda: rule("from"))}
                if chosen.random() < 0.3:
                    spec = {"podSelector": labels(), "allowIncoming": chosen.choice(
                        [None, oldest_rule(), [oldest_rule(), oldest_rule()]])}
                elif chosen.random() < 0.4:
                    spec.update(egress=some(chosen, lambda: rule("to")),
                                policyTypes=chosen.choice([["Egress"], ["Ingress", "Egress"], []]))
                policies.append(self.network_policy(f"p{number}", space=chosen.choice("abc"),
                                                    version="extensions/v1beta1", **spec))
            given = world.manifests()
            for item in given["items"]:
                if item["kind"] == "Namespace" and chosen.random() < 0.3:
                    item["metadata"]["annotations"] = dict(self.ISOLATED)
            given["items"] += policies
            for output in "yaml", "json":
                done = run("convert", "--to", "cnp", self.write("in.json", given), "--output",
                           output)
                self.assertEqual(done.returncode, 0, (seed, done.stderr))
                self.assertNotIn("not compared", done.stderr, seed)

    def test_oldest_policies_are_compared_by_what_they_meant(self):
        """The printed result, held against a judge of its own."""
        pods = {f"{space}/{app}": {"app": app} for space in "ab" for app in ("db", "web", "job")}
        items = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": space, "labels": {"team": space}, **({"annotations": self.ISOLATED}
                                                         if space == "a" else {})}}
                 for space in "ab"]
        for number, (path, labels) in enumerate(pods.items()):
            space, name = path.split("/")
            items.append({"apiVersion": "v1", "kind": "Pod",
                          "metadata": {"name": name, "namespace": space, "labels": labels},
                          "spec": {"containers": []},
                          "status": {"phase": "Running", "podIPs": [{"ip": f"10.0.0.{number + 1}"}]}})
        version = "extensions/v1beta1"
        policies = [
            self.network_policy("new", version=version, podSelector={"matchLabels": {"app": "web"}},
                                ingress=[{"from": []}, {"ports": []}, {"ports": [{"port": 1}]}]),
            self.network_policy("oldest", version=version, podSelector={"app": "db"},
                                allowIncoming=[{"from": [{"pods": {"app": "web"}}, {
                                    "namespaces": {"team": "b"}}], "toPorts": [{"port": 80}]},
                                               {"from": []}]),
            self.network_policy("idle", space="b", version=version, podSelector={})]
        path = self.write("in.json", {"apiVersion": "v1", "kind": "List", "items": items + policies})
        done = run("convert", "--to", "cnp", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("not compared", done.stderr)
        self.assertNotIn("not checked", done.stderr)
        probes = [(a, b, "TCP", port) for a in pods for b in pods if a != b for port in (1, 80, 81)]
        lines = "\n".join(json.dumps({"from": a, "to": b, "protocol": protocol, "port": port})
                          for a, b, protocol, port in probes)
        answers = run("eval", "--manifests", self.write("out.yaml", done.stdout), "--probes", "-",
                      text=lines)
        for probe, line in zip(probes, answers.stdout.splitlines(), strict=True):
            source, destination, _, port = probe
            allowed = destination.startswith("b/") or \
                (destination == "a/web" and port == 1) or \
                (destination == "a/db" and port == 80 and
                 (source == "a/web" or source.startswith("b/")))
            self.assertEqual(json.loads(line)["verdict"], "allow" if allowed else "deny", probe)

    def test_what_nobody_knows_the_meaning_of_is_not_compared(self):
        done = self.isolated(self.network_policy(
            "odd", version="extensions/v1beta1", podSelector={}, newField=1))
        self.assertEqual((done.returncode, done.stdout), (2, ""), done)  # v1 has no such field

    def test_yaml_says_the_same(self):
        path = self.write("in.json", ANP)
        done = run("convert", "--to", "cnp", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        again = self.write("out.yaml", done.stdout)
        self.assertEqual(run("lint", again).stdout, "")
        once = json.loads(run("convert", "--to", "cnp", path, "--output", "json").stdout)
        twice = json.loads(run("convert", "--to", "cnp", again, "--output", "json").stdout)
        self.assertEqual(once, twice)


if __name__ == "__main__":
    unittest.main()

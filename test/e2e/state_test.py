#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Connections over time, with a real tierwalld: the state cases as packets on the wire, and the same
stories with sockets of real hosts. What is denied is seen not to arrive.
"""
import importlib.machinery
import importlib.util
import json
import os
import socket
import time
import unittest

import e2e
import frames
from e2e import Lab, run

CASES = os.path.join(e2e.ROOT, "test/conformance/cases")
SHORT = "pickup_s: 0\ntimeouts: {udp_single_s: 4, udp_replied_s: 4, icmp_s: 4}"
EXPIRED_S = 5.5
FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16}
DENIALS = ("policy_deny", "isolated", "mid_stream")
SEEN_S = 5


def conformance():
    """The functions of test/conformance/run."""
    path = os.path.join(e2e.ROOT, "test/conformance/run")
    loader = importlib.machinery.SourceFileLoader("conformance_run", path)
    spec = importlib.util.spec_from_loader("conformance_run", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def state_cases():
    """Those that need no answers of DNS."""
    for name in sorted(os.listdir(CASES)):
        if name.startswith("state_") and name.endswith(".json"):
            with open(os.path.join(CASES, name)) as file:
                case = json.load(file)
            if not any(step["op"] == "dns_response" for step in case["steps"]):
                yield case


class Manifests:
    """What tierwall-sync reads; a change is waited for until it is enforced."""

    def __init__(self, lab, cluster):
        self.lab, self.last, self.epoch = lab, None, 0
        lab.write_manifest("cluster.json", json.dumps(conformance().manifests(
            {"cluster": cluster, "policies": []})))

    def write(self, policies):
        self.last = policies
        self.lab.write_manifest("policies.json", json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": policies}))

    def enforce(self, policies):
        if policies != self.last:
            self.write(policies)
            self.epoch = self.lab.wait_enforced(after_epoch=self.epoch)


class Wire(unittest.TestCase):
    """Frames made by hand between hosts whose kernels have no address, and so keep quiet."""

    HOSTS = ("blue/web", "red/web", "kube-system/dns")

    @classmethod
    def setUpClass(cls):
        cls.cases = list(state_cases())
        cls.lab = Lab(extra_config=SHORT)
        cls.lab.__enter__()
        cls.addClassCleanup(cls.lab.close)
        cluster = cls.cases[0]["cluster"]
        cls.ips = {"%(namespace)s/%(name)s" % pod: pod["ips"][0] for pod in cluster["pods"]}
        v6 = {"%(namespace)s/%(name)s" % pod: pod["ips"][1] for pod in cluster["pods"]}
        for name in cls.HOSTS:
            cls.lab.add_host(name, cls.ips[name], v6[name])
        cls.lab.add_host("outside", "192.0.2.1", "2001:db8::1", "uplink")
        for host in cls.lab.hosts:
            run("ip", "-n", host.netns, "addr", "flush", "dev", "eth0")
            host.start()
        cls.macs = {host.name: cls.lab.mac(host.name) for host in cls.lab.hosts}
        for host in cls.lab.hosts:
            for name, mac in cls.macs.items():
                if name != host.name:
                    host.ask(cmd="watch", mac=mac.hex())
        cls.manifests = Manifests(cls.lab, cluster)
        cls.manifests.write([])
        cls.lab.start_sync()
        cls.lab.start_daemon()
        cls.manifests.epoch = cls.lab.wait_enforced()
        cls.introduce()

    @classmethod
    def introduce(cls):
        """Everybody says once where he is, so that the switch knows all MAC addresses."""
        for host in cls.lab.hosts:
            arp = frames.arp(1, cls.macs[host.name], host.v4, host.v4)
            frame = frames.ethernet(frames.BROADCAST, cls.macs[host.name], 0x0806, arp)
            host.ask(cmd="raw_send", frames=[frame.hex()])
        time.sleep(0.3)

    def host_of(self, end):
        return end if end in self.HOSTS else "outside"

    def address(self, end):
        return self.ips.get(end, end)

    def arrived(self, source, target):
        key = "FRAME %s 0800" % self.macs[source].hex(":")
        return self.lab.host(target).ask(cmd="arrivals")["arrivals"].get(key, 0)

    def denied(self):
        reasons = self.lab.reasons()
        return sum(reasons.get(name, 0) for name in DENIALS)

    def transport(self, step, shift):
        """Ports that a client chooses are moved, so that no case meets another one's flows."""
        def port(number):
            return number + shift if number >= 40000 else number
        ends = self.address(step["from"]), self.address(step["to"])
        ports = port(step["sport"]), port(step["dport"])
        if step["protocol"] == "UDP":
            return 17, frames.udp(*ends, *ports)
        flags = sum(FLAGS[word] for word in step.get("flags", "SYN").split("+"))
        return 6, frames.tcp(*ends, *ports, flags=flags)

    def packet(self, step, shift):
        ends = self.address(step["from"]), self.address(step["to"])
        if step["op"] == "packet":
            return frames.ip(*ends, *self.transport(step, shift))[1]
        inner = step["embedded"]
        protocol, segment = self.transport(inner, shift)
        quoted = frames.ip(self.address(inner["from"]), self.address(inner["to"]), protocol,
                           segment)[1]
        head = bytes([step["type"], step["code"], 0, 0, 0, 0, 0x05, 0x00])
        value = frames.checksum(head + quoted)
        return frames.ip(*ends, 1, head[:2] + value.to_bytes(2, "big") + head[4:] + quoted)[1]

    def send(self, step, shift):
        """Answers whether the packet arrived. One that did not was counted as denied."""
        source, target = self.host_of(step["from"]), self.host_of(step["to"])
        before, denied = self.arrived(source, target), self.denied()
        frame = frames.ethernet(self.macs[target], self.macs[source], 0x0800,
                                self.packet(step, shift))
        self.lab.host(source).ask(cmd="raw_send", frames=[frame.hex()])
        deadline = time.monotonic() + SEEN_S
        while time.monotonic() < deadline:
            if self.arrived(source, target) > before:
                return True
            if self.denied() > denied:
                time.sleep(0.05)
                return self.arrived(source, target) > before
        self.fail("neither arrived nor counted: %s" % step)

    def play(self, case, shift):
        self.manifests.enforce(case["policies"])
        for number, step in enumerate(case["steps"]):
            if step["op"] == "set_policies":
                self.manifests.enforce(step["policies"])
            elif step["op"] == "advance":
                time.sleep(EXPIRED_S)
            elif not step.get("ambiguous"):
                self.assertEqual(self.send(step, shift), step["expect"] == "allow",
                                 "%s step %d: %s" % (case["name"], number, step))
                self.packets[step["expect"]] += 1

    def test_the_state_cases(self):
        self.packets = {"allow": 0, "deny": 0}
        for number, case in enumerate(self.cases):
            with self.subTest(case["name"]):
                self.play(case, 10 * (number + 1))
        self.assertGreater(min(self.packets.values()), 0)
        e2e.figure("%d state cases on the wire: %d packets arrived, %d were seen not to" % (
            len(self.cases), self.packets["allow"], self.packets["deny"]))


def policy(name, pod, ingress=None, egress=None):
    spec = {"podSelector": {"matchLabels": {"app": pod}}, "policyTypes": []}
    for key, rules in (("ingress", ingress), ("egress", egress)):
        if rules is not None:
            spec["policyTypes"].append(key.capitalize())
            spec[key] = rules
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def pod(name, last, node):
    return {"namespace": "shop", "name": name, "labels": {"app": name}, "node": node,
            "ips": ["10.9.0.%d" % last, "fd00:9::%d" % last], "hostNetwork": False, "ports": []}


FROM_CLIENT = [{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}]
# The server talks to nobody of its own accord, and hears only the client.
SERVER = policy("server", "server", FROM_CLIENT, [])
NOBODY = policy("server", "server", [], [])
CLIENT = policy("client", "client", [])
STRANGER = policy("other", "other", [], [])
FAR = "203.0.113.9"


class Sockets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(extra_config=SHORT)
        cls.lab.__enter__()
        cls.addClassCleanup(cls.lab.close)
        pods = [pod("client", 1, "n1"), pod("server", 2, "n2"), pod("other", 3, "n2")]
        for one in pods:
            cls.lab.add_host("shop/" + one["name"], *one["ips"])
        cls.lab.add_host("outside", "192.0.2.1", "2001:db8::1", "uplink")
        nodes = [{"name": name, "labels": {}, "addresses": [
            {"type": "InternalIP", "address": address}]} for name, address in (
                ("n1", "172.16.0.1"), ("n2", "172.16.0.2"))]
        cls.manifests = Manifests(cls.lab, {"namespaces": [{"name": "shop", "labels": {}}],
                                            "nodes": nodes, "pods": pods})
        cls.manifests.write([SERVER])
        cls.lab.serve()
        cls.lab.start_sync()
        cls.lab.start_daemon()
        cls.manifests.epoch = cls.lab.wait_enforced()

    def setUp(self):
        self.manifests.enforce([SERVER])

    def moved_on(self, streams, words, timeout_s=15):
        def moved():
            try:
                return streams.words()[0] > words
            except KeyError:  # not accepted yet
                return False
        e2e.wait_until(moved, timeout_s, "more of the transfer")

    def reached(self, source, target, port=80, protocol="TCP"):
        probe = {"id": 1, "from": source, "to": target, "protocol": protocol, "family": "IPv4",
                 "port": port, "timeout": 2}
        return self.lab.probe([probe])[1]["reached"]

    def flows_to_port(self, port):
        rows = json.loads(self.lab.ctl("flows", "--address", self.lab.status_socket, "--of",
                                       "10.9.0.2", "--output", "json"))
        return [row for row in rows if (row["source"], row["destination"]) ==
                ("10.9.0.1", "10.9.0.2") and row["destination_port"] == port]

    def test_a_transfer_through_changes_of_policy(self):
        streams = e2e.Streams(self.lab, [("shop/client", "shop/server", "IPv4")], 500_000)
        self.moved_on(streams, 0)
        # The acknowledgements are replies: the server's own connections are denied.
        self.assertFalse(self.reached("shop/server", "shop/client"))
        self.manifests.enforce([SERVER, STRANGER])
        self.moved_on(streams, streams.words()[0])
        self.manifests.enforce([NOBODY])
        time.sleep(0.2)
        stopped = streams.words()[0]
        time.sleep(1)
        self.assertEqual(streams.words()[0], stopped, "a revoked connection went on")
        self.manifests.enforce([SERVER])
        self.moved_on(streams, stopped)
        self.manifests.enforce([])
        self.moved_on(streams, streams.words()[0])
        self.assertTrue(self.reached("shop/server", "shop/client"))
        (title, problem, _, gap_ms), = streams.finish()
        self.assertEqual(problem, "", title)
        self.assertGreater(gap_ms, 1000)
        e2e.figure("a revoked transfer stood still for %.0f ms, then lost nothing" % gap_ms)

    def test_a_connection_that_was_denied_leaves_no_state(self):
        self.manifests.enforce([NOBODY])
        self.assertFalse(self.reached("shop/client", "shop/server"))
        arrivals = self.lab.host("shop/server").ask(cmd="arrivals")["arrivals"]
        self.assertEqual(arrivals.get("TCP 10.9.0.1 80", 0), 0)
        self.assertEqual(self.flows_to_port(80), [])
        self.manifests.enforce([])
        self.assertTrue(self.reached("shop/client", "shop/server"))
        self.assertEqual(len(self.flows_to_port(80)), 1)

    def test_udp_answers_pass_until_the_exchange_has_been_silent(self):
        client = e2e.socket_in(self.lab.host("shop/client").netns, socket.AF_INET,
                               socket.SOCK_DGRAM)
        server = e2e.socket_in(self.lab.host("shop/server").netns, socket.AF_INET,
                               socket.SOCK_DGRAM)
        with client, server:
            server.bind(("10.9.0.2", 5353))
            server.settimeout(5)
            client.bind(("10.9.0.1", 0))
            client.settimeout(5)
            client.sendto(b"question", ("10.9.0.2", 5353))
            _, peer = server.recvfrom(64)
            for word in (b"answer", b"and another"):
                server.sendto(word, peer)
                self.assertEqual(client.recv(64), word)
            # To another port of the client, the server speaks first.
            denied = self.lab.reasons().get("isolated", 0)
            server.sendto(b"unasked", (peer[0], peer[1] ^ 1))
            e2e.wait_until(lambda: self.lab.reasons().get("isolated", 0) > denied, 5, "a denial")
            time.sleep(EXPIRED_S)
            server.sendto(b"too late", peer)
            client.settimeout(1)
            with self.assertRaises(socket.timeout):
                client.recv(64)
            client.sendto(b"again", ("10.9.0.2", 5353))
            self.assertEqual(server.recvfrom(64)[0], b"again")

    def test_path_mtu_discovery_works_for_a_client_that_nobody_may_call(self):
        """A router behind the uplink, whose next link is narrow, says so by an ICMP error."""
        self.manifests.enforce([CLIENT])
        router, far = self.lab.host("outside").netns, self.lab.prefix + "-far"
        run("ip", "netns", "add", far)
        self.lab.made.append(far)
        run("ip", "-n", router, "link", "add", "far0", "type", "veth", "peer", "name", "eth0",
            "netns", far)
        run("ip", "-n", router, "link", "set", "far0", "mtu", "1000", "up")
        run("ip", "-n", router, "addr", "add", "203.0.113.1/24", "dev", "far0")
        run("ip", "netns", "exec", router, "sysctl", "-qw", "net.ipv4.ip_forward=1",
            "net.ipv4.conf.eth0.proxy_arp=1")
        run("ip", "-n", far, "addr", "add", FAR + "/24", "dev", "eth0")
        run("ip", "-n", far, "link", "set", "eth0", "up")
        run("ip", "-n", far, "route", "add", "default", "via", "203.0.113.1")
        self.assertFalse(self.reached("outside", "shop/client"))
        related = self.lab.reasons().get("related_icmp", 0)
        listener = e2e.socket_in(far, socket.AF_INET, socket.SOCK_STREAM)
        client = e2e.socket_in(self.lab.host("shop/client").netns, socket.AF_INET,
                               socket.SOCK_STREAM)
        with listener, client:
            listener.bind((FAR, 7000))
            listener.listen(1)
            listener.settimeout(5)
            client.settimeout(5)
            client.connect((FAR, 7000))
            taken, _ = listener.accept()
            with taken:
                taken.settimeout(10)
                client.sendall(b"x" * 20000)
                got = 0
                while got < 20000:
                    got += len(taken.recv(65536))
                self.assertLessEqual(client.getsockopt(socket.IPPROTO_IP, 14), 1000)  # IP_MTU
        self.assertGreater(self.lab.reasons().get("related_icmp", 0), related)


if __name__ == "__main__":
    e2e.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tierwall-bench: its figures add up, in memory and in front of a running tierwalld."""
import json
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

import e2e
from e2e import ROOT, laboratory
from lab import Process

BENCH = os.path.join(laboratory.BIN, "tierwall-bench")
SMALL = ["--rules", "200", "--flows", "2000"]
# Others share the cores: queues that outlast a time slice of theirs.
PATIENT = ["--ring", "16384", "--trial-s", "0.2", "--resolution", "20", "--attempts", "10",
           "--max-rate", "100000", "--warmup-rate", "50000"]
TWO_PODS = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: c, image: i}]}
status: {phase: Running, podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {nodeName: n1, containers: [{name: c, image: i}]}
status: {phase: Running, podIP: 10.0.0.2, podIPs: [{ip: 10.0.0.2}]}
"""
ISOLATED = TWO_PODS + """
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nobody, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""


def bench(*arguments):
    return subprocess.run([BENCH, *arguments], capture_output=True, text=True, timeout=180)


def measured(*arguments):
    done = bench(*arguments, "--output", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def udp_frame(source, destination):
    ip = bytes([0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, *source, *destination])
    return bytes(12) + b"\x08\x00" + ip + struct.pack(">HHHH", 40_000, 53, 26, 0) + bytes(18)


def capture_of(frames):
    text = struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65_535, 1)
    for frame in frames:
        text += struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame
    return text


class Folder(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory(prefix="tw-bench-")
        self.addCleanup(made.cleanup)
        self.folder = made.name

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb" if isinstance(content, bytes) else "w") as out:
            out.write(content)
        return path


class InMemory(Folder):
    def test_a_run_forwards_what_it_receives_and_its_figures_add_up(self):
        report = measured("run", *SMALL, "--duration", "0.5", "--size", "128")
        packets = report["packets"]
        self.assertGreater(packets["received"], 10_000)
        self.assertEqual((packets["lost"], packets["dropped"], packets["changed_workers"]),
                         (0, 0, 0))
        # The workers go on while their counters are read.
        self.assertAlmostEqual(packets["forwarded"] / packets["received"], 1, delta=0.05)
        self.assertEqual(set(report["reasons"]), {"established"})
        self.assertEqual(report["frame_bytes"], 128)
        rate = packets["received"] / report["seconds"] / 1e6
        self.assertAlmostEqual(report["received"]["mpps"] / rate, 1, delta=0.01)
        self.assertAlmostEqual(
            report["received"]["gbit_s"] / (report["received"]["mpps"] * 128 * 8 / 1000), 1,
            delta=0.01)
        self.assertEqual(report["new_connections_per_s"], 0)

    def test_new_connections_are_as_many_as_are_wanted(self):
        report = measured("run", *SMALL, "--duration", "0.5", "--new-connections-share", "25")
        opened, passed = (report["reasons"][name] for name in ("policy", "established"))
        self.assertAlmostEqual(opened / (opened + passed), 0.25, delta=0.02)
        self.assertAlmostEqual(report["new_connections_per_s"] * report["seconds"] / opened, 1,
                               delta=0.05)

    def test_two_workers_share_connections_without_handing_packets_over(self):
        report = measured("run", *SMALL, "--duration", "0.5", "--workers", "2")
        self.assertGreater(report["packets"]["forwarded"], 10_000)
        self.assertEqual(report["packets"]["changed_workers"], 0)

    def test_a_search_finds_a_rate_that_loses_nothing(self):
        report = measured("search", *SMALL, *PATIENT, "--size", "64,1518")
        self.assertEqual([each["size"] for each in report["sizes"]], [64, 1518])
        for each in report["sizes"]:
            found = each["loss_free"]
            self.assertGreater(found["mpps"], 0, report)
            self.assertEqual(found["lost"], 0)
            self.assertGreater(found["packets"], 0)
            latency = each["latency_us"]["at_loss_free"]
            self.assertEqual(latency["packets"], found["packets"])
            order = [latency[key] for key in ("p50", "p90", "p99", "p99_9", "max")]
            self.assertEqual(order, sorted(order))
            self.assertGreater(latency["p50"], 0)
            confirmed = each["trials"][-1]
            self.assertEqual((confirmed["lost"], confirmed["received"]), (0, confirmed["offered"]))
        path = self.file("found.json", json.dumps(report))
        done = subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "bench/operator/plot.py"),
                               path], capture_output=True, text=True, check=True)
        self.assertEqual(len(done.stdout.split()), 2)
        for plot in done.stdout.split():
            with open(plot) as text:
                self.assertIn("<polyline", text.read())

    def test_a_capture_is_judged_by_given_policies(self):
        capture = self.file("two.pcap", capture_of(
            [udp_frame((10, 0, 0, 1), (10, 0, 0, 2)), udp_frame((192, 0, 2, 1), (10, 0, 0, 2))]))
        opened = measured("run", "--policies", self.file("open.yaml", TWO_PODS), "--pcap", capture,
                          "--duration", "0.3")
        self.assertGreater(opened["packets"]["forwarded"], 1_000)
        self.assertEqual(opened["packets"]["dropped"], 0)
        closed = measured("run", "--policies", self.file("closed.yaml", ISOLATED), "--pcap",
                          capture, "--duration", "0.3")
        self.assertEqual(closed["packets"]["forwarded"], 0)
        self.assertGreater(closed["reasons"]["isolated"], 1_000)
        self.assertEqual(set(closed["reasons"]), {"isolated"})

    def refused(self, word, *arguments):
        done = bench(*arguments)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done)
        last = done.stderr.strip().split("\n")[-1]
        self.assertTrue(last.startswith("tierwall-bench: "), done.stderr)
        self.assertIn(word, last)

    def test_what_cannot_be_measured_is_refused_in_one_line(self):
        closed = self.file("closed.yaml", ISOLATED)
        self.refused("policy allows only 0", "run", "--policies", closed, "--duration", "0.1")
        random_bytes = self.file("random.pcap", bytes(range(256)) * 40)
        self.refused("unknown file format", "run", *SMALL[:2], "--pcap", random_bytes)
        cut = self.file("cut.pcap", capture_of([udp_frame((10, 0, 0, 1), (10, 0, 0, 2))])[:-5])
        self.refused("is damaged", "search", *SMALL[:2], "--pcap", cut)
        whole = self.file("whole.pcap", capture_of([udp_frame((10, 0, 0, 1), (10, 0, 0, 2))]))
        self.refused("none of 1 packets", "search", "--policies", closed, "--pcap", whole,
                     "--settle-s", "0.02")
        self.refused("device net_nothing0", "drive", *SMALL, "--port", "net_nothing0", "--port",
                     "net_nothing1")
        self.refused("--size", "run", "--size", "63")
        self.refused("excludes", "run", "--rules", "100", "--policies", closed)


class BesideTestpmd(Folder):
    def test_every_packet_of_a_capture_in_a_loop_is_tracked_and_allowed(self):
        if not shutil.which("dpdk-testpmd"):
            self.skip("there is no dpdk-testpmd")
        found = os.path.join(self.folder, "found.json")
        done = subprocess.run([os.path.join(ROOT, "bench/forward_io.py"), "--no-build", "--turns",
                               "1", "--seconds", "0.5", "--rules", "200", "--flows", "4096",
                               "--output", found], capture_output=True, text=True, timeout=180,
                              env={**os.environ, "TIERWALL_BIN": laboratory.BIN})
        if "free hugepages" in done.stderr:
            self.skip(done.stderr.strip().split("\n")[-1])
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(found) as file:
            report = json.load(file)
        self.assertEqual(report, json.loads(done.stdout))
        self.assertEqual(report["conditions"]["flows"], 4096)
        self.assertEqual(set(report["conditions"]["reasons"]), {"established", "policy"})
        self.assertEqual(report["conditions"]["reasons"]["policy"], 4096)
        self.assertEqual(report["testpmd"]["core"], report["tierwalld"]["core"])
        self.assertGreater(report["ratio"]["median"], 0)
        self.assertLess(report["ratio"]["median"], 1)

    def skip(self, reason):
        print("\nskipped: beside testpmd: " + reason, flush=True)
        self.skipTest(reason)


class Driven(Folder):
    def start_daemon(self, devices):
        measured("prepare", *SMALL, "--state-dir", os.path.join(self.folder, "state"))
        lines = ["eal: " + json.dumps(laboratory.eal_arguments(256)), "ports:"]
        for name, device in zip(("pods", "uplink"), devices):
            lines.append('  - {name: %s, device: "%s", side: %s}' % (name, device, name))
        status = os.path.join(self.folder, "status.sock")
        lines += ["mode: wire", "sync: unix:%s/nobody.sock" % self.folder,
                  "state_dir: %s/state" % self.folder, "status_socket: " + status, ""]
        config = self.file("tierwalld.yaml", "\n".join(lines))
        daemon = Process("tierwalld", [os.path.join(laboratory.BIN, "tierwalld"), "--config",
                                       config], os.path.join(self.folder, "tierwalld.log"))
        self.addCleanup(daemon.stop)
        self.address = "unix:" + status
        e2e.wait_until(lambda: os.path.exists(status) and self.status().get("epoch"), 20,
                       "tierwalld enforcing its snapshot")

    def status(self):
        done = subprocess.run([os.path.join(laboratory.BIN, "tierwallctl"), "status", "--address",
                               self.address, "--output", "json"], capture_output=True, text=True)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def test_a_running_daemon_is_driven_over_memif(self):
        words = "net_memif%d,role=%s,id=0,socket-abstract=no,rsize=12,socket=%s/%s.sock"
        sides = list(enumerate(("pods", "uplink")))
        self.start_daemon([words % (i, "server", self.folder, side) for i, side in sides])
        ports = [word for i, side in sides
                 for word in ("--port", words % (i, "client", self.folder, side))]
        report = measured("drive", *SMALL, *ports, "--size", "64", "--trial-s", "0.2",
                          "--resolution", "20", "--attempts", "10", "--max-rate", "50000",
                          "--warmup-rate", "20000")
        each = report["sizes"][0]
        self.assertGreater(each["loss_free"]["mpps"], 0, report)
        self.assertEqual(each["loss_free"]["lost"], 0)
        self.assertEqual(report["traffic"]["connections"] + report["traffic"]["refused"], 2000)
        self.assertGreater(report["traffic"]["connections"], 1900)
        worker = self.status()["workers"][0]
        self.assertGreaterEqual(int(worker["flows"]), report["traffic"]["connections"])
        e2e.figure("a tierwalld over memif forwards %.3f Mpps without loss (at most 0.05 asked), "
                   "p50 %.0f us" % (each["loss_free"]["mpps"],
                                    each["latency_us"]["at_loss_free"]["p50"]))


if __name__ == "__main__":
    e2e.main(__name__)

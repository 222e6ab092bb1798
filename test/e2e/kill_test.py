#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of tierwall-sync and of tierwalld under live connections: what breaks, and what must not.

Packets in flight are lost when tierwalld dies; no allowed TCP connection is.
"""
import random
import signal
import time
import unittest

import e2e
from e2e import Lab, demo

WIRE_MANIFESTS = """
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
  - apiVersion: v1
    kind: Pod
    metadata: {namespace: shop, name: client, labels: {app: client}}
    spec: {nodeName: node-1, containers: [{name: c}]}
    status: {phase: Running, podIPs: [{ip: 10.244.1.12}, {ip: "fd00:10:244:1::12"}]}
  - apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {namespace: shop, name: client-egress}
    spec:
      podSelector: {}
      policyTypes: [Ingress, Egress]
      egress: [{ports: [{port: 80}, {port: 9000}]}]
"""


def wire_probes():
    """The client may call TCP 80 outside; the outside may call nothing."""
    rows = []
    for family in ("IPv4", "IPv6"):
        for protocol, port in (("TCP", 80), ("UDP", 53), ("ICMP", 0)):
            for source, target in (("shop/client", "outside"), ("outside", "shop/client")):
                rows.append({"id": len(rows) + 1, "from": source, "to": target, "port": port,
                             "protocol": protocol, "family": family, "timeout": 1.2,
                             "expected": protocol == "TCP" and source == "shop/client"})
    return rows


def wire_lab(lab):
    lab.add_host("shop/client", "10.244.1.12", "fd00:10:244:1::12")
    lab.add_host("outside", "203.0.113.10", "2001:db8:113::10", "uplink")
    lab.write_manifest("all.yaml", WIRE_MANIFESTS)
    lab.serve()
    lab.start_sync()
    lab.start_daemon()
    lab.wait_enforced()


SWITCH_PAIRS = [("shop/web", "shop/cart", "IPv4"), ("shop/client", "monitoring/logs", "IPv4"),
                ("shop/client", "monitoring/logs", "IPv6"), ("payments/api", "payments/job", "IPv6"),
                ("monitoring/logs", "payments/api", "IPv4"), ("shop/web", "outside", "IPv4"),
                ("outside", "payments/job", "IPv6")]
WIRE_PAIRS = [("shop/client", "outside", "IPv4"), ("shop/client", "outside", "IPv6")] * 2


class Kill(unittest.TestCase):
    def kill_sync(self, lab, probes):
        before = lab.status()["epoch"]
        lab.sync.stop(signal.SIGKILL)
        lab.sync = None
        e2e.wait_until(lambda: not lab.status().get("sync_connected"), 10, "sync seen as gone")
        self.assertEqual(lab.status()["epoch"], before)
        self.assertEqual(e2e.expected_now(lab, probes), [])

    def kill_daemon(self, lab, probes, down_s):
        lab.daemon.stop(signal.SIGKILL)
        time.sleep(down_s)
        started = time.monotonic()
        lab.start_daemon()
        lab.wait_enforced()
        took = time.monotonic() - started
        # tierwall-sync is dead: what is enforced now came from the disk.
        self.assertEqual(lab.status()["source"], "disk")
        self.assertEqual(e2e.expected_now(lab, probes), [])
        return took

    def story(self, lab, pairs, probes, mode):
        streams = e2e.Streams(lab, pairs)
        time.sleep(1)
        self.assertEqual(e2e.expected_now(lab, probes), [])
        self.kill_sync(lab, probes)
        took = self.kill_daemon(lab, probes, down_s=0.3)
        words = streams.words()
        e2e.wait_until(lambda: all(b > a for a, b in zip(words, streams.words())), 20,
                       "every stream moving again")
        rows = streams.finish()
        lost = [r for r in rows if r[1]]
        e2e.figure("%s mode, kill -9 of both: %d TCP connections open, %d lost, %d packets sent "
                   "again, longest silence %.0f ms (tierwalld was back after %.0f ms)" % (
                       mode, len(rows), len(lost), sum(r[2] for r in rows),
                       max(r[3] for r in rows), took * 1000 + 300))
        self.assertEqual(lost, [])
        # A new tierwall-sync is found again, and the next change is enforced.
        epoch = int(lab.status()["epoch"])
        lab.start_sync()
        e2e.wait_until(lambda: lab.status().get("sync_connected"), 15, "sync found again")
        return epoch

    def test_no_connection_is_lost_in_switch_mode(self):
        with Lab() as lab:
            e2e.demo_lab(lab)
            probes = random.Random(1).sample(demo.read_expected(), 60)
            epoch = self.story(lab, SWITCH_PAIRS, probes, "switch")
            lab.write_manifest("31-shop-cart.yaml",
                               open(demo.FOLDER + "/cart-closed.yaml").read())
            lab.wait_enforced(epoch)
            closed = [{"id": 1, "from": "shop/web", "to": "shop/cart", "protocol": "TCP",
                       "port": 80, "family": "IPv4", "timeout": 1.2, "expected": False}]
            e2e.wait_until(lambda: not e2e.expected_now(lab, closed), 5, "the change enforced")

    def test_no_connection_is_lost_in_wire_mode(self):
        with Lab(mode="wire") as lab:
            wire_lab(lab)
            self.story(lab, WIRE_PAIRS, wire_probes(), "wire")


if __name__ == "__main__":
    e2e.main()

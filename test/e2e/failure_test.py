#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Snapshots that cannot be enforced, manifests that cannot be read, tables that are full.

Each time the last good state goes on working, the trouble is named, and the next good state works.
"""
import json
import time
import unittest

import e2e
from e2e import Lab, demo

CART = "31-shop-cart.yaml"
FLOWS_MAX = 1024
FULL_CONFIG = "flows_max: %d\ntimeouts: {udp_single_s: 5, udp_replied_s: 5}" % FLOWS_MAX


def pods(count):
    items = [{"apiVersion": "v1", "kind": "Pod",
              "metadata": {"namespace": "shop", "name": "extra-%d" % i, "labels": {"app": "extra"}},
              "spec": {"nodeName": "node-1", "containers": [{"name": "c"}]},
              "status": {"phase": "Running", "podIPs": [{"ip": "10.244.9.%d" % (i + 1)}]}}
             for i in range(count)]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def one(source, target, expected, protocol="TCP", port=80):
    return [{"id": 1, "from": source, "to": target, "protocol": protocol, "port": port,
             "family": "IPv4", "timeout": 1.2, "expected": expected}]


def demo_text(name):
    with open("%s/%s" % (demo.FOLDER, name)) as file:
        return file.read()


class Failure(unittest.TestCase):
    def assertSeen(self, lab, *probes):
        for probe in probes:
            self.assertEqual(e2e.expected_now(lab, probe), [])

    def test_refused_snapshot_leaves_the_old_one_serving_and_the_next_one_works(self):
        with Lab(extra_config="addresses_max: 64") as lab:
            epoch = e2e.demo_lab(lab)
            open_cart, no_cart = one("shop/web", "shop/cart", True), one("shop/web", "shop/cart", False)
            self.assertSeen(lab, open_cart)
            # More addresses than this dataplane can hold, and a policy change in the same epoch.
            lab.write_manifest(CART, demo_text("cart-closed.yaml"))
            lab.wait_enforced(epoch)
            self.assertSeen(lab, no_cart)
            epoch = int(lab.status()["epoch"])
            lab.write_manifest("60-extra.yaml", pods(100))
            e2e.wait_until(lambda: int(lab.status().get("nacks", 0)) >= 1, 10, "a refusal")
            status = lab.status()
            self.assertEqual(int(status["epoch"]), epoch)
            problems = " ".join(status["last_problems"])
            self.assertIn("address", problems)
            self.assertIn("64", problems)
            self.assertSeen(lab, no_cart)
            lab.write_manifest(CART, demo_text("manifests/" + CART))
            time.sleep(0.5)
            self.assertEqual(int(lab.status()["epoch"]), epoch, "still too many addresses")
            lab.write_manifest("60-extra.yaml", pods(3))
            lab.wait_enforced(epoch)
            self.assertSeen(lab, open_cart)
            e2e.figure("a snapshot with too many addresses was refused (%s); the old one went on, "
                       "the next one works" % problems)

    def test_unreadable_manifests_keep_what_was_good(self):
        with Lab() as lab:
            epoch = e2e.demo_lab(lab)
            # The policy that opens the cart becomes nonsense: its last good version stays.
            lab.write_manifest(CART, "kind: [NetworkPolicy\n")
            time.sleep(0.5)
            self.assertSeen(lab, one("shop/web", "shop/cart", True))
            # A new policy without a readable past isolates the pods it selects.
            lab.write_manifest("70-new.yaml", """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: payments, name: broken}
spec:
  podSelector: {matchLabels: {app: api}}
  ingress: [{from: [{}]}]
""")
            lab.wait_enforced(epoch)
            self.assertSeen(lab, one("monitoring/logs", "payments/api", False))
            # A cluster policy that may deny and cannot be read holds back every new epoch.
            epoch = int(lab.status()["epoch"])
            lab.write_manifest("80-cluster.yaml", """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: broken}
spec: {tier: Admin, priority: 5000, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}
""")
            lab.write_manifest("70-new.yaml", "")
            time.sleep(0.7)
            self.assertEqual(int(lab.status()["epoch"]), epoch)
            self.assertIn("ClusterNetworkPolicy/broken", lab.sync.tail(40))
            status = lab.status()
            self.assertIn("ClusterNetworkPolicy/broken", " ".join(status["source_blocked"]))
            self.assertTrue(any("publishes nothing new" in w for w in status["warnings"]), status)
            lab.write_manifest("80-cluster.yaml", "")
            e2e.wait_until(lambda: not lab.status().get("source_blocked"), 5, "nothing blocked")
            lab.write_manifest(CART, demo_text("cart-closed.yaml"))
            lab.wait_enforced(epoch)
            e2e.wait_until(lambda: not e2e.expected_now(lab, one("shop/web", "shop/cart", False)),
                           5, "the cart closed")
            e2e.wait_until(lambda: not e2e.expected_now(
                lab, one("monitoring/logs", "payments/api", True)), 5, "the isolation lifted")

    def test_full_flow_table_refuses_new_flows_and_serves_the_old_ones(self):
        with Lab(extra_config=FULL_CONFIG) as lab:
            e2e.demo_lab(lab)
            streams = e2e.Streams(lab, [("shop/web", "shop/cart", "IPv4"),
                                        ("shop/client", "monitoring/logs", "IPv6")])
            time.sleep(0.3)
            client = lab.host("shop/client")
            target = lab.host("monitoring/logs").v4
            packets = []
            for port in range(20000, 20000 + 2 * FLOWS_MAX):
                kind, packet = e2e.frames.ip(client.v4, target, 17,
                                             e2e.frames.udp(client.v4, target, port, 53))
                packets.append(e2e.frames.ethernet(lab.mac("monitoring/logs"),
                                                   lab.mac("shop/client"), kind, packet).hex())
            client.ask(cmd="raw_send", frames=packets)
            time.sleep(0.5)
            moved = {name: value for name, value in lab.reasons().items() if value}
            self.assertGreater(moved.get("flow_table_full", 0), 0, moved)
            status = lab.status()
            worker = status["workers"][0]
            self.assertLessEqual(int(worker["flows"]), FLOWS_MAX)
            self.assertTrue(any("flow" in w for w in status["warnings"]), status["warnings"])
            words = streams.words()
            time.sleep(1)
            self.assertTrue(all(b > a for a, b in zip(words, streams.words())))
            self.assertSeen(lab, one("shop/client", "monitoring/logs", False))
            rows = streams.finish()
            self.assertEqual([r for r in rows if r[1]], [])
            # Room is made as the flows of the flood grow old.
            e2e.wait_until(lambda: not e2e.expected_now(
                lab, one("shop/client", "monitoring/logs", True)), 45, "room for new flows")
            e2e.figure("flow table of %d full: %d new flows refused, %d live connections kept" % (
                FLOWS_MAX, lab.reasons()["flow_table_full"], len(rows)))


if __name__ == "__main__":
    e2e.main()

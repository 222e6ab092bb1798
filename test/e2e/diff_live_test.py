#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`tierwallctl diff --live` with a real tierwalld: what it says of connections that are open comes
true when the policies that it was asked about arrive."""
import json
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import e2e  # noqa: E402
from e2e import Lab, demo  # noqa: E402

CLIENT, WEB, CART, NODE = "shop/client", "shop/web", "shop/cart", "node-1"
WEB_CLOSED = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: web-closed}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}
"""
CLIENT_SHUT = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: client-shut}
spec: {podSelector: {matchLabels: {app: client}}, policyTypes: [Egress]}
"""
GUARD = """apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: guard}
spec:
  tier: Admin
  priority: 5
  subject: {pods: {podSelector: {matchLabels: {app: client}}}}
  egress:
    - {name: dns, action: Accept, to: [{namespaces: {}}], protocols: [{udp: {destinationPort: {number: 53}}}]}
    - {name: no-cart, action: Deny, to: [{pods: {podSelector: {matchLabels: {app: cart}}}}]}
"""
ISOLATED = {"tier": "NetworkPolicy", "policy": "NetworkPolicy/shop/web-closed", "rule": None}


class DiffLive(unittest.TestCase):
    def begin(self, lab, node=False):
        for name, v4, v6 in demo.HOSTS:
            if name in (CLIENT, WEB, CART):
                lab.add_host(name, v4, v6)
        if node:
            lab.add_host(NODE, "172.18.0.2", "fd00:172:18::2", "uplink")
        self.cluster = os.path.join(demo.FOLDER, "manifests", "10-cluster.yaml")
        shutil.copy(self.cluster, lab.manifests)
        lab.serve()
        lab.start_sync()
        lab.start_daemon()
        self.epoch = lab.wait_enforced()

    def open_streams(self, lab, *targets, family="IPv4"):
        streams = e2e.Streams(lab, [(CLIENT, target, family) for target in targets],
                              bytes_per_s=200_000)
        e2e.wait_until(lambda: min(streams.words()) > 0, 5, "the streams")
        return streams

    def enforce(self, lab, text):
        lab.write_manifest("20-policy.yaml", text)
        self.epoch = lab.wait_enforced(self.epoch)

    def diff(self, lab, text, *more):
        """Exit status and JSON; the table says the same number."""
        new = os.path.join(lab.folder, "new.yaml")
        with open(new, "w") as out:
            out.write(text)
        command = [os.path.join(e2e.laboratory.BIN, "tierwallctl"), "diff", "--live", "--address",
                   lab.status_socket, new, "--cluster", self.cluster, *more]
        plain = subprocess.run(command, capture_output=True, text=True)
        done = subprocess.run(command + ["--output", "json"], capture_output=True, text=True)
        self.assertEqual((done.stderr, plain.stderr), ("", ""))
        self.assertEqual(done.returncode, plain.returncode)
        answer = json.loads(done.stdout)
        self.assertTrue(plain.stdout.startswith(
            "%d of %d flows would be cut\n" % (len(answer["cut"]), answer["flows"])), plain.stdout)
        return done.returncode, answer

    @staticmethod
    def ends(rows):
        return sorted((row["flow"]["source_name"], row["flow"]["destination_name"],
                       row["flow"]["destination_port"]) for row in rows)

    def moves(self, streams, place):
        before = streams.words()[place]
        try:
            e2e.wait_until(lambda: streams.words()[place] > before, 3)
        except AssertionError:
            return False
        return True

    def test_a_flow_that_new_policies_revoke_is_listed_with_its_rule_and_others_are_not(self):
        with Lab() as lab:
            self.begin(lab)
            streams = self.open_streams(lab, WEB, CART)
            status, answer = self.diff(lab, WEB_CLOSED)
            self.assertEqual(status, 1)
            self.assertEqual(self.ends(answer["cut"]), [(CLIENT, WEB, 9000)])
            after = answer["cut"][0]["after"]
            self.assertEqual(after["verdict"], "deny")
            self.assertEqual({key: after["ingress"][key] for key in ISOLATED}, ISOLATED)
            self.assertEqual((answer["established"], answer["own_node_egress"], answer["kept"]),
                             ("rejudge", "enforce", []))

            status, answer = self.diff(lab, GUARD)
            self.assertEqual(status, 1)
            self.assertEqual(self.ends(answer["cut"]), [(CLIENT, CART, 9000)])
            self.assertEqual(answer["cut"][0]["after"]["egress"]["rule"], 1)
            self.assertEqual(self.diff(lab, "")[0], 0)

            self.enforce(lab, WEB_CLOSED)
            self.assertTrue(self.moves(streams, 1))
            self.assertFalse(self.moves(streams, 0))
            # What is cut already is not cut again.
            status, answer = self.diff(lab, WEB_CLOSED)
            self.assertEqual((status, answer["cut"]), (0, []))
            e2e.figure("diff --live: 2 flows, 1 named, and that one was cut")

    def test_established_keep_cuts_nothing_and_says_what_goes_on(self):
        with Lab(extra_config="established: keep") as lab:
            self.begin(lab)
            streams = self.open_streams(lab, WEB, CART)
            status, answer = self.diff(lab, WEB_CLOSED)
            self.assertEqual((status, answer["cut"], answer["established"]), (0, [], "keep"))
            self.assertEqual(self.ends(answer["kept"]), [(CLIENT, WEB, 9000)])
            self.enforce(lab, WEB_CLOSED)
            self.assertTrue(self.moves(streams, 0))
            self.assertTrue(self.moves(streams, 1))

    def test_own_node_egress_is_what_the_daemon_is_configured_to_do(self):
        for setting, cut in ("exempt", [(CLIENT, WEB, 9000)]), \
                ("enforce", [(CLIENT, NODE, 9000), (CLIENT, WEB, 9000)]):
            with self.subTest(setting), Lab(extra_config="own_node_egress: " + setting) as lab:
                self.begin(lab, node=True)
                streams = self.open_streams(lab, WEB, NODE)
                status, answer = self.diff(lab, CLIENT_SHUT)
                self.assertEqual((status, answer["own_node_egress"]), (1, setting))
                self.assertEqual(self.ends(answer["cut"]), cut)
                self.enforce(lab, CLIENT_SHUT)
                self.assertEqual(self.moves(streams, 1), setting == "exempt")
                self.assertFalse(self.moves(streams, 0))


if __name__ == "__main__":
    e2e.main()

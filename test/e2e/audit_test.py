#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An audited policy lets real packets through, counts and tells them; enforced it cuts them."""
import json
import os
import re
import shutil
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import e2e  # noqa: E402
from e2e import Lab, demo  # noqa: E402

CLIENT, WEB = "shop/client", "shop/web"
POLICIES = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  namespace: shop
  name: web-closed
  annotations: {tierwall.io/mode: %(mode)s}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: no-dns, annotations: {tierwall.io/mode: %(mode)s}}
spec:
  tier: Admin
  priority: 10
  subject: {pods: {podSelector: {matchLabels: {app: client}}}}
  egress:
    - name: no-dns-to-pods
      action: Deny
      to: [{namespaces: {}}]
      protocols: [{udp: {destinationPort: {number: 53}}}]
"""
BY_NAMESPACE = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: web-closed}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}
"""
NAMESPACE = """apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop}, annotations: {tierwall.io/mode: %s}}
"""
ALLOWED = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: web-open, annotations: {tierwall.io/mode: %s}}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{ports: [{port: 80}, {port: 9000}]}]
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: floor}
spec:
  tier: Baseline
  priority: 10
  subject: {pods: {podSelector: {matchLabels: {app: web}}}}
  ingress: [{action: Deny, from: [{namespaces: {}}]}]
"""
TCP_LINE = (r"audit: would deny tcp shop/client \(\S+\) -> shop/web \(\S+\):80: isolated by "
            r"NetworkPolicy NetworkPolicy/shop/web-closed isolation \(ingress\), from port p\d\n")
UDP_LINE = (r"audit: would deny udp shop/client \(\S+\) -> shop/web \(\S+\):53: policy_deny by "
            r"Admin ClusterNetworkPolicy/no-dns rule 0 \"no-dns-to-pods\" \(egress\), "
            r"from port p\d\n")
ISOLATION = ("NetworkPolicy/shop/web-closed", -1)
NO_DNS = ("ClusterNetworkPolicy/no-dns", 0)


class Audit(unittest.TestCase):
    def test_audited_passes_and_is_counted_enforced_cuts_and_back(self):
        with Lab(extra_config="log_denied_per_s: 100") as lab:
            self.begin(lab, POLICIES % {"mode": "audit"})
            self.assertEqual(self.reached(lab), [True] * 4)
            e2e.wait_until(lambda: self.log_has(lab, TCP_LINE) and self.log_has(lab, UDP_LINE), 5,
                           "the lines of the log")
            self.assertEqual(self.would_deny(lab), {ISOLATION: 2, NO_DNS: 2})
            self.assertEqual(int(lab.status()["would_deny"]), 4)
            self.assertEqual(int(lab.status()["audited_policies"]), 2)

            streams = e2e.Streams(lab, [(CLIENT, WEB, "IPv4")], bytes_per_s=200_000)
            e2e.wait_until(lambda: streams.words()[0] > 0, 5, "the stream")
            self.assertEqual(self.would_deny(lab)[ISOLATION], 3)

            self.switch(lab, "20-policies.yaml", POLICIES % {"mode": "enforce"})
            self.assertEqual(self.reached(lab), [False] * 4)
            cut = streams.words()[0]
            self.assertEqual(self.reached(lab), [False] * 4)  # takes a while, and nothing comes
            self.assertEqual(streams.words()[0], cut)
            self.assertEqual(self.would_deny(lab), {ISOLATION: 3, NO_DNS: 2})
            self.assertEqual(int(lab.status().get("audited_policies", 0)), 0)

            self.switch(lab, "20-policies.yaml", POLICIES % {"mode": "audit"})
            self.assertEqual(self.reached(lab), [True] * 4)
            e2e.wait_until(lambda: streams.words()[0] > cut, 20, "the stream that goes on")
            self.assertGreaterEqual(self.would_deny(lab)[ISOLATION], 6)
            e2e.figure("%d connections audited, %d lines of the log" % (
                int(lab.status()["would_deny"]), self.lines(lab)))

    def test_a_namespace_speaks_for_its_policies_and_a_slip_of_the_pen_enforces(self):
        with Lab() as lab:
            self.begin(lab, BY_NAMESPACE, NAMESPACE % "audit")
            udp, tcp = [True] * 2, [True] * 2
            self.assertEqual(self.reached(lab), tcp + udp)
            self.assertEqual(self.would_deny(lab)[ISOLATION], 4)
            self.switch(lab, "15-shop.yaml", NAMESPACE % "Audit")
            self.assertEqual(self.reached(lab), [False] * 4)
            with open(lab.sync.log) as file:
                self.assertRegex(file.read(), r"error: \S*15-shop.yaml:\d+: Namespace/shop "
                                 r"metadata.annotations\[tierwall.io/mode\]: \"Audit\" is not "
                                 r"supported: audit or enforce; it is enforced")
            self.switch(lab, "15-shop.yaml", NAMESPACE % "audit")
            self.assertEqual(self.reached(lab), [True] * 4)

    def test_what_an_audited_policy_allows_stays_allowed_before_the_baseline(self):
        with Lab() as lab:
            tcp_only = [True, True, False, False]
            self.begin(lab, ALLOWED % "enforce")
            self.assertEqual(self.reached(lab), tcp_only)
            streams = e2e.Streams(lab, [(CLIENT, WEB, "IPv4")], bytes_per_s=200_000)
            e2e.wait_until(lambda: streams.words()[0] > 0, 5, "the stream")
            self.switch(lab, "20-policies.yaml", ALLOWED % "audit")
            self.assertEqual(self.reached(lab), tcp_only)
            before = streams.words()[0]
            e2e.wait_until(lambda: streams.words()[0] > before, 5, "the stream that goes on")
            self.assertEqual(self.would_deny(lab), {})

    def begin(self, lab, policies, namespace=None):
        for name, v4, v6 in demo.HOSTS:
            if name in (CLIENT, WEB):
                lab.add_host(name, v4, v6)
        cluster = os.path.join(demo.FOLDER, "manifests", "10-cluster.yaml")
        if namespace:
            with open(cluster) as file:
                text = re.sub(r".*kind: Namespace.*name: shop,.*\n", "", file.read())
            lab.write_manifest("10-cluster.yaml", text)
            lab.write_manifest("15-shop.yaml", namespace)
        else:
            shutil.copy(cluster, lab.manifests)
        lab.write_manifest("20-policies.yaml", policies)
        lab.serve()
        lab.start_sync()
        lab.start_daemon()
        self.epoch = lab.wait_enforced()

    def switch(self, lab, name, text):
        lab.write_manifest(name, text)
        self.epoch = lab.wait_enforced(self.epoch)

    @staticmethod
    def reached(lab):
        """TCP over both families, then UDP: does an answer come?"""
        probes = [{"id": number, "from": CLIENT, "to": WEB, "protocol": protocol, "port": port,
                   "family": family, "timeout": 1}
                  for number, (protocol, port, family) in enumerate(
                      (p, n, f) for p, n in (("TCP", 80), ("UDP", 53)) for f in ("IPv4", "IPv6"))]
        seen = lab.probe(probes)
        return [seen[probe["id"]]["reached"] for probe in probes]

    @staticmethod
    def would_deny(lab):
        rows = json.loads(lab.ctl("rules", "--address", lab.status_socket, "--output", "json"))
        return {(row["policy"], int(row.get("index", 0))): int(row.get("would_deny", 0))
                for row in rows if int(row.get("would_deny", 0))}

    @staticmethod
    def log_has(lab, pattern):
        with open(lab.daemon.log) as file:
            return re.search(pattern, file.read())

    @staticmethod
    def lines(lab):
        with open(lab.daemon.log) as file:
            return file.read().count("audit: would deny")


if __name__ == "__main__":
    e2e.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seed corpus of fuzz_objects: small manifests as text, and choices for its maker.

Usage: make_objects_corpus.py [FOLDER]   (default: corpus/objects beside this file)
"""
import pathlib
import random
import sys

TEXTS = {
    "pods.yaml": """\
apiVersion: v1
kind: List
items:
- &web
  apiVersion: v1
  kind: Pod
  metadata: {name: web-0, namespace: shop, labels: {app: web, "yes": "on"}}
  spec:
    nodeName: n1
    containers: [{ports: [{name: http, containerPort: 8080}]}]
  status: {phase: Running, podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}
- <<: *web
  metadata: {name: web-1, namespace: shop}
""",
    "network_policy.yaml": """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchExpressions: [{key: app, operator: In, values: [web]}]}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}
    - namespaceSelector: {}
    ports: [{protocol: TCP, port: 80, endPort: 90}, {port: http}]
  egress: [{}]
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}, annotations: {tierwall.io/mode: audit}}
""",
    "cluster_network_policy.json": """\
{"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
 "metadata": {"name": "guard"},
 "spec": {"tier": "Admin", "priority": 10, "subject": {"namespaces": {}},
  "ingress": [{"action": "Deny", "from": [{"namespaces": {"matchLabels": {"team": "b"}}}]}],
  "egress": [{"action": "Accept", "to": [{"networks": ["0.0.0.0/0", "::/0"]}, {"nodes": {}},
              {"domainNames": ["*.example.com"]}],
   "protocols": [{"tcp": {"destinationPort": {"range": {"start": 1, "end": 9}}}},
                 {"destinationNamedPort": "http"}]}]}}
""",
    "admin_network_policy.yaml": """\
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: guard}
spec:
  priority: 5
  subject: {pods: {namespaceSelector: {}, podSelector: {}}}
  egress:
  - action: Pass
    to: [{nodes: {matchExpressions: [{key: role, operator: Exists}]}}]
    ports: [{portRange: {protocol: UDP, start: 53, end: 54}}, {namedPort: dns}]
""",
    "node.yaml": """\
kind: Node
apiVersion: v1
metadata: {name: n1, labels: {a: ""}}
status: {addresses: [{type: InternalIP, address: 192.0.2.1}, {type: Hostname, address: n1}]}
""",
}


def main():
    here = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "corpus/objects"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    chance = random.Random(1)
    for number in range(8):
        choices = bytes(chance.randrange(256) for _ in range(400 + 200 * number))
        (folder / f"choices_{number}").write_bytes(bytes([number]) + choices)
    print(f"{len(TEXTS) + 8} files in {folder}")


if __name__ == "__main__":
    main()

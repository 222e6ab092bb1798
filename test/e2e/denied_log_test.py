#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tierwalld's log tells who was denied, by whom and why, and a flood of denials does not fill it."""
import json
import os
import re
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import e2e  # noqa: E402
from e2e import Lab  # noqa: E402

LINES_PER_S = 4
FLOOD = 500
SHUT = (r"denied tcp shop/client \(10\.244\.1\.12\) -> payments/db \(10\.244\.2\.11\):80: "
        r"policy_deny by Admin ClusterNetworkPolicy/guard-payments rule 1 \"shop-stays-out\" "
        r"\(ingress\), from port p2\n")
REST = r"denied packets without a line of their own: (\d+) "


class DeniedLog(unittest.TestCase):
    def test_the_log_names_the_denied_and_bears_a_flood(self):
        with Lab(extra_config="log_denied_per_s: %d" % LINES_PER_S) as lab:
            e2e.demo_lab(lab, serve=False)
            client, target = lab.host("shop/client"), lab.host("payments/db")
            client.start()
            client.ask(cmd="probe", probes=[{"id": 1, "protocol": "TCP", "port": 80,
                                             "to": target.v4, "timeout": 0.5}])
            self.read_until(lab, lambda text: re.search(SHUT, text), "the line")
            kind, packet = e2e.frames.ip(client.v4, target.v4, 17, e2e.frames.udp(
                client.v4, target.v4, 4000, 4001))
            frame = e2e.frames.ethernet(lab.mac("payments/db"), lab.mac("shop/client"), kind,
                                        packet)
            top = subprocess.Popen(
                [os.path.join(e2e.laboratory.BIN, "tierwallctl"), "top", "--address", lab.status_socket,
                 "--count", "1", "--interval", "2", "--output", "json"],
                stdout=subprocess.PIPE, text=True)
            time.sleep(0.5)
            client.ask(cmd="raw_send", frames=[frame.hex()] * FLOOD)
            self.compare(json.loads(top.communicate(timeout=20)[0]))
            text = self.read_until(lab, lambda text: self.told(text) >= FLOOD, "the whole flood")
        self.assertEqual(self.told(text), FLOOD)
        seconds = len(re.findall(REST, text))
        self.assertLessEqual(len(re.findall(r"denied udp", text)), LINES_PER_S * (seconds + 1))
        e2e.figure("%d denied packets in %d lines and %d sums" % (
            FLOOD, len(re.findall(r"denied udp", text)), seconds))

    def compare(self, top):
        """What `top` saw in the seconds of the flood."""
        denied = round(top["reasons"]["policy_deny"] * top["seconds"])
        self.assertEqual(denied, FLOOD)
        first = top["rules"][0]
        self.assertEqual((first["policy"], first["rule"], first["action"]),
                         ("ClusterNetworkPolicy/guard-payments", 1, "deny"))
        self.assertEqual(round(first["hits"] * top["seconds"]), FLOOD)
        self.assertGreaterEqual(round(top["received"] * top["seconds"]), FLOOD)

    def read_until(self, lab, condition, words):
        def read():
            with open(lab.daemon.log) as file:
                return file.read()
        e2e.wait_until(lambda: condition(read()), 5, words)
        return read()

    @staticmethod
    def told(text):
        """Packets of the flood that the log has told of, one by one or as a number."""
        return len(re.findall(r"denied udp", text)) + sum(map(int, re.findall(REST, text)))


if __name__ == "__main__":
    e2e.main()

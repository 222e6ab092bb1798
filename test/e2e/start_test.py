#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whoever speaks while tierwalld starts belongs to no port but its own.

A packet socket that is not bound to its interface yet hears every interface of the host. A pod
whose frame was taken for another port's would be shut out from then on, and the other port would
get what is meant for it.
"""
import signal
import time
import unittest

import e2e
import frames
from e2e import Lab, demo

# The last pod speaks: the ports of all before it are opened while its own is not.
NAMES = ("shop/web", "shop/client", "monitoring/logs", "outside")
SPEAKER, CALLER = "monitoring/logs", "shop/client"
GAP_S = 0.001
FRAMES = 3000
FAMILIES = ("IPv4", "IPv6")


class Start(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.lab.__enter__()
        self.addCleanup(self.lab.close)
        for name, v4, v6 in demo.HOSTS:
            if name in NAMES:
                self.lab.add_host(name, v4, v6, "uplink" if name == "outside" else "pods")
        e2e.copy_demo_manifests(self.lab)
        self.lab.serve()
        self.lab.start_sync()
        self.speaker, self.caller = self.lab.host(SPEAKER), self.lab.host(CALLER)

    def start_while_it_speaks(self, frame):
        self.speaker.tell(cmd="raw_send", frames=[frame.hex()] * FRAMES, gap_s=GAP_S)
        time.sleep(0.1)
        self.lab.start_daemon()
        self.lab.wait_enforced()
        self.speaker.hear()

    def assert_the_speaker_is_where_it_was(self):
        probes = [{"id": i, "from": CALLER, "to": SPEAKER, "protocol": "TCP", "port": 80,
                   "family": family, "timeout": 2, "expected": True}
                  for i, family in enumerate(FAMILIES, 1)]
        wrong = e2e.expected_now(self.lab, probes)
        reasons = self.lab.reasons()
        self.assertEqual((wrong, reasons["spoofed_mac"], reasons["spoofed_source"]), ([], 0, 0))

    def test_a_link_layer_address_belongs_to_its_port_from_the_start(self):
        """An ARP probe names no sender: only the link-layer address is learned from it."""
        mac = self.lab.mac(SPEAKER)
        probe = frames.arp(1, mac, "0.0.0.0", self.speaker.v4)
        self.start_while_it_speaks(frames.ethernet(frames.BROADCAST, mac, 0x0806, probe))
        self.assert_the_speaker_is_where_it_was()

    def test_an_address_belongs_to_its_port_from_the_start(self):
        """With an epoch on the disk the very first packets claim their sources' addresses."""
        self.lab.start_daemon()
        self.lab.wait_enforced()
        self.lab.sync.stop(signal.SIGKILL)
        self.lab.sync = None
        self.lab.daemon.stop()
        packet = frames.ip(self.speaker.v4, self.caller.v4, 17,
                           frames.udp(self.speaker.v4, self.caller.v4, 40000, 53))
        self.start_while_it_speaks(
            frames.ethernet(self.lab.mac(CALLER), self.lab.mac(SPEAKER), *packet))
        self.assertEqual(self.lab.status()["source"], "disk")
        self.assert_the_speaker_is_where_it_was()


if __name__ == "__main__":
    e2e.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Snapshots change a thousand times under a running iperf3: nothing is reset.

TIERWALL_SWAP_SECONDS sets the length of the run with swaps (default 60), TIERWALL_SWAPS the number
of epochs (default 1000). Every SAMPLE epochs real probes ask whether the two newest are enforced:
one closes shop/cart, the other opens it to shop/web.
"""
import json
import os
import re
import subprocess
import time
import unittest

import e2e
from e2e import Lab, demo

SECONDS = int(os.environ.get("TIERWALL_SWAP_SECONDS", "60"))
SWAPS = int(os.environ.get("TIERWALL_SWAPS", "1000"))
QUIET_SECONDS = max(5, SECONDS // 3)
SAMPLE = 100
PORT = 5301  # of shop/cart, which nobody else calls
SERVER, CLIENT = "monitoring/logs", "shop/client"


def iperf_client(lab, seconds):
    return subprocess.Popen(["ip", "netns", "exec", lab.host(CLIENT).netns, "iperf3", "-J", "-t",
                             str(seconds), "-c", lab.host(SERVER).v4],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def answer(client):
    text = client.communicate(timeout=60)[0]
    data = json.loads(text)
    if "error" in data:
        raise AssertionError("iperf3: " + data["error"])
    total = data["end"]["sum_sent"]
    return total["retransmits"], total["bits_per_second"] / 1e9, data["end"]["sum_received"]["bytes"]


class EpochLog:
    """Follows tierwall-sync's log: which epochs every dataplane has acknowledged."""

    def __init__(self, path):
        self.file, self.acknowledged, self.delays_ms = open(path), 0, []
        self.take()
        self.acknowledged, self.delays_ms = 0, []

    def take(self):
        for line in self.file:
            found = re.search(r"epoch (\d+): .*1 of 1 dataplanes enforce it after ([\d.]+) ms", line)
            if found:
                self.acknowledged += 1
                self.delays_ms.append(float(found[2]))
        return self.acknowledged

    def wait(self, number, timeout_s=10):
        e2e.wait_until(lambda: self.take() >= number, timeout_s, "epoch acknowledged")


class Swap(unittest.TestCase):
    def swap(self, lab, log, texts, seconds):
        started = time.monotonic()
        for number in range(SWAPS):
            lab.write_manifest("31-shop-cart.yaml", texts[number % 2])
            log.wait(number + 1)
            if number % SAMPLE >= SAMPLE - 2 or number >= SWAPS - 2:
                self.assertEqual(self.reached(lab), number % 2 == 1, "epoch %d" % (number + 1))
                self.samples[number % 2] += 1
            ahead = seconds * (number + 1) / SWAPS - (time.monotonic() - started)
            if ahead > 0:
                time.sleep(ahead)
        return time.monotonic() - started

    def reached(self, lab):
        """Whether datagrams of shop/web come back from shop/cart; each probe is a new flow."""
        probe = {"id": 1, "from": "shop/web", "to": "shop/cart", "protocol": "UDP", "port": PORT,
                 "family": "IPv4", "timeout": 0.5}
        return lab.probe([probe])[1]["reached"]

    def verdict(self, lab):
        done = json.loads(lab.ctl("explain", "--address", lab.status_socket, "--from", "shop/web",
                                  "--to", "shop/cart", "--port", "tcp/80", "--output", "json"))
        return done["verdict"]

    def test_thousand_epochs_reset_nothing(self):
        texts = [open(demo.FOLDER + "/cart-closed.yaml").read(),
                 open(demo.FOLDER + "/manifests/31-shop-cart.yaml").read()]
        with Lab() as lab:
            e2e.demo_lab(lab)
            lab.host("shop/cart").ask(cmd="serve", udp=[PORT])
            server = subprocess.Popen(["ip", "netns", "exec", lab.host(SERVER).netns, "iperf3",
                                       "-s"], stdout=subprocess.DEVNULL)
            try:
                time.sleep(0.5)
                self.story(lab, texts)
            finally:
                server.kill()
                server.wait()

    def story(self, lab, texts):
        quiet_resent, quiet_rate, _ = answer(iperf_client(lab, QUIET_SECONDS))
        log = EpochLog(lab.sync.log)
        for number, want in ((0, "deny"), (1, "allow")):
            lab.write_manifest("31-shop-cart.yaml", texts[number])
            log.wait(number + 1)
            self.assertEqual(self.verdict(lab), want)
            self.assertEqual(self.reached(lab), want == "allow")
        log, self.samples = EpochLog(lab.sync.log), [0, 0]
        client = iperf_client(lab, SECONDS)
        took = self.swap(lab, log, texts, SECONDS * 0.97)
        resent, rate, received = answer(client)
        log.delays_ms.sort()
        e2e.figure("%d acknowledged epochs in %.1f s, enforced after %.1f ms (median), %.1f ms "
                   "(p99); probes after %d closing and %d opening ones found what they say" % (
                       log.acknowledged, took, log.delays_ms[len(log.delays_ms) // 2],
                       log.delays_ms[int(len(log.delays_ms) * 0.99)], *self.samples))
        e2e.figure("iperf3 %d s during the swaps: %.2f Gbit/s, %d retransmits, no reset; without "
                   "swaps (%d s): %.2f Gbit/s, %d retransmits" % (
                       SECONDS, rate, resent, QUIET_SECONDS, quiet_rate, quiet_resent))
        self.assertEqual(log.acknowledged, SWAPS)
        self.assertGreaterEqual(min(self.samples), max(1, SWAPS // SAMPLE))
        self.assertGreater(received, 0)
        self.assertEqual(lab.status_counter("flows_revoked"), 0)


if __name__ == "__main__":
    e2e.main()

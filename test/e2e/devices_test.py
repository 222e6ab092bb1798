#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every kind of host device carries traffic, with one worker and with two."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import e2e  # noqa: E402
import forwarding  # noqa: E402
from e2e import laboratory  # noqa: E402

AF_PACKET = "net_af_packet%(i)d,iface=p%(i)d"
TAP = "net_tap%(i)d,iface=p%(i)d"
TRANSFER = 20_000_000


def line(words):
    """A line of its own, wherever unittest stands in its own line."""
    print("\n" + words, flush=True)


class Devices(unittest.TestCase):
    def carry(self, device, may_be_missing=(), **options):
        """Pings and a TCP transfer between two hosts; answers the figures of `forward`.

        Only where `forward` names one of the drivers in `may_be_missing` is this skipped.
        """
        try:
            with forwarding.Plane(2, device, **options) as plane:
                return self.carry_over(plane)
        except forwarding.NotStarted as error:
            if not any(driver in str(error) for driver in may_be_missing):
                raise
            self.skip(str(error))

    def skip(self, reason):
        line("skipped: %s: %s" % (self.title(), " ".join(reason.split())))
        self.skipTest(reason)

    def title(self):
        return self.id().rsplit(".test_", 1)[1].replace("_", " ")

    def carry_over(self, plane):
        self.assertEqual(plane.ping(0, 1), 5)
        self.assertEqual(plane.ping(1, 0, size=1400), 5)
        rate = forwarding.transfer(plane, 0, 1, TRANSFER)
        line("figure: %s: 10 of 10 pings and %d MB over one TCP connection, %.2f Gbit/s" % (
            self.title(), TRANSFER // 1_000_000, rate / 1e9))
        return plane.figures()

    def total(self, figures, name):
        return sum(value.get(name, 0) for key, value in figures.items() if "worker" in key)

    def test_af_packet(self):
        figures = self.carry(AF_PACKET)
        self.assertEqual(self.total(figures, "malformed"), 0)
        self.assertEqual(figures["warnings"], 0)

    def test_af_packet_wire(self):
        figures = self.carry(AF_PACKET, mode="wire")
        self.assertEqual(self.total(figures, "flood_copies"), 0)

    def test_af_packet_two_workers_one_queue_each(self):
        figures = self.carry(AF_PACKET, workers=2)
        self.assertGreater(self.total(figures, "ring_hops"), 0)
        one_sided = [w["open_boot"] for k, w in figures.items()
                     if "worker" in k and w.get("open_boot", 0) > 1000]
        self.assertEqual(len(one_sided), 1, "one connection, one worker: %s" % figures)

    def test_af_packet_two_workers_two_queues(self):
        self.carry(AF_PACKET + ",qpairs=2", workers=2)

    def test_af_xdp(self):
        self.carry("net_af_xdp%(i)d,iface=p%(i)d", may_be_missing=["net_af_xdp"])

    def test_pcap_live(self):
        self.carry("net_pcap%(i)d,iface=p%(i)d")

    def test_tap(self):
        self.carry(TAP, veth=False)

    def test_tap_two_workers(self):
        self.carry(TAP, veth=False, workers=2)

    def between_processes(self, one, other, may_be_missing=()):
        """Two `forward` in a row, joined by a pair of devices that meet at a socket."""
        with tempfile.TemporaryDirectory(prefix="tw-devices-") as folder:
            socket = os.path.join(folder, "meet.sock")
            devices = [[AF_PACKET % {"i": 0}, one % socket], [other % socket, AF_PACKET % {"i": 1}]]
            self.carry(devices, may_be_missing, mode="wire")

    def test_memif_between_processes(self):
        words = ",id=0,socket-abstract=no,socket=%s"
        self.between_processes("net_memif0,role=server" + words, "net_memif0,role=client" + words)

    def test_vhost_and_virtio_user_between_processes(self):
        if "--no-huge" in laboratory.eal_arguments(512):
            self.skip("virtio_user shares hugepages, and too few are free")
        self.between_processes("net_vhost0,iface=%s", "net_virtio_user0,path=%s",
                               may_be_missing=["net_vhost", "net_virtio_user"])

    def test_an_address_on_the_host_is_warned_about(self):
        with forwarding.Plane(2, AF_PACKET) as plane:
            plane.ip("fw", "addr", "add", "192.0.2.1/24", "dev", "p0")
            self.assertEqual(plane.figures()["warnings"], 1)
            plane.run_in("fw", "sysctl", "-qw", "net.ipv4.conf.p1.forwarding=1")
            self.assertEqual(plane.figures()["warnings"], 2)


if __name__ == "__main__":
    e2e.main(__name__)

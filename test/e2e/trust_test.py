#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A pod that lies: each kind of lie has its reason and counter, and is seen not to arrive.

The liar is payments/api, the victim monitoring/logs, whom everybody may call; payments/job is the
neighbour whose addresses are borrowed.
"""
import time
import unittest

import e2e
import frames
from e2e import Lab

LIAR, VICTIM, NEIGHBOUR = "payments/api", "monitoring/logs", "payments/job"
STRAYS = ("224.0.0.1", "255.255.255.255", "ff02::1")
FOREIGN = ("8.8.8.8", "2001:4860:4860::8888")
GROUPS = (("v4", "224.0.0.251", "01:00:5e:00:00:fb"), ("v6", "ff02::fb", "33:33:00:00:00:fb"))


class TiedLab(Lab):
    """The configuration says which pod lives behind each port."""

    def config_text(self):
        text = super().config_text()
        for host in self.hosts:
            if host.side == "pods":
                text = text.replace("{name: %s," % host.port,
                                    "{pod: %s, name: %s," % (host.name, host.port))
        return text


class Trust(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.lab.__enter__()
        cls.addClassCleanup(cls.lab.close)
        e2e.demo_lab(cls.lab)
        cls.liar, cls.victim = cls.lab.host(LIAR), cls.lab.host(VICTIM)
        cls.neighbour, cls.outside = cls.lab.host(NEIGHBOUR), cls.lab.host("outside")
        cls.macs = {h.name: cls.lab.mac(h.name) for h in cls.lab.hosts}
        # Everybody speaks once, so that every address has been claimed by its own port. What policy
        # says of it does not matter.
        everybody = [{"id": 0, "from": a.name, "to": VICTIM, "protocol": "UDP", "port": 53,
                      "family": family, "timeout": 1.2}
                     for a in cls.lab.hosts for family in ("IPv4", "IPv6") if a.name != VICTIM]
        for number, probe in enumerate(everybody):
            probe["id"] = number + 1
        reached = [r["reached"] for r in cls.lab.probe(everybody).values()]
        assert any(reached) and not all(reached), reached

    def seen(self, sender, key):
        """{host: how often `key` has arrived there}, without the sender."""
        counts = {h.name: h.ask(cmd="arrivals")["arrivals"].get(key, 0)
                  for h in self.lab.hosts if h is not sender}
        return {name: count for name, count in counts.items() if count}

    def settled(self, sender, key, wanted):
        """What was seen once `wanted` have arrived and a moment more has passed."""
        deadline = time.monotonic() + 1
        while sum(self.seen(sender, key).values()) < wanted and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.1)
        return self.seen(sender, key)

    def send(self, sender, packets, reason, moved, arrives):
        """Sends from `sender`; `reason` must count them and `arrives` (a key) come to `moved`.

        Answers where they arrived.
        """
        start = self.lab.reasons()
        before = start.get(reason, 0)
        for host in self.lab.hosts:
            host.ask(cmd="arrivals", reset=True)
        sender.ask(cmd="raw_send", frames=[p.hex() for p in packets], gap_s=0.01)
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            counted = self.lab.reasons().get(reason, 0) - before
            if counted >= len(packets):
                break
            time.sleep(0.05)
        moves = {name: value - start.get(name, 0) for name, value in self.lab.reasons().items()
                 if value != start.get(name, 0)}
        self.assertGreaterEqual(counted, len(packets), "%s; moved: %s" % (reason, moves))
        seen = self.settled(sender, arrives, moved)
        self.assertEqual(sum(seen.values()), moved, "%s at other hosts: %s" % (arrives, seen))
        return seen

    def frame(self, sender, destination, kind, payload):
        return frames.ethernet(destination, self.macs[sender], kind, payload)

    def datagram(self, source, target, port=53, source_port=40000, **options):
        kind, packet = frames.ip(source, target, 17,
                                 frames.udp(source, target, source_port, port), **options)
        return self.frame(LIAR, self.macs[VICTIM], kind, packet)

    def test_a_true_packet_of_the_same_making_arrives(self):
        for v in ("v4", "v6"):
            source, target = getattr(self.liar, v), getattr(self.victim, v)
            self.send(self.liar, [self.datagram(source, target)], "policy", 1,
                      "UDP %s 53" % source)

    def test_another_pods_address_is_spoofed(self):
        for v in ("v4", "v6"):
            source, target = getattr(self.neighbour, v), getattr(self.victim, v)
            self.send(self.liar, [self.datagram(source, target)] * 3, "spoofed_source", 0,
                      "UDP %s 53" % source)

    def test_an_address_that_nobody_knows_is_refused(self):
        for source, v in (("192.0.2.77", "v4"), ("2001:db8:77::1", "v6")):
            self.send(self.liar, [self.datagram(source, getattr(self.victim, v))] * 2,
                      "unknown_source", 0, "UDP %s 53" % source)

    def test_a_pods_address_from_the_uplink_is_spoofed(self):
        for v in ("v4", "v6"):
            source, target = getattr(self.neighbour, v), getattr(self.victim, v)
            kind, packet = frames.ip(source, target, 17, frames.udp(source, target, 4000, 53))
            lie = self.frame("outside", self.macs[VICTIM], kind, packet)
            self.send(self.outside, [lie], "spoofed_source", 0, "UDP %s 53" % source)

    def test_arp_in_another_pods_name_is_spoofed(self):
        for operation in (1, 2):
            lie = self.frame(LIAR, frames.BROADCAST, 0x0806, frames.arp(
                operation, self.macs[LIAR], self.neighbour.v4, self.victim.v4))
            self.send(self.liar, [lie], "spoofed_source", 0,
                      "ARP %s %d" % (self.neighbour.v4, operation))

    def test_arp_in_an_unknown_name_is_refused(self):
        lie = self.frame(LIAR, frames.BROADCAST, 0x0806, frames.arp(
            2, self.macs[LIAR], "203.0.113.1", self.victim.v4))
        self.send(self.liar, [lie], "unknown_source", 0, "ARP 203.0.113.1 2")

    def neighbour_message(self, kind, source, body, destination="ff02::1"):
        number, packet = frames.ip(source, destination, 58,
                                   frames.icmpv6(source, destination, kind, body), hops=255)
        return self.frame(LIAR, frames.mac("33:33:00:00:00:01"), number, packet)

    def test_neighbour_advertisement_for_another_pod_is_spoofed(self):
        # From a link-local address, because the liar's own is heard advertising itself as well.
        lie = self.neighbour_message(136, "fe80::bad", frames.advertisement(
            self.neighbour.v6, self.macs[LIAR]))
        self.send(self.liar, [lie], "spoofed_source", 0, "ICMPv6 fe80::bad 136")

    def test_neighbour_solicitation_in_another_pods_name_is_spoofed(self):
        lie = self.neighbour_message(135, self.neighbour.v6, frames.solicitation(
            self.victim.v6, self.macs[LIAR]), self.victim.v6)
        self.send(self.liar, [lie], "spoofed_source", 0, "ICMPv6 %s 135" % self.neighbour.v6)

    def test_router_advertisement_from_a_pod_is_rogue(self):
        lie = self.neighbour_message(134, "fe80::1234", frames.router_advertisement())
        self.send(self.liar, [lie], "rogue_router_advert", 0, "ICMPv6 fe80::1234 134")

    def test_router_advertisement_from_the_uplink_passes(self):
        number, packet = frames.ip("fe80::1", "ff02::1", 58, frames.icmpv6(
            "fe80::1", "ff02::1", 134, frames.router_advertisement()), hops=255)
        told = self.frame("outside", frames.mac("33:33:00:00:00:01"), number, packet)
        self.send(self.outside, [told], "neighbour_discovery", 8, "ICMPv6 fe80::1 134")

    def test_redirect_from_a_pod_is_rogue(self):
        body = b"\0" * 4 + frames.packed(self.neighbour.v6) + frames.packed(self.victim.v6)
        lie = self.neighbour_message(137, "fe80::1234", body, self.victim.v6)
        self.send(self.liar, [lie], "rogue_redirect", 0, "ICMPv6 fe80::1234 137")

    def test_dhcp_answers_from_a_pod_are_rogue(self):
        source = self.liar.v4
        for port in 67, 1067:
            kind, packet = frames.ip(source, "255.255.255.255", 17, frames.udp(
                source, "255.255.255.255", port, 68, b"\2" * 240))
            self.send(self.liar, [self.frame(LIAR, frames.BROADCAST, kind, packet)], "rogue_dhcp",
                      0, "UDP %s 68" % source)
        source = self.liar.v6
        for port in 547, 1547:
            kind, packet = frames.ip(source, "ff02::1", 17,
                                     frames.udp(source, "ff02::1", port, 546, b"\7" * 20))
            self.send(self.liar, [self.frame(LIAR, frames.mac("33:33:00:00:00:01"), kind, packet)],
                      "rogue_dhcp", 0, "UDP %s 546" % source)

    def test_partial_checksum_is_named(self):
        kind, packet = frames.ip(self.liar.v4, self.victim.v4, 6, frames.tcp(
            self.liar.v4, self.victim.v4, 41000, 80, partial=True))
        self.send(self.liar, [self.frame(LIAR, self.macs[VICTIM], kind, packet)],
                  "partial_checksum", 0, "TCP %s 80" % self.liar.v4)
        warnings = " ".join(self.lab.status()["warnings"])
        self.assertIn("ethtool -K", warnings)

    def fragment(self, part, offset, more, identification):
        """IPv6: the kernel puts IPv4 fragments together before af_packet sees them."""
        head = frames.struct.pack("!BBHI", 17, 0, offset | more, identification)
        kind, packet = frames.ip(self.liar.v6, self.victim.v6, 44, head + part)
        return self.frame(LIAR, self.macs[VICTIM], kind, packet)

    def test_later_fragment_without_its_first_is_unknown(self):
        self.send(self.liar, [self.fragment(b"x" * 64, 800, 0, 7)], "fragment_unknown", 0,
                  "FRAGMENT %s 800" % self.liar.v6)

    def test_later_fragment_follows_its_first(self):
        data = frames.udp(self.liar.v6, self.victim.v6, 42000, 53, b"y" * 120)
        first = self.send(self.liar, [self.fragment(data[:64], 0, 1, 99)], "policy", 1,
                          "UDP %s 53" % self.liar.v6)
        later = self.send(self.liar, [self.fragment(data[64:], 64, 0, 99)], "fragment_follows", 1,
                          "FRAGMENT %s 64" % self.liar.v6)
        self.assertEqual((first, later), ({VICTIM: 1}, {VICTIM: 1}))

    def test_later_fragment_of_a_denied_first_is_denied(self):
        """shop/web admits no UDP: neither fragment may pass, and both are told the reason."""
        web = self.lab.host("shop/web")
        data = frames.udp(self.liar.v6, web.v6, 42001, 53, b"y" * 120)
        parts = []
        for part, offset, more in ((data[:64], 0, 1), (data[64:], 64, 0)):
            head = frames.struct.pack("!BBHI", 17, 0, offset | more, 101)
            kind, packet = frames.ip(self.liar.v6, web.v6, 44, head + part)
            parts.append(self.frame(LIAR, self.macs["shop/web"], kind, packet))
        self.send(self.liar, parts, "isolated", 0, "UDP %s 53" % self.liar.v6)
        self.assertEqual(self.seen(self.liar, "FRAGMENT %s 64" % self.liar.v6), {})

    def test_truncated_malformed_and_non_ip_are_named(self):
        """From a MAC address that nothing else is sent from, so that none is taken for another."""
        own = frames.mac("02:00:00:00:77:01")
        for host in self.lab.hosts:
            host.ask(cmd="watch", mac=own.hex())

        def sent(kind, packet, reason, moved):
            self.send(self.liar, [frames.ethernet(self.macs[VICTIM], own, kind, packet)], reason,
                      moved, "FRAME %s %04x" % (own.hex(":"), kind))
        kind, packet = frames.ip(self.liar.v4, self.victim.v4, 17, frames.udp(
            self.liar.v4, self.victim.v4, 1, 53, b"z" * 400))
        sent(kind, packet, "policy", 1)
        sent(kind, packet[:100], "truncated", 0)
        sent(kind, bytes([0x42]) + packet[1:], "malformed", 0)
        sent(0x88CC, b"lldp" * 20, "non_ip", 0)

    def stray(self, target, destination, port):
        """A datagram to `destination` in a frame to the MAC address of the pod `target`."""
        source = self.liar.v6 if ":" in destination else self.liar.v4
        kind, packet = frames.ip(source, destination, 17,
                                 frames.udp(source, destination, 45000, port))
        return self.frame(LIAR, self.macs[target], kind, packet), "UDP %s %d" % (source, port)

    def test_a_stray_destination_does_not_open_an_isolated_pod(self):
        port = 5400
        for target in ("shop/client", "payments/db"):
            for destination in STRAYS:
                port += 1
                with self.subTest(target=target, destination=destination):
                    lie, key = self.stray(target, destination, port)
                    self.send(self.liar, [lie], "isolated", 0, key)

    def test_a_stray_destination_reaches_a_pod_that_anybody_may_call(self):
        for port, destination in enumerate(STRAYS, 5450):
            with self.subTest(destination=destination):
                packet, key = self.stray(VICTIM, destination, port)
                self.assertEqual(self.send(self.liar, [packet], "policy", 1, key), {VICTIM: 1})

    def test_a_foreign_destination_leaves_by_the_uplink_whatever_the_mac(self):
        port = 5480
        for target in (VICTIM, "shop/client", "outside"):
            for destination in FOREIGN:
                port += 1
                with self.subTest(target=target, destination=destination):
                    packet, key = self.stray(target, destination, port)
                    self.assertEqual(self.send(self.liar, [packet], "policy", 1, key),
                                     {"outside": 1})

    def test_an_arp_probe_for_another_pods_address_is_spoofed(self):
        lie = self.frame(LIAR, frames.BROADCAST, 0x0806, frames.arp(
            1, self.macs[LIAR], "0.0.0.0", self.neighbour.v4))
        self.send(self.liar, [lie], "spoofed_source", 0, "ARP 0.0.0.0 1")

    def test_a_link_local_address_of_the_uplink_is_spoofed(self):
        def say(sender):
            number, packet = frames.ip("fe80::42", "ff02::1", 58, frames.icmpv6(
                "fe80::42", "ff02::1", 136, frames.advertisement(
                    "fe80::42", self.macs[sender])), hops=255)
            return self.frame(sender, frames.mac("33:33:00:00:00:01"), number, packet)
        self.send(self.outside, [say("outside")], "neighbour_discovery", 8, "ICMPv6 fe80::42 136")
        self.send(self.liar, [say(LIAR)], "spoofed_source", 0, "ICMPv6 fe80::42 136")

    def test_listener_queries_and_padded_reports_from_a_pod_do_not_pass(self):
        for kind, reason in ((130, "rogue_router_advert"), (143, "malformed")):
            body = b"\0" * 20 if kind == 130 else b"\0" * 4 + b"data" * 20
            number, packet = frames.ip("fe80::bad", "ff02::1", 58, frames.icmpv6(
                "fe80::bad", "ff02::1", kind, body), hops=1)
            lie = self.frame(LIAR, frames.mac("33:33:00:00:00:01"), number, packet)
            self.send(self.liar, [lie], reason, 0, "ICMPv6 fe80::bad %d" % kind)

    def test_multicast_is_judged_for_each_receiving_port(self):
        """shop/* and payments/db are isolated on ingress; the others receive the datagram."""
        kind, packet = frames.ip(self.liar.v4, "224.0.0.251", 17, frames.udp(
            self.liar.v4, "224.0.0.251", 5353, 5353))
        for host in self.lab.hosts:
            host.ask(cmd="arrivals", reset=True)
        self.liar.ask(cmd="raw_send", frames=[self.frame(
            LIAR, frames.mac("01:00:5e:00:00:fb"), kind, packet).hex()])
        key = "UDP %s 5353" % self.liar.v4
        wanted = {NEIGHBOUR, VICTIM, "monitoring/prometheus", "outside"}

        def receivers():
            return {h.name for h in self.lab.hosts
                    if h.ask(cmd="arrivals")["arrivals"].get(key)}
        time.sleep(0.5)
        self.assertEqual(receivers(), wanted)

    def test_unicast_is_never_shown_to_others(self):
        """A frame to a MAC that nobody has is flooded, but an address goes to its own pod only."""
        kind, packet = frames.ip(self.liar.v4, self.victim.v4, 17, frames.udp(
            self.liar.v4, self.victim.v4, 43000, 53))
        self.send(self.liar, [self.frame(LIAR, frames.mac("02:00:00:00:99:99"), kind, packet)],
                  "policy", 1, "UDP %s 53" % self.liar.v4)

    def test_another_ports_mac_is_not_taken_over(self):
        kind, packet = frames.ip(self.liar.v4, self.victim.v4, 17, frames.udp(
            self.liar.v4, self.victim.v4, 44000, 53))
        lie = frames.ethernet(self.macs[VICTIM], self.macs[NEIGHBOUR], kind, packet)
        self.send(self.liar, [lie], "spoofed_mac", 0, "UDP %s 53" % self.liar.v4)


class AfterARestart(unittest.TestCase):
    """Nobody has spoken since the start, and the hostile pod is first, with another's MAC."""

    def test_neither_the_pod_nor_the_gateway_loses_its_traffic(self):
        with TiedLab() as lab:
            e2e.demo_lab(lab)
            owner = "shop/client"
            liar, client = lab.host(LIAR), lab.host(owner)
            for mac in (lab.mac(owner), lab.mac("outside")):
                liar.ask(cmd="raw_send", frames=[frames.ethernet(
                    frames.BROADCAST, mac, 0x0806, frames.arp(
                        1, lab.mac(LIAR), liar.v4, lab.host(VICTIM).v4)).hex()])
            time.sleep(0.3)
            kind, packet = frames.ip(client.v4, "198.51.100.7", 17, frames.udp(
                client.v4, "198.51.100.7", 4000, 4444))
            client.ask(cmd="raw_send", frames=[frames.ethernet(
                lab.mac("outside"), lab.mac(owner), kind, packet).hex()])
            time.sleep(0.3)
            key = "UDP %s 4444" % client.v4
            self.assertEqual([h.name for h in lab.hosts
                              if h.ask(cmd="arrivals")["arrivals"].get(key)], ["outside"])
            wanted = [{"id": number + 1, "from": owner, "to": VICTIM, "port": 80,
                       "protocol": "TCP", "family": family, "timeout": 1.2}
                      for number, family in enumerate(("IPv4", "IPv6"))]
            self.assertTrue(all(r["reached"] for r in lab.probe(wanted).values()))
            warnings = " ".join(lab.status()["warnings"])
            self.assertIn(lab.mac(owner).hex(":"), warnings)


class SilentPods(unittest.TestCase):
    """Nobody has spoken yet, so nothing is known of who is behind a port."""

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.lab.__enter__()
        cls.addClassCleanup(cls.lab.close)
        e2e.demo_lab(cls.lab)

    def receivers(self, port):
        """Who receives the datagrams that the liar sends to two groups, as {family: names}."""
        liar, packets, keys = self.lab.host(LIAR), [], {}
        for v, group, link in GROUPS:
            source = getattr(liar, v)
            kind, packet = frames.ip(source, group, 17, frames.udp(source, group, port, port))
            packets.append(frames.ethernet(frames.mac(link), self.lab.mac(LIAR), kind, packet))
            keys[v] = "UDP %s %d" % (source, port)
        liar.ask(cmd="raw_send", frames=[p.hex() for p in packets])
        time.sleep(0.5)
        seen = {h.name: h.ask(cmd="arrivals")["arrivals"] for h in self.lab.hosts
                if h.name != LIAR}
        return {v: {name for name, counts in seen.items() if counts.get(key)}
                for v, key in keys.items()}

    def test_multicast_reaches_a_pod_only_after_it_has_spoken(self):
        self.assertEqual(self.receivers(5501), {"v4": {"outside"}, "v6": {"outside"}})
        for number, name in enumerate((VICTIM, "shop/client")):
            for family in ("IPv4", "IPv6"):
                self.lab.probe([{"id": number + 1, "from": name, "to": "shop/web", "port": 80,
                                 "protocol": "TCP", "family": family, "timeout": 1.2}])
        # shop/web has spoken as well, by its answers; it and shop/client are isolated.
        wanted = {"outside", VICTIM}
        self.assertEqual(self.receivers(5502), {"v4": wanted, "v6": wanted})


if __name__ == "__main__":
    e2e.main()

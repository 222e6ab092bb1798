#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seed corpus of fuzz_parse: one small valid packet of each kind.

Usage: make_corpus.py [FOLDER]   (default: corpus/parse beside this file)
"""
import ipaddress
import pathlib
import struct
import sys

MACS = bytes.fromhex("02000000000b02000000000a")


def ethernet(kind, payload, tags=()):
    head = MACS
    for tag, vlan in tags:
        head += struct.pack("!HH", tag, vlan)
    return head + struct.pack("!H", kind) + payload


def ipv4(protocol, payload, fragment=0, options=b"", source="10.0.0.1", destination="10.0.0.2"):
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, words * 4 + len(payload), 7, fragment, 64,
                       protocol, 0)
    return (head + ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
            + options + payload)


def ipv6(protocol, payload, hop_limit=64, source="2001:db8::1", destination="2001:db8::2"):
    return (struct.pack("!IHBB", 6 << 28, len(payload), protocol, hop_limit)
            + ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
            + payload)


def tcp(flags, payload=b"", options=b""):
    words = 5 + len(options) // 4
    head = struct.pack("!HHIIBBHHH", 1000, 80, 1, 2, words << 4, flags, 65535, 0, 0)
    return head + options + payload


def udp(payload=b""):
    return struct.pack("!HHHH", 1000, 53, 8 + len(payload), 0) + payload


def icmp(kind, payload=b"", code=0):
    return struct.pack("!BBHHH", kind, code, 0, 77, 1) + payload


def extension(following, units=1):
    return bytes([following, units - 1]) + bytes(units * 8 - 2)


def fragment(following, offset, more=False, number=9):
    return struct.pack("!BBHI", following, 0, offset | more, number)


def arp(operation):
    return (struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + MACS[6:] + bytes([10, 0, 0, 1])
            + MACS[:6] + bytes([10, 0, 0, 2]))


def partial_tcp():
    """A checksum field that holds only the pseudo header's sum."""
    total = sum(struct.unpack("!4H", bytes([10, 0, 0, 1, 10, 0, 0, 2]))) + 6 + 20
    packet = bytearray(ipv4(6, tcp(0x10)))
    packet[36:38] = struct.pack("!H", (total & 0xffff) + (total >> 16))
    return bytes(packet)


def packets():
    target = ipaddress.ip_address("2001:db8::7").packed
    quoted4 = ipv4(6, tcp(0x10), source="10.0.0.2", destination="10.0.0.1")
    quoted6 = ipv6(0, extension(58) + icmp(128), source="2001:db8::2", destination="2001:db8::1")
    chain = extension(43) + extension(51) + bytes([44, 4]) + bytes(22) + fragment(60, 0)
    v4 = {
        "tcp_syn": ipv4(6, tcp(2, options=bytes.fromhex("020405b4"))),
        "tcp_data": ipv4(6, tcp(0x18, b"GET / HTTP/1.1\r\n\r\n")),
        "tcp_partial": partial_tcp(),
        "udp": ipv4(17, udp(b"abc")),
        "sctp": ipv4(132, struct.pack("!HHII", 1000, 9003, 1, 2)),
        "gre": ipv4(47, bytes(8)),
        "echo": ipv4(1, icmp(8)),
        "error": ipv4(1, icmp(3, quoted4, 3)),
        "options": ipv4(17, udp(), options=bytes([148, 4, 0, 0, 7, 3, 4, 0])),
        "first": ipv4(17, udp(bytes(8)), fragment=0x2000),
        "later": ipv4(17, bytes(9), fragment=0x0007),
    }
    v6 = {
        "tcp": ipv6(6, tcp(0x10)),
        "udp": ipv6(17, udp(b"abc")),
        "echo": ipv6(58, icmp(128)),
        "error": ipv6(58, icmp(1, quoted6)),
        "solicitation": ipv6(58, struct.pack("!BBHI", 135, 0, 0, 0) + target, 255,
                             destination="2001:db8::7"),
        "listener": ipv6(0, bytes([58, 0, 5, 2, 0, 0, 1, 0]) + icmp(143, bytes(20)), 1,
                         destination="ff02::16"),
        "chain": ipv6(0, chain + extension(6) + tcp(2)),
        "first": ipv6(44, fragment(17, 0, True) + udp(bytes(8))),
        "later": ipv6(44, fragment(17, 80) + bytes(5)),
        "esp": ipv6(50, bytes(16)),
        "none": ipv6(59, b""),
    }
    for name, packet in v4.items():
        yield "v4_" + name, ethernet(0x0800, packet)
    for name, packet in v6.items():
        yield "v6_" + name, ethernet(0x86DD, packet)
    yield "arp", ethernet(0x0806, arp(1))
    yield "vlan", ethernet(0x0800, v4["udp"], [(0x8100, 5)])
    yield "qinq", ethernet(0x86DD, v6["udp"], [(0x88A8, 5), (0x8100, 6)])
    yield "lldp", ethernet(0x88CC, bytes(20))


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1
                          else pathlib.Path(__file__).parent / "corpus" / "parse")
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in packets():
        (folder / name).write_bytes(bytes(2) + frame)  # the first segment is the whole packet


if __name__ == "__main__":
    main()

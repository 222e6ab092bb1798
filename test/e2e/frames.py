# SPDX-License-Identifier: Apache-2.0
"""Frames built by hand, as a pod that means harm would build them. All answer bytes."""
import socket
import struct

BROADCAST = b"\xff" * 6


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def packed(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.inet_pton(family, address)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(destination, source, kind, payload):
    return (destination + source + struct.pack("!H", kind) + payload).ljust(60, b"\0")


def ip(source, destination, protocol, payload, hops=64, fragment=0, identification=7):
    if ":" in source:
        head = struct.pack("!IHBB", 6 << 28, len(payload), protocol, hops)
        return 0x86DD, head + packed(source) + packed(destination) + payload
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), identification, fragment, hops,
                       protocol, 0, packed(source), packed(destination))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return 0x0800, head + payload


def pseudo(source, destination, protocol, length):
    if ":" in source:
        return packed(source) + packed(destination) + struct.pack("!II", length, protocol)
    return packed(source) + packed(destination) + struct.pack("!BBH", 0, protocol, length)


def udp(source, destination, source_port, port, data=b"tierwall"):
    head = struct.pack("!HHHH", source_port, port, 8 + len(data), 0)
    value = checksum(pseudo(source, destination, 17, 8 + len(data)) + head + data) or 0xFFFF
    return head[:6] + struct.pack("!H", value) + data


def tcp(source, destination, source_port, port, flags=0x02, sequence=1, partial=False):
    head = struct.pack("!HHIIBBHHH", source_port, port, sequence, 0, 5 << 4, flags, 64240, 0, 0)
    fake = pseudo(source, destination, 6, len(head))
    value = (~checksum(fake) & 0xFFFF) if partial else checksum(fake + head)
    return head[:16] + struct.pack("!H", value) + head[18:]


def icmpv6(source, destination, kind, body, code=0):
    message = struct.pack("!BBH", kind, code, 0) + body
    value = checksum(pseudo(source, destination, 58, len(message)) + message)
    return message[:2] + struct.pack("!H", value) + message[4:]


def arp(operation, sender_mac, sender, target, target_mac=b"\0" * 6):
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + sender_mac + packed(sender) + \
        target_mac + packed(target)


def advertisement(target, own_mac, flags=0x20):
    """Body of a neighbour advertisement with the target's link-layer address."""
    return struct.pack("!I", flags << 24) + packed(target) + b"\x02\x01" + own_mac


def solicitation(target, own_mac=None):
    option = b"\x01\x01" + own_mac if own_mac else b""
    return struct.pack("!I", 0) + packed(target) + option


def router_advertisement():
    return struct.pack("!BBHII", 64, 0, 1800, 0, 0)

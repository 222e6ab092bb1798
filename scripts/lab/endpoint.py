#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One host of the lab: serves, probes and watches what arrives, inside its network namespace.

Reads one JSON command a line on standard input and answers each with one JSON line. Servers echo;
a sniffer counts the first packets that reach the interface, so that a denied packet can be seen not
to arrive even where no socket would have taken it.
"""
import collections
import json
import os
import select
import socket
import struct
import sys
import threading
import time

ARRIVALS = collections.Counter()
WATCHED = set()
LOCK = threading.Lock()
STREAMS = {}


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


# What arrives ---------------------------------------------------------------------------------

def first_packet(frame):
    """(protocol, source, destination port) of a SYN, a datagram or an echo request.

    Other ICMPv6 answers with its type in place of the port, ARP with its operation; a later
    fragment is a FRAGMENT with its offset in bytes; else None.
    """
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == 0x0806:
        return "ARP", socket.inet_ntop(socket.AF_INET, frame[28:32]), frame[21]
    if kind == 0x0800:
        length, protocol = (frame[14] & 15) * 4, frame[23]
        source, offset = socket.inet_ntop(socket.AF_INET, frame[26:30]), 14 + length
        later = (struct.unpack_from("!H", frame, 20)[0] & 0x1FFF) * 8
    elif kind == 0x86DD:
        protocol, offset, later = frame[20], 54, 0
        source = socket.inet_ntop(socket.AF_INET6, frame[22:38])
        if protocol == 44:  # The fragment header stands before the transport's.
            protocol, offset = frame[54], 62
            later = struct.unpack_from("!H", frame, 56)[0] & 0xFFF8
    else:
        return None
    if later:
        return "FRAGMENT", source, later
    if protocol == 6 and frame[offset + 13] & 0x12 == 0x02:
        return "TCP", source, struct.unpack_from("!H", frame, offset + 2)[0]
    if protocol == 17:
        return "UDP", source, struct.unpack_from("!H", frame, offset + 2)[0]
    if (protocol, frame[offset]) in ((1, 8), (58, 128)):
        return "ICMP", source, 0
    return ("ICMPv6", source, frame[offset]) if protocol == 58 else None


def keys(frame):
    """What a frame counts as: a first packet, and any frame at all from a watched MAC address."""
    if frame[6:12] in WATCHED:
        yield "FRAME %s %04x" % (frame[6:12].hex(":"), struct.unpack_from("!H", frame, 12)[0])
    try:
        key = first_packet(frame)
    except (IndexError, ValueError, struct.error):
        return
    if key:
        yield "%s %s %d" % key


def sniff():
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    while True:
        frame, origin = sock.recvfrom(65535)
        if origin[2] == 4:  # PACKET_OUTGOING
            continue
        if found := list(keys(frame)):
            with LOCK:
                ARRIVALS.update(found)


# Servers --------------------------------------------------------------------------------------

def echo_connection(connection):
    try:
        connection.settimeout(60)
        while data := connection.recv(65536):
            connection.sendall(data)
    except OSError:
        pass
    finally:
        connection.close()


def serve_tcp(port, family, handler):
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    server.bind(("", port))
    server.listen(512)

    def accept():
        while True:
            connection, _ = server.accept()
            threading.Thread(target=handler, args=(connection,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


def serve_udp(port, family):
    server = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    server.bind(("", port))

    def echo():
        while True:
            data, peer = server.recvfrom(65535)
            server.sendto(data, peer)
    threading.Thread(target=echo, daemon=True).start()


def serve(command):
    for family in (socket.AF_INET, socket.AF_INET6):
        for port in command.get("tcp", []):
            serve_tcp(port, family, echo_connection)
        for port in command.get("udp", []):
            serve_udp(port, family)
        for port in command.get("sink", []):
            serve_tcp(port, family, sink_connection)
    return {"ok": True}


# Probes ---------------------------------------------------------------------------------------

def probe_tcp(probe):
    with socket.socket(family_of(probe["to"]), socket.SOCK_STREAM) as sock:
        sock.settimeout(probe["timeout"])
        sock.connect((probe["to"], probe["port"]))
        sock.sendall(b"tierwall")
        return sock.recv(64) == b"tierwall"


def probe_udp(probe):
    with socket.socket(family_of(probe["to"]), socket.SOCK_DGRAM) as sock:
        sock.connect((probe["to"], probe["port"]))
        deadline = time.monotonic() + probe["timeout"]
        # A datagram may be lost while the neighbour's address is being resolved: ask again.
        while (left := deadline - time.monotonic()) > 0:
            sock.send(b"tierwall")
            sock.settimeout(min(0.4, left))
            try:
                return sock.recv(64) == b"tierwall"
            except socket.timeout:
                continue
        return False


def probe_icmp(probe):
    v6 = ":" in probe["to"]
    protocol = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
    with socket.socket(family_of(probe["to"]), socket.SOCK_RAW, protocol) as sock:
        identifier = probe["id"] & 0xFFFF
        head = struct.pack("!BBHHH", 128 if v6 else 8, 0, 0, identifier, 1)
        payload = b"tierwall"
        if not v6:
            head = struct.pack("!BBHHH", 8, 0, checksum(head + payload), identifier, 1)
        deadline = time.monotonic() + probe["timeout"]
        again = 0.0
        while (now := time.monotonic()) < deadline:
            if now >= again:
                sock.sendto(head + payload, (probe["to"], 0))
                again = now + 0.4
            if not select.select([sock], [], [], min(again, deadline) - now)[0]:
                continue
            packet = sock.recv(2048)
            packet = packet if v6 else packet[(packet[0] & 15) * 4:]
            if packet[0] == (129 if v6 else 0) and struct.unpack("!H", packet[4:6])[0] == identifier:
                return True
        return False


PROBES = {"TCP": probe_tcp, "UDP": probe_udp, "ICMP": probe_icmp}


def run_probe(probe, results):
    started = time.monotonic()
    try:
        reached, detail = PROBES[probe["protocol"]](probe), ""
    except socket.timeout:
        reached, detail = False, "timeout"
    except OSError as error:
        reached, detail = False, error.strerror or str(error)
    results[str(probe["id"])] = {"reached": bool(reached), "detail": detail,
                                 "ms": round((time.monotonic() - started) * 1000, 2)}


def probe_all(command):
    results = {}
    threads = [threading.Thread(target=run_probe, args=(p, results)) for p in command["probes"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"results": results}


# Long transfers: numbered 8-byte words, so that the receiver knows of every one -----------------

WORDS = 1024


def sink_connection(connection):
    """Takes a stream of ascending 64-bit numbers; remembers how many came and when the last did."""
    name = "%s:%d" % connection.getpeername()[:2]
    stream = {"words": 0, "in_order": True, "last": 0.0, "first": 0.0, "closed": "", "rest": b"",
              "gap_ms": 0.0}
    with LOCK:
        STREAMS[name] = stream
    try:
        while data := connection.recv(1 << 18):
            take_words(stream, data)
        stream["closed"] = "end"
    except OSError as error:
        stream["closed"] = error.strerror or str(error)
    connection.close()


def take_words(stream, data):
    now = time.monotonic()
    stream["first"] = stream["first"] or now
    if stream["last"]:
        stream["gap_ms"] = max(stream["gap_ms"], (now - stream["last"]) * 1000)
    stream["last"] = now
    data = stream["rest"] + data
    whole = len(data) // 8
    numbers = struct.unpack_from("!%dQ" % whole, data)
    expected = stream["words"]
    if whole and (numbers[0] != expected or numbers[-1] != expected + whole - 1):
        stream["in_order"] = False
    stream["words"] += whole
    stream["rest"] = data[whole * 8:]


class Sender:
    """Sends numbered words at about the asked rate until told to stop."""

    def __init__(self, command):
        self.sock = socket.create_connection((command["to"], command["port"]), timeout=5)
        self.sock.settimeout(None)
        self.name = "%s:%d" % self.sock.getsockname()[:2]
        self.pause = WORDS * 8 / command.get("bytes_per_s", 4_000_000)
        self.words, self.error, self.running = 0, "", True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while self.running:
                self.sock.sendall(struct.pack("!%dQ" % WORDS,
                                              *range(self.words, self.words + WORDS)))
                self.words += WORDS
                time.sleep(self.pause)
        except OSError as error:
            self.error = error.strerror or str(error)

    def stop(self, wait_s):
        self.running = False
        self.thread.join(wait_s)
        info = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        stuck = self.thread.is_alive()
        retransmits = struct.unpack_from("=I", info, 100)[0]
        if not stuck:
            try:
                self.sock.shutdown(socket.SHUT_WR)
            except OSError as error:
                self.error = self.error or error.strerror
        return {"words": self.words, "error": self.error, "stuck": stuck,
                "retransmits": retransmits}


SENDERS = {}


def start_stream(command):
    try:
        sender = Sender(command)
    except OSError as error:
        return {"error": error.strerror or str(error)}
    SENDERS[command["name"]] = sender
    return {"ok": True, "name": sender.name}


def stop_stream(command):
    return SENDERS.pop(command["name"]).stop(command.get("wait_s", 2))


def streams(_command):
    with LOCK:
        return {"streams": {name: {k: v for k, v in s.items() if k != "rest"}
                            for name, s in STREAMS.items()}}


def arrivals(command):
    with LOCK:
        seen = dict(ARRIVALS)
        if command.get("reset"):
            ARRIVALS.clear()
    return {"arrivals": seen}


def watch(command):
    """From now on every frame from this MAC address counts, however broken it is behind that."""
    WATCHED.add(bytes.fromhex(command["mac"]))
    return {"ok": True}


def raw_send(command):
    """Puts whole frames (hexadecimal) on the wire as they are."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind(("eth0", 0))
        for frame in command["frames"]:
            sock.send(bytes.fromhex(frame))
            time.sleep(command.get("gap_s", 0))
    return {"sent": len(command["frames"])}


COMMANDS = {"serve": serve, "probe": probe_all, "arrivals": arrivals, "start_stream": start_stream,
            "stop_stream": stop_stream, "streams": streams, "raw_send": raw_send,
            "watch": watch}


def main():
    threading.Thread(target=sniff, daemon=True).start()
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = COMMANDS[command["cmd"]](command)
        except Exception as error:  # The other side must always get an answer.
            answer = {"error": "%s: %s" % (type(error).__name__, error)}
        print(json.dumps(answer), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()

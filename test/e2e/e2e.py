# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: the lab, figures, and skipping with a word."""
import ctypes
import os
import shutil
import socket
import sys
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts/lab"))
sys.dont_write_bytecode = True

import demo  # noqa: E402
import frames  # noqa: E402, F401
import lab as laboratory  # noqa: E402
from lab import Lab, run  # noqa: E402, F401

SKIPPED = 77
# How long what is allowed may take to arrive.
ALLOWED_S = 4
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def figure(words):
    """A line that scripts/test repeats."""
    print("\nfigure: " + words, flush=True)


def main(module="__main__"):
    reason = laboratory.why_not()
    if reason:
        print("skipped: %s" % reason)
        sys.exit(SKIPPED)
    unittest.main(module=module, verbosity=2)


def copy_demo_manifests(lab):
    folder = os.path.join(demo.FOLDER, "manifests")
    for file in sorted(os.listdir(folder)):
        shutil.copy(os.path.join(folder, file), lab.manifests)


def demo_lab(lab, serve=True):
    """The demonstration's hosts and policies, enforced; without servers the hosts are silent."""
    for name, v4, v6 in demo.HOSTS:
        lab.add_host(name, v4, v6, "uplink" if name == "outside" else "pods")
    copy_demo_manifests(lab)
    if serve:
        lab.serve()
    lab.start_sync()
    lab.start_daemon()
    return lab.wait_enforced()


def expected_now(lab, probes):
    """Runs the probes; answers those that were not as expected.

    What is allowed may take its time where the processor is busy; it is denials that are waited for.
    """
    patient = [dict(p, timeout=max(p["timeout"], ALLOWED_S)) if p["expected"] else p
               for p in probes]
    seen = lab.probe(patient)
    return ["%(protocol)s/%(port)d %(from)s -> %(to)s over %(family)s" % p
            for p in probes if seen[p["id"]]["reached"] != p["expected"]]


def wait_until(condition, timeout_s=10, words="the condition"):
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("%s did not come true within %d s" % (words, timeout_s))


def socket_in(namespace, *arguments):
    """A socket of another namespace: a socket keeps the namespace that it was made in."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open("/run/netns/" + namespace, os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET) != 0:
            raise laboratory.LabError("setns: " + os.strerror(ctypes.get_errno()))
        made = socket.socket(*arguments)
    finally:
        libc.setns(home, CLONE_NEWNET)
        os.close(home)
        os.close(there)
    return made


class Streams:
    """Long transfers of numbered words between hosts."""

    def __init__(self, lab, pairs, bytes_per_s=2_000_000):
        self.lab, self.running = lab, []
        for number, (source, target, family) in enumerate(pairs):
            name = "stream%d" % number
            started = lab.host(source).ask(cmd="start_stream", name=name, port=9000,
                                           to=lab.host(target).address(family),
                                           bytes_per_s=bytes_per_s)
            self.running.append((name, source, target, started["name"]))

    def received(self, target, peer):
        return self.lab.host(target).ask(cmd="streams")["streams"][peer]

    def words(self):
        """Of each how many have come; none of those whose connection was not taken yet."""
        return [self.lab.host(target).ask(cmd="streams")["streams"].get(peer, {"words": 0})["words"]
                for _, _, target, peer in self.running]

    def finish(self):
        """Stops them all; answers [(title, problem or '', retransmits, longest gap in ms)]."""
        rows = []
        for name, source, target, peer in self.running:
            sent = self.lab.host(source).ask(cmd="stop_stream", name=name, wait_s=20)
            try:
                wait_until(lambda: self.received(target, peer)["words"] == sent["words"]
                           or sent["error"], 20)
            except AssertionError:
                pass
            got = self.received(target, peer)
            problem = sent["error"]
            if not problem and not (got["in_order"] and got["words"] == sent["words"]):
                problem = "%d words sent, %d received" % (sent["words"], got["words"])
            rows.append(("%s -> %s" % (source, target), problem, sent["retransmits"],
                         got["gap_ms"]))
        return rows

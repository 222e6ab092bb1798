#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An idle tierwalld hardly uses the processor, and the first packet after a silence hardly waits.

Measured with the demonstration's nine ports and policies: a datagram and its echo between two pods.
"""
import os
import socket
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import e2e  # noqa: E402
from e2e import demo, laboratory  # noqa: E402

ASKING, ANSWERING = "monitoring/prometheus", "monitoring/logs"
PORT = 7777
ROUNDS = 12
# Of a round that the machine was there for: what a hypervisor gave to others meanwhile.
STOLEN_MAX = 0.002
IDLE_S = 5
SILENCE_S = 0.05
IDLE_CPU_MAX = 0.15
ADDED_P99_MAX_US = 1000
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    """Seconds of processor time of all threads of a process."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def cpu_share(pid, what):
    before, start = cpu_s(pid), time.monotonic()
    what()
    return (cpu_s(pid) - before) / (time.monotonic() - start)


def stolen_s():
    """Seconds of processor time that a hypervisor gave to others, of all processors."""
    with open("/proc/stat") as file:
        return int(file.readline().split()[8]) / CLOCK_TICKS


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


class Echo:
    """A connected pair of sockets of two hosts; both ends are moved by this one thread."""

    def __init__(self, lab):
        self.asking = e2e.socket_in(lab.host(ASKING).netns, socket.AF_INET, socket.SOCK_DGRAM)
        self.answering = e2e.socket_in(lab.host(ANSWERING).netns, socket.AF_INET,
                                       socket.SOCK_DGRAM)
        self.asking.bind((lab.host(ASKING).v4, PORT))
        self.answering.bind((lab.host(ANSWERING).v4, PORT))
        self.asking.connect((lab.host(ANSWERING).v4, PORT))
        self.answering.connect((lab.host(ASKING).v4, PORT))
        for end in (self.asking, self.answering):
            end.settimeout(2)

    def __enter__(self):
        self.there_and_back_us(0, 10)
        return self

    def __exit__(self, *_):
        self.asking.close()
        self.answering.close()

    def there_and_back_us(self, silence_s, count):
        taken = []
        # Our own wakings must not wait for other programs: they are not what is measured.
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        try:
            for _ in range(count):
                time.sleep(silence_s)
                start = time.monotonic()
                self.asking.send(b"x")
                self.answering.recv(64)
                self.answering.send(b"y")
                self.asking.recv(64)
                taken.append((time.monotonic() - start) * 1e6)
        finally:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        return taken


class IdleDaemon(unittest.TestCase):
    def test_the_demonstration_when_nobody_talks(self):
        with laboratory.Lab() as lab:
            e2e.demo_lab(lab, serve=False)
            pid = lab.daemon.pid
            with Echo(lab) as echo:
                time.sleep(1)
                share = cpu_share(pid, lambda: time.sleep(IDLE_S))
                awake = echo.there_and_back_us(0, 2000)
                first, stolen, rounds = self.calmest(echo)
                sparse = cpu_share(pid, lambda: echo.there_and_back_us(0.002, 500))
        usual = percentile(awake, 50)
        added = percentile(first, 99) - usual
        e2e.figure("idle tierwalld, %d ports: %.1f %% of a core over %d s" % (
            len(demo.HOSTS), share * 100, IDLE_S))
        e2e.figure("echo after %d ms of silence: p50 %d us, p99 %d us; p99 is %d us more than the "
                   "%d us of a busy tierwalld" % (SILENCE_S * 1000, percentile(first, 50),
                                                  percentile(first, 99), added, usual))
        e2e.figure("that is the calmest of %d rounds, in which %.2f %% of the processor was "
                   "somebody else's" % (rounds, stolen * 100))
        e2e.figure("an echo every 2 ms: %.1f %% of a core" % (sparse * 100))
        self.assertLess(share, IDLE_CPU_MAX)
        if added > ADDED_P99_MAX_US and stolen > STOLEN_MAX:
            self.skipTest("the hypervisor gave %.1f %% of the processor to others even in the "
                          "calmest round" % (stolen * 100))
        self.assertLessEqual(added, ADDED_P99_MAX_US)

    @staticmethod
    def calmest(echo):
        """A busy machine delays every program now and then: the calmest of some rounds counts.

        Answers with its times, what was stolen in it, and how many rounds there were.
        """
        best = None
        for rounds in range(1, ROUNDS + 1):
            before, start = stolen_s(), time.monotonic()
            taken = echo.there_and_back_us(SILENCE_S, 200)
            share = (stolen_s() - before) / (time.monotonic() - start)
            if best is None or percentile(taken, 99) < percentile(best[0], 99):
                best = (taken, share)
            if percentile(best[0], 99) <= ADDED_P99_MAX_US:
                break
        return (*best, rounds)


if __name__ == "__main__":
    e2e.main(__name__)

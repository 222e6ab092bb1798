# SPDX-License-Identifier: Apache-2.0
"""What the tests of devices and of the worker loop share: `forward`, wired between namespaces."""
import json
import os
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
import e2e  # noqa: E402
from e2e import laboratory  # noqa: E402

FORWARD = os.path.join(laboratory.BIN, "forward")


class NotStarted(Exception):
    """`forward` refused its devices."""


class Plane:
    """Namespaces `fw` and one a host, and `forward` in the first. Use it with `with`.

    `device` is a pattern for the device of host i; or, for several `forward` in a row between two
    hosts, a list of the devices of each.
    """

    def __init__(self, hosts, device, mode="switch", workers=1, veth=True):
        self.prefix = "twio%d" % os.getpid()
        self.hosts, self.mode, self.workers = hosts, mode, workers
        self.veth = veth
        self.devices = device if isinstance(device, list) else [
            [device % {"i": i} for i in range(hosts)]]
        self.processes = []
        self.made = []

    def namespace(self, host):
        return "%s-%s" % (self.prefix, host)

    def ip(self, where, *words):
        laboratory.run("ip", "-n", self.namespace(where), *words)

    def run_in(self, where, *words, check=True):
        return laboratory.run("ip", "netns", "exec", self.namespace(where), *words, check=check)

    def __enter__(self):
        try:
            self.make_namespaces()
            for devices in self.devices:
                self.start(devices)
            self.address_hosts()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make_namespaces(self):
        for name in ["fw"] + ["h%d" % i for i in range(self.hosts)]:
            laboratory.run("ip", "netns", "add", self.namespace(name))
            self.made.append(self.namespace(name))
            self.run_in(name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                        "net.ipv6.conf.default.disable_ipv6=1")
        for i in range(self.hosts if self.veth else 0):
            self.ip("fw", "link", "add", "p%d" % i, "type", "veth", "peer", "name", "eth0",
                    "netns", self.namespace("h%d" % i))
            self.ip("fw", "link", "set", "p%d" % i, "up")

    def start(self, devices):
        command = ["ip", "netns", "exec", self.namespace("fw"), FORWARD, self.mode,
                   str(self.workers)] + laboratory.eal_arguments(256)
        if any("virtio" in device for device in devices):  # it shares at most eight files of memory
            command += ["--single-file-segments"]
        command += ["--file-prefix=%s-%d" % (self.prefix, len(self.processes)), "--"] + devices
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.processes.append(process)
        if process.stdout.readline() != "ready\n":
            raise NotStarted(process.stderr.read().strip())

    def address_hosts(self):
        for i in range(self.hosts):
            host = "h%d" % i
            if not self.veth:  # a TAP device appears when forward starts
                self.ip("fw", "link", "set", "p%d" % i, "netns", self.namespace(host), "name",
                        "eth0")
            self.run_in(host, "ethtool", "-K", "eth0", "tx", "off", check=False)
            self.ip(host, "addr", "add", "10.77.0.%d/24" % (i + 1), "dev", "eth0")
            self.ip(host, "link", "set", "eth0", "up")

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.stdin.close()
            process.wait(20)
            process.stdout.close()
            process.stderr.close()
        for name in self.made:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)

    def figures(self):
        """What the first `forward` counted."""
        process = self.processes[0]
        process.stdin.write("\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def ping(self, source, target, count=5, interval_s=0.02, size=56):
        """Answers how many came back."""
        words = self.run_in("h%d" % source, "ping", "-q", "-c", str(count), "-i",
                            str(interval_s), "-W", "1", "-s", str(size),
                            "10.77.0.%d" % (target + 1), check=False)
        return int(words.split(" received")[0].rsplit(" ", 1)[1])

    def socket_in(self, host, *arguments):
        return e2e.socket_in(self.namespace("h%d" % host), *arguments)


def transfer(plane, source, target, size):
    """Sends `size` bytes over one TCP connection; answers bits a second."""
    with plane.socket_in(target, socket.AF_INET, socket.SOCK_STREAM) as listener, \
            plane.socket_in(source, socket.AF_INET, socket.SOCK_STREAM) as sender:
        listener.bind(("10.77.0.%d" % (target + 1), 7778))
        listener.listen(1)
        sender.settimeout(20)
        sender.connect(("10.77.0.%d" % (target + 1), 7778))
        receiver, _ = listener.accept()
        start = time.monotonic()
        pushing = threading.Thread(target=lambda: sender.sendall(bytes(size)))
        pushing.start()
        with receiver:
            receiver.settimeout(20)
            left = size
            while left > 0:
                got = len(receiver.recv(1 << 20))
                if got == 0:
                    raise laboratory.LabError("the connection ended early")
                left -= got
        pushing.join()
        return size * 8 / (time.monotonic() - start)

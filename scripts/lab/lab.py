# SPDX-License-Identifier: Apache-2.0
"""The lab: hosts in network namespaces, each with a port of its own of one tierwalld.

Everything is made in namespaces named after this process and removed by `close()`, which also runs
on errors and signals. tierwalld runs in a namespace of its own too, so the machine's own network is
never touched.
"""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("TIERWALL_BIN", os.path.join(ROOT, "build/release/bin"))
ENDPOINT = os.path.join(ROOT, "scripts/lab/endpoint.py")
PYTHON = "/usr/bin/python3"


class LabError(Exception):
    """Something of the lab itself could not be done."""


def run(*command, check=True, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        raise LabError("%s: %s" % (" ".join(command), (done.stderr or done.stdout).strip()))
    return done.stdout


def why_not():
    """None where network namespaces are to be had, else the reason."""
    if os.geteuid() != 0:
        return "not root"
    for tool in ("ip", "ethtool"):
        if not shutil.which(tool):
            return "no %s command" % tool
    name = "tw%d-try" % os.getpid()
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if made.returncode != 0:
        return "network namespaces are not allowed here (%s)" % made.stderr.strip()
    veth = subprocess.run(["ip", "-n", name, "link", "add", "tw0", "type", "veth", "peer", "tw1"],
                          capture_output=True, text=True)
    subprocess.run(["ip", "netns", "del", name], capture_output=True)
    return None if veth.returncode == 0 else "no veth pairs here (%s)" % veth.stderr.strip()


def eal_arguments(memory_mb=512):
    """Hugepages where enough are free, else ordinary memory."""
    free = 0
    with contextlib.suppress(OSError):
        with open("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages") as file:
            free = int(file.read()) * 2
    if free >= memory_mb:
        return ["--in-memory", "--iova-mode=va", "--no-pci", "--no-telemetry", "-m", str(memory_mb)]
    return ["--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m", str(memory_mb)]


class Process:
    """A child process in a namespace, with its output in a file."""

    def __init__(self, name, command, log, netns=None, **options):
        self.name, self.log = name, log
        prefix = ["ip", "netns", "exec", netns] if netns else []
        self.output = open(log, "ab")
        self.popen = subprocess.Popen(prefix + command, stdout=self.output, stderr=self.output,
                                      stdin=subprocess.DEVNULL, start_new_session=True, **options)

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def stop(self, how=signal.SIGTERM, wait_s=10):
        if self.alive():
            self.popen.send_signal(how)
            try:
                self.popen.wait(wait_s)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        self.output.close()
        return self.popen.returncode

    def tail(self, lines=15):
        return "".join(open(self.log, errors="replace").readlines()[-lines:])


class Host:
    """A pod or an outside machine: a namespace with one interface, and its endpoint process."""

    def __init__(self, lab, name, v4, v6, side="pods"):
        self.lab, self.name, self.v4, self.v6, self.side = lab, name, v4, v6, side
        self.netns = "%s-%s" % (lab.prefix, re.sub(r"[^a-z0-9]+", "-", name))
        self.port = "p%d" % len(lab.hosts)
        self.popen = None

    def address(self, family):
        return self.v4 if family == "IPv4" else self.v6

    def make(self):
        run("ip", "netns", "add", self.netns)
        self.lab.made.append(self.netns)
        ip = ["ip", "-n", self.netns]
        run("ip", "netns", "exec", self.netns, "sysctl", "-qw", "net.ipv6.conf.all.accept_ra=0",
            "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.default.router_solicitations=0",
            "net.ipv4.icmp_ratelimit=0")
        run(*ip, "link", "set", "lo", "up")
        run(*ip, "link", "add", "eth0", "type", "veth", "peer", "name", self.port,
            "netns", self.lab.fw)
        run("ip", "netns", "exec", self.netns, "ethtool", "-K", "eth0", "tx", "off")
        run(*ip, "addr", "add", self.v4 + "/32", "dev", "eth0")
        run(*ip, "-6", "addr", "add", self.v6 + "/128", "dev", "eth0", "nodad")
        run(*ip, "link", "set", "eth0", "up")
        run("ip", "-n", self.lab.fw, "link", "set", self.port, "up")
        # Everybody is on one link: any address is asked for by ARP or neighbour discovery.
        run(*ip, "route", "add", "default", "dev", "eth0", "src", self.v4)
        run(*ip, "-6", "route", "add", "default", "dev", "eth0", "src", self.v6)

    def start(self):
        self.popen = subprocess.Popen(
            ["ip", "netns", "exec", self.netns, PYTHON, ENDPOINT], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)

    def tell(self, **command):
        self.popen.stdin.write(json.dumps(command) + "\n")
        self.popen.stdin.flush()

    def hear(self):
        line = self.popen.stdout.readline()
        if not line:
            raise LabError("the endpoint of %s ended" % self.name)
        answer = json.loads(line)
        if answer.get("error"):
            raise LabError("%s: %s" % (self.name, answer["error"]))
        return answer

    def ask(self, **command):
        self.tell(**command)
        return self.hear()

    def stop(self):
        if self.popen and self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()


class Lab:
    """Hosts, one tierwalld between them, one tierwall-sync that feeds it."""

    def __init__(self, mode="switch", extra_config=""):
        self.prefix = "tw%d" % os.getpid()
        self.fw = self.prefix + "-fw"
        self.mode, self.extra_config = mode, extra_config
        self.hosts, self.made, self.processes = [], [], []
        self.folder = tempfile.mkdtemp(prefix="tierwall-lab-")
        self.manifests = os.path.join(self.folder, "manifests")
        self.sync_socket = "unix:" + os.path.join(self.folder, "sync.sock")
        self.status_socket = "unix:" + os.path.join(self.folder, "status.sock")
        self.state = os.path.join(self.folder, "state")
        self.sync = self.daemon = None
        self.eal = eal_arguments()
        os.makedirs(self.manifests)
        os.makedirs(self.state)

    # Made and removed ---------------------------------------------------------------------------

    def __enter__(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.interrupted)
        run("ip", "netns", "add", self.fw)
        self.made.append(self.fw)
        run("ip", "netns", "exec", self.fw, "sysctl", "-qw", "net.ipv4.ip_forward=0",
            "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        return self

    def interrupted(self, number, _frame):
        raise KeyboardInterrupt("signal %d" % number)

    def __exit__(self, *_):
        self.close()

    def close(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(self.processes):
            with contextlib.suppress(Exception):
                process.stop(wait_s=3)
        for host in self.hosts:
            with contextlib.suppress(Exception):
                host.stop()
        for netns in reversed(self.made):
            subprocess.run(["ip", "netns", "del", netns], capture_output=True)
        if os.environ.get("TIERWALL_KEEP_LOGS"):
            print("logs: " + self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)

    # Built up -----------------------------------------------------------------------------------

    def add_host(self, name, v4, v6, side="pods"):
        host = Host(self, name, v4, v6, side)
        self.hosts.append(host)
        host.make()
        return host

    def host(self, name):
        return next(h for h in self.hosts if h.name == name)

    def mac(self, name):
        """The host's link-layer address, six bytes."""
        with_colons = run("ip", "netns", "exec", self.host(name).netns, "cat",
                          "/sys/class/net/eth0/address")
        return bytes.fromhex(with_colons.strip().replace(":", ""))

    def serve(self, tcp=(80,), udp=(53,), sink=(9000,)):
        for host in self.hosts:
            host.start()
        for host in self.hosts:
            host.tell(cmd="serve", tcp=list(tcp), udp=list(udp), sink=list(sink))
        for host in self.hosts:
            host.hear()

    def config_text(self):
        # With the 512 frames that are the default a TCP burst overruns the ring of the interface.
        device = "net_af_packet%d,iface=%s,framecnt=4096"
        lines = ["eal: " + json.dumps(self.eal), "ports:"]
        for number, host in enumerate(self.hosts):
            lines.append('  - {name: %s, device: "%s", side: %s}' % (
                host.port, device % (number, host.port), host.side))
        lines += ["mode: " + self.mode, "workers: 1", "scope: all", "sync: " + self.sync_socket,
                  "boot: closed", "state_dir: " + self.state,
                  "status_socket: " + self.status_socket, self.extra_config]
        return "\n".join(lines) + "\n"

    def start_sync(self):
        self.sync = Process("tierwall-sync", [
            os.path.join(BIN, "tierwall-sync"), "--manifests", self.manifests,
            "--listen", self.sync_socket], os.path.join(self.folder, "sync.log"))
        self.processes.append(self.sync)
        return self.sync

    def start_daemon(self):
        path = os.path.join(self.folder, "tierwalld.yaml")
        with open(path, "w") as out:
            out.write(self.config_text())
        self.daemon = Process("tierwalld", [os.path.join(BIN, "tierwalld"), "--config", path],
                              os.path.join(self.folder, "tierwalld.log"), netns=self.fw)
        self.processes.append(self.daemon)
        return self.daemon

    def write_manifest(self, name, text):
        """Replaces a manifest in one step; answers the moment at which it was there."""
        path = os.path.join(self.manifests, name)
        hidden = os.path.join(self.folder, "." + name)
        with open(hidden, "w") as out:
            out.write(text)
        moment = time.monotonic()
        os.rename(hidden, path)
        return moment

    # Asked --------------------------------------------------------------------------------------

    def ctl(self, *arguments, check=True):
        return run(os.path.join(BIN, "tierwallctl"), *arguments, check=check)

    def status(self):
        return json.loads(self.ctl("status", "--address", self.status_socket, "--output", "json"))

    def reasons(self):
        """Packets by reason, over all workers."""
        total = {}
        for worker in self.status()["workers"]:
            for count in worker.get("reasons", []):
                total[count["name"]] = total.get(count["name"], 0) + int(count.get("value", 0))
        return total

    def status_counter(self, name):
        """One counter, over all workers."""
        return sum(int(count.get("value", 0)) for worker in self.status()["workers"]
                   for count in worker.get("counters", []) if count["name"] == name)

    def wait_enforced(self, after_epoch=0, timeout_s=20):
        """Waits until the daemon enforces an epoch above `after_epoch`; answers it."""
        deadline = time.monotonic() + timeout_s
        problem = ""
        while time.monotonic() < deadline:
            for process in (self.daemon, self.sync):
                if process and not process.alive():
                    raise LabError("%s ended:\n%s" % (process.name, process.tail()))
            try:
                epoch = int(self.status().get("epoch", 0))
                if epoch > after_epoch:
                    return epoch
            except (LabError, ValueError) as error:
                problem = str(error)
            time.sleep(0.02)
        raise LabError("no epoch above %d was enforced in %d s %s\n%s" % (
            after_epoch, timeout_s, problem, self.daemon.tail() if self.daemon else ""))

    def probe(self, probes):
        """Runs all probes at once, each from its own host; answers {probe id: result}.

        A probe is {id, from, to, protocol, family, port, timeout}; from and to are host names.
        """
        by_host = {}
        for probe in probes:
            target = self.host(probe["to"]).address(probe["family"])
            by_host.setdefault(probe["from"], []).append({**probe, "to": target})
        for name, own in by_host.items():
            self.host(name).tell(cmd="probe", probes=own)
        results = {}
        for name in by_host:
            results.update(self.host(name).hear()["results"])
        return {int(key): value for key, value in results.items()}


def progress(text):
    """One line that replaces the last one on a terminal, and a plain line elsewhere."""
    if sys.stdout.isatty():
        print("\r\033[K" + text, end="", flush=True)
    else:
        print(text, flush=True)

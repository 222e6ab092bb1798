#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares tierwalld with dpdk-testpmd --forward-mode=io, over the same devices on the same core.

  bench/forward_io.py [--turns N] [--seconds S] [--rules N] [--flows N] [--both-ways] [--output FILE]
                       [--no-build]

A net_pcap device delivers a file of one packet of each of 65,536 connections in a loop
(infinite_rx), a net_null device takes what is sent (no-rx). testpmd moves packets from the one to
the other without a look; tierwalld, with 10,000 rules, parses each, tracks its connection, and
forwards it because the policies allow it. They run in turns, one at a time. The ratio compares
packets in a second of the forwarding thread's time on its core; what the clock on the wall says
stands beside it. Prints one JSON object; progress and a table on standard error.

Packets of one direction only come from a file: TCP segments in the middle of connections whose
beginning was not seen, and UDP. So each connection is opened by its first packet, when policy is
asked, and stays unanswered, which is the longer way through the flow table. With --both-ways the
file holds the answers too, as if both pods were behind its port: connections are answered then.

Needs free hugepages, because the file is read into packet buffers; says so if they are too few.
"""
import argparse
import contextlib
import json
import os
import re
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.environ.get("TIERWALL_BIN", os.path.join(ROOT, "build", "release", "bin"))
TARGET = 0.6
START_MAX_S = 60
WARM_S = 1
# A packet buffer with its headers, and what a process needs besides.
BUFFER_BYTES = 2400
BESIDES_MB = 200
EAL = ["--in-memory", "--iova-mode=va", "--no-pci", "--no-telemetry"]


class Failed(Exception):
    """One line for people."""


def say(words):
    print(words, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--turns", type=int, default=5, metavar="N", help="of each of the two")
    parser.add_argument("--seconds", type=float, default=4, metavar="S", help="of a turn")
    parser.add_argument("--rules", type=int, default=10_000, metavar="N")
    parser.add_argument("--flows", type=int, default=65_536, metavar="N")
    parser.add_argument("--both-ways", action="store_true", help="answers are in the file too")
    parser.add_argument("--output", default="", metavar="FILE", help="write the JSON there too")
    parser.add_argument("--no-build", action="store_true", help="the programs are built already")
    return parser.parse_args()


def cores():
    """The core of everything else, and the last one, which a worker of tierwalld takes."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise Failed("two cores are needed, and there is one")
    return allowed[0], allowed[-1]


def check_hugepages(packets):
    needed = (packets + 16_384) * BUFFER_BYTES // 2**21 + BESIDES_MB // 2
    with open("/proc/meminfo") as lines:
        facts = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    free = facts.get("HugePages_Free", 0) * facts.get("Hugepagesize", 0) // 2048
    if free < needed:
        raise Failed(f"{needed} free hugepages of 2 MB are needed for {packets} packets, and there "
                     f"are {free}; scripts/setup reserves 512")
    return needed


class Thread:
    """The thread of a process that does the forwarding: the one that runs most."""

    def __init__(self, pid):
        self.pid = pid
        first = self.times()
        time.sleep(0.3)
        now = self.times()
        self.task = max(now, key=lambda task: now[task] - first.get(task, 0))

    def times(self):
        found = {}
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with contextlib.suppress(OSError), \
                    open(f"/proc/{self.pid}/task/{task}/schedstat") as line:
                found[task] = int(line.read().split()[0]) * 1e-9
        return found

    def ran_s(self):
        return self.times()[self.task]

    def core(self):
        with open(f"/proc/{self.pid}/task/{self.task}/stat") as line:
            return int(line.read().rsplit(")", 1)[1].split()[36])


def measure(thread, sent, seconds):
    """`sent()` counts forwarded packets; answers figures of so many seconds."""
    def look():
        before = time.monotonic()
        count = sent()
        after = time.monotonic()
        return count, (before + after) / 2, thread.ran_s()
    time.sleep(WARM_S)
    first = look()
    time.sleep(seconds)
    last = look()
    packets, wall_s, ran_s = (b - a for a, b in zip(first, last))
    return {"mpps": packets / wall_s / 1e6, "mpps_of_core": packets / ran_s / 1e6,
            "ns_per_packet": ran_s / max(packets, 1) * 1e9, "share_of_core": ran_s / wall_s,
            "packets": packets, "core": thread.core()}


class Testpmd:
    def __init__(self, devices, packets):
        main, forwarding = cores()
        command = ["stdbuf", "-oL", "dpdk-testpmd", *EAL, "-l", f"{main},{forwarding}",
                   f"--main-lcore={main}"]
        for device in devices:
            command += ["--vdev", device]
        command += ["--", "-i", "--forward-mode=io", "--nb-cores=1", "--no-flush-rx",
                    f"--total-num-mbufs={packets + 16_384}"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.seen = b""
        self.wait_for(b"testpmd> ")
        self.tell("start")
        self.wait_for(b"testpmd> ")

    def tell(self, words):
        self.seen = b""
        self.process.stdin.write(words.encode() + b"\n")
        self.process.stdin.flush()

    def wait_for(self, word):
        deadline = time.monotonic() + START_MAX_S
        while word not in self.seen:
            ready, _, _ = select.select([self.process.stdout], [], [], 1)
            data = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            self.seen += data
            if (ready and not data) or time.monotonic() > deadline:
                raise Failed("dpdk-testpmd does not start: " +
                             self.seen.decode(errors="replace").strip()[-400:])
        return self.seen.decode(errors="replace")

    def sent(self):
        self.tell("show port stats 1")
        self.wait_for(b"Tx-bps")
        return int(re.search(r"TX-packets: (\d+)", self.seen.decode(errors="replace"))[1])

    def close(self):
        with contextlib.suppress(OSError):
            self.tell("quit")
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Tierwalld:
    CONFIG = """eal: {eal}
ports:
  - {{name: pods, device: "{pods}", side: pods}}
  - {{name: uplink, device: "{uplink}", side: uplink}}
mode: wire
sync: unix:{folder}/nobody.sock
state_dir: {folder}/state
status_socket: {folder}/status.sock
flows_max: {flows}
pickup_s: 0
"""

    def __init__(self, devices, flows, folder):
        self.address = f"unix:{folder}/status.sock"
        path = os.path.join(folder, "tierwalld.yaml")
        with open(path, "w") as out:
            out.write(self.CONFIG.format(eal=json.dumps(EAL), pods=devices[0], uplink=devices[1],
                                         folder=folder, flows=max(2 * flows, 1 << 17)))
        self.log = open(os.path.join(folder, "tierwalld.log"), "w+")
        self.process = subprocess.Popen([os.path.join(BIN, "tierwalld"), "--config", path],
                                        stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + START_MAX_S
        while not self.is_forwarding():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.log.seek(0)
                raise Failed("tierwalld does not start: " + self.log.read().strip()[-400:])
            time.sleep(0.1)

    def status(self):
        done = subprocess.run([os.path.join(BIN, "tierwallctl"), "status", "--address",
                               self.address, "--output", "json"], capture_output=True, text=True)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def is_forwarding(self):
        status = self.status()
        return status is not None and bool(status.get("workers")) and self.counters(
            status)["tx_packets"] > 0

    @staticmethod
    def counters(status):
        worker = status["workers"][0]
        return {count["name"]: int(count.get("value", 0)) for count in worker["counters"]}

    @staticmethod
    def reasons(status):
        worker = status["workers"][0]
        counts = {count["name"]: int(count.get("value", 0)) for count in worker["reasons"]}
        return {name: count for name, count in counts.items() if count}

    def sent(self):
        return self.counters(self.status())["tx_packets"]

    def facts(self, flows):
        """What shows that each packet was parsed, tracked, allowed and counted."""
        status = self.status()
        counters, reasons = self.counters(status), self.reasons(status)
        passed = reasons.get("established", 0) + reasons.get("policy", 0)
        if set(reasons) - {"established", "policy"}:
            raise Failed(f"not every packet was allowed: {reasons}")
        # The worker goes on while its counters are read.
        for name in ("rx_packets", "tx_packets"):
            if abs(passed - counters[name]) > passed * 0.001 + 1_000:
                raise Failed(f"{passed} packets were allowed, but {name} is {counters[name]}")
        worker = status["workers"][0]
        if int(worker["flows"]) != flows or counters["flows_created"] < flows:
            raise Failed(f"{worker['flows']} connections are tracked, not {flows}")
        return {"rules": int(status["rules"]), "rows": int(status["rows"]),
                "tables": int(status["tables"]), "flows": int(worker["flows"]),
                "flows_created": counters["flows_created"], "reasons": reasons}

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def run_turn(made, seconds, facts=None):
    try:
        figures = measure(Thread(made.process.pid), made.sent, seconds)
        if facts is not None:
            facts.update(made.facts(facts["flows"]))
        return figures
    finally:
        made.close()


def spread(values):
    return {"median": round(statistics.median(values), 4), "min": round(min(values), 4),
            "max": round(max(values), 4), "runs": len(values)}


def summary(turns, facts, hugepages):
    ratios = {key: spread([each["tierwalld"][key] / each["testpmd"][key] for each in turns])
              for key in ("mpps", "mpps_of_core")}
    names = ("mpps", "mpps_of_core", "ns_per_packet", "share_of_core")
    result = {"tool": "forward_io", "ratio": ratios["mpps_of_core"], "ratio_wall": ratios["mpps"],
              "target": f">= {TARGET}", "met": ratios["mpps_of_core"]["median"] >= TARGET,
              "conditions": facts, "hugepages_needed": hugepages}
    for program in ("testpmd", "tierwalld"):
        result[program] = {name: spread([each[program][name] for each in turns]) for name in names}
        result[program]["core"] = turns[-1][program]["core"]
    return result


def print_table(result):
    say(f"\n{'':12} {'Mpps':>8} {'of its core':>12} {'ns/packet':>10} {'share of core':>14}")
    for program in ("testpmd", "tierwalld"):
        row = {key: value["median"] for key, value in result[program].items() if key != "core"}
        say(f"{program:12} {row['mpps']:8.2f} {row['mpps_of_core']:12.2f} "
            f"{row['ns_per_packet']:10.1f} {row['share_of_core']:14.2f}")
    ratio = result["ratio"]
    say(f"ratio        {ratio['median']:.3f} ({ratio['min']:.3f} to {ratio['max']:.3f}), "
        f"target {result['target']}: {'met' if result['met'] else 'MISSED'}; by the clock on the "
        f"wall {result['ratio_wall']['median']:.3f}")


def prepare(given, folder):
    """A snapshot in folder/state and a capture; answers the devices."""
    capture = os.path.join(folder, "flows.pcap")
    done = subprocess.run([os.path.join(BIN, "tierwall-bench"), "prepare",
                           "--rules", str(given.rules), "--flows", str(given.flows),
                           "--state-dir", os.path.join(folder, "state"),
                           "--write-pcap", capture, "--output", "json",
                           *(["--both-ways"] if given.both_ways else [])],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(done.stderr.strip())
    return [f"net_pcap0,rx_pcap={capture},infinite_rx=1", "net_null1,no-rx=1"]


def compare(given, folder):
    packets = given.flows * (2 if given.both_ways else 1)
    hugepages = check_hugepages(packets)
    devices = prepare(given, folder)
    facts = {"flows": given.flows, "both_ways": given.both_ways}
    turns = []
    for number in range(given.turns):
        each = {}
        order = ["testpmd", "tierwalld"] if number % 2 == 0 else ["tierwalld", "testpmd"]
        for program in order:
            if program == "testpmd":
                each[program] = run_turn(Testpmd(devices, packets), given.seconds)
            else:
                each[program] = run_turn(Tierwalld(devices, given.flows, folder), given.seconds,
                                         facts)
        turns.append(each)
        say(f"turn {number + 1} of {given.turns}: testpmd {each['testpmd']['mpps_of_core']:.2f}, "
            f"tierwalld {each['tierwalld']['mpps_of_core']:.2f} million packets in a second of the "
            f"core")
    return summary(turns, facts, hugepages)


def main():
    given = arguments()
    if not shutil.which("dpdk-testpmd"):
        raise Failed("dpdk-testpmd is not installed; it is in Debian's package dpdk-dev")
    if not given.no_build:
        say("forward_io: building")
        subprocess.run([os.path.join(ROOT, "scripts", "build"), "release", "tierwalld",
                        "tierwallctl", "tierwall-bench"], stdout=sys.stderr, check=True)
    with tempfile.TemporaryDirectory(prefix="tierwall-forward-") as folder:
        result = compare(given, folder)
    print_table(result)
    text = json.dumps(result, indent=2)
    if given.output:
        with open(given.output, "w") as out:
            out.write(text + "\n")
    print(text)


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        say(f"forward_io: {failure}")
        sys.exit(2)

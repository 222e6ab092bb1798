#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demonstration: eight pods and an outside host around one tierwalld in switch mode.

Runs every pair of hosts over TCP, UDP and ICMP, IPv4 and IPv6, compares what real sockets see with
scripts/demo.d/expected.txt, then changes one policy while two transfers run. Exit status 0 only if
every observation was as expected.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab as laboratory
from lab import BIN, ROOT, Lab, LabError, progress

FOLDER = os.path.join(ROOT, "scripts/demo.d")
HOSTS = [
    ("shop/web", "10.244.1.10", "fd00:10:244:1::10"),
    ("shop/cart", "10.244.1.11", "fd00:10:244:1::11"),
    ("shop/client", "10.244.1.12", "fd00:10:244:1::12"),
    ("payments/api", "10.244.2.10", "fd00:10:244:2::10"),
    ("payments/db", "10.244.2.11", "fd00:10:244:2::11"),
    ("payments/job", "10.244.2.12", "fd00:10:244:2::12"),
    ("monitoring/prometheus", "10.244.3.10", "fd00:10:244:3::10"),
    ("monitoring/logs", "10.244.3.11", "fd00:10:244:3::11"),
    ("outside", "203.0.113.10", "2001:db8:113::10"),
]
NAMES = [name for name, _, _ in HOSTS]
SHORT = [name.split("/")[-1][:6] for name in NAMES]
ADDRESS = {(name, family): address for name, v4, v6 in HOSTS
           for family, address in (("IPv4", v4), ("IPv6", v6))}
PROBE_TIMEOUT_S = 1.5


def read_expected():
    """[{id, from, to, protocol, port, family, expected}] from expected.txt."""
    probes, block, row = [], None, 0
    for line in open(os.path.join(FOLDER, "expected.txt")):
        words = line.split("#")[0].split()
        if len(words) == 3:
            block, row = words, 0
        elif len(words) == 1:
            for column, mark in enumerate(words[0]):
                if mark != "-":
                    probes.append({"id": len(probes) + 1, "from": NAMES[row], "to": NAMES[column],
                                   "protocol": block[0], "port": int(block[1]),
                                   "family": block[2], "expected": mark == "1",
                                   "timeout": PROBE_TIMEOUT_S})
            row += 1
    return probes


def blocks(probes):
    found = {}
    for probe in probes:
        found.setdefault((probe["protocol"], probe["port"], probe["family"]), []).append(probe)
    return found


def evaluate(probes, engine):
    """What tierwallctl says of each probe, from the manifests alone."""
    def end(name, family):
        return name if "/" in name else ADDRESS[name, family]
    lines = "\n".join(json.dumps({
        "from": end(p["from"], p["family"]), "to": end(p["to"], p["family"]),
        "protocol": "ICMPv6" if p["protocol"] == "ICMP" and p["family"] == "IPv6" else p["protocol"],
        "port": p["port"], "family": p["family"]}) for p in probes)
    done = subprocess.run([os.path.join(BIN, "tierwallctl"), "eval", "--manifests",
                           os.path.join(FOLDER, "manifests"), "--engine", engine, "--probes", "-",
                           "--output", "json"], input=lines, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError("tierwallctl eval: " + done.stderr.strip())
    return [json.loads(line) for line in done.stdout.splitlines()]


def decider(answer):
    """The policy that decided, in words: the denying side's, else the ingress side's."""
    for side in ("egress", "ingress"):
        if answer[side]["verdict"] != "allow":
            break
    else:
        side = "ingress" if answer["ingress"].get("policy") else "egress"
    part = answer[side]
    if not part.get("policy"):
        return "(%s)" % part["tier"]
    rule = part.get("rule")
    return "%s %s rule %s" % (part["policy"], side, rule) if rule is not None else \
        "%s %s isolation" % (part["policy"], side)


def letters(answers):
    names = sorted({decider(a) for a in answers})
    return {name: chr(ord("A") + i) if i < 26 else chr(ord("a") + i - 26)
            for i, name in enumerate(names)}


def print_matrix(key, probes, seen, deciders):
    """Rows are sources. Each cell: expected, observed, deciding policy's letter."""
    protocol, port, family = key
    wrong = sum(seen[p["id"]] != p["expected"] for p in probes)
    title = "%s%s over %s" % (protocol, " %d" % port if port else "", family)
    print("\n%s: %d of %d as expected" % (title, len(probes) - wrong, len(probes)))
    print("  %-22s" % "from \\ to" + "".join("%-7s" % s for s in SHORT))
    cells = {(p["from"], p["to"]): p for p in probes}
    for row in NAMES:
        line = "  %-22s" % row
        for column in NAMES:
            probe = cells.get((row, column))
            if not probe:
                line += "%-7s" % "-"
                continue
            marks = "%d/%d %s" % (probe["expected"], seen[probe["id"]], deciders[probe["id"]])
            line += "%-7s" % (marks + ("" if seen[probe["id"]] == probe["expected"] else "!"))
        print(line)


def print_legend(legend):
    print("\nEach cell: expected/observed (1 reaches, 0 does not) and the policy that decided:")
    for name, letter in legend.items():
        print("  %s  %s" % (letter, name))


def report(probes, seen, answers):
    legend = letters(answers)
    deciders = {p["id"]: legend[decider(a)] for p, a in zip(probes, answers)}
    for key, own in blocks(probes).items():
        print_matrix(key, own, seen, deciders)
    print_legend(legend)
    return sum(seen[p["id"]] == p["expected"] for p in probes)


def build_lab(lab):
    for number, (name, v4, v6) in enumerate(HOSTS, 1):
        progress("making host %d of %d: %s" % (number, len(HOSTS), name))
        lab.add_host(name, v4, v6, "uplink" if name == "outside" else "pods")
    for file in sorted(os.listdir(os.path.join(FOLDER, "manifests"))):
        shutil.copy(os.path.join(FOLDER, "manifests", file), lab.manifests)
    progress("starting tierwall-sync and tierwalld")
    lab.serve()
    lab.start_sync()
    lab.start_daemon()
    epoch = lab.wait_enforced()
    progress("")
    print("tierwalld enforces epoch %d on %d ports" % (epoch, len(HOSTS)))


def observe(lab, probes):
    """Runs the probes block by block; answers what reached, and which denied packets arrived."""
    seen, leaked = {}, []
    for number, (key, own) in enumerate(blocks(probes).items(), 1):
        progress("probing %s over %s: %d pairs (%d of 6)" % (key[0], key[2], len(own), number))
        for host in lab.hosts:
            host.ask(cmd="arrivals", reset=True)
        results = lab.probe(own)
        seen.update({p["id"]: results[p["id"]]["reached"] for p in own})
        arrived = {h.name: h.ask(cmd="arrivals")["arrivals"] for h in lab.hosts}
        for probe in own:
            name = "%s %s %d" % (key[0], ADDRESS[probe["from"], key[2]], probe["port"])
            if not probe["expected"] and arrived[probe["to"]].get(name):
                leaked.append(probe)
    progress("")
    return seen, leaked


def stream_of(lab, sink, name):
    return lab.host(sink).ask(cmd="streams")["streams"][name]


def check(good, words):
    print("  %s  %s" % ("as expected " if good else "NOT EXPECTED", words))
    return bool(good)


def live_change(lab):
    """One policy changes during two transfers; answers the list of what was as expected."""
    print("\nA policy changes while two TCP transfers run:")
    cut = lab.host("shop/web").ask(cmd="start_stream", name="cut", to="10.244.1.11", port=9000)
    kept = lab.host("shop/client").ask(cmd="start_stream", name="kept", to="10.244.3.11", port=9000)
    time.sleep(1.5)
    before = stream_of(lab, "shop/cart", cut["name"])["words"]
    epoch = int(lab.status()["epoch"])
    changed = lab.write_manifest("31-shop-cart.yaml",
                                 open(os.path.join(FOLDER, "cart-closed.yaml")).read())
    lab.wait_enforced(epoch)
    time.sleep(0.5)
    first = stream_of(lab, "shop/cart", cut["name"])
    time.sleep(1.5)
    second = stream_of(lab, "shop/cart", cut["name"])
    end = lab.host("shop/web").ask(cmd="stop_stream", name="cut", wait_s=0.5)
    sent = lab.host("shop/client").ask(cmd="stop_stream", name="kept", wait_s=5)
    time.sleep(0.5)
    got = stream_of(lab, "monitoring/logs", kept["name"])
    delay_ms = max(0.0, (second["last"] - changed) * 1000)
    revoked = lab.status_counter("flows_revoked")
    return [
        check(before > 0, "shop/web -> shop/cart ran before the change (%d KiB)" % (before / 128)),
        check(second["words"] == first["words"],
              "it stopped: not one more byte in the next 1.5 s (%d KiB in all)"
              % (second["words"] / 128)),
        check(revoked >= 1, "tierwalld cut %d connection, and only for the policy" % revoked),
        check(got["in_order"] and got["words"] == sent["words"] and not sent["error"],
              "shop/client -> monitoring/logs lost nothing: %d KiB sent, %d KiB received, "
              "%d retransmits" % (sent["words"] / 128, got["words"] / 128, sent["retransmits"])),
        check(delay_ms < 1000, "from the changed file to the last byte: %.1f ms" % delay_ms),
    ]


def run_lab(probes):
    with Lab() as lab:
        build_lab(lab)
        started = time.monotonic()
        seen, leaked = observe(lab, probes)
        good = report(probes, seen, evaluate(probes, "tiers"))
        denied = sum(not p["expected"] for p in probes)
        print("\n%d probes with real sockets in %.1f s." % (len(probes), time.monotonic() - started))
        print("Denied packets that reached their destination's interface: %d of %d" % (
            len(leaked), denied))
        for probe in leaked:
            print("  LEAKED %(protocol)s %(from)s -> %(to)s over %(family)s" % probe)
        change = live_change(lab)
        return good + denied - len(leaked) + sum(change), len(probes) + denied + len(change)


def run_in_memory(probes, reason):
    print("Real network interfaces are not to be had: %s." % reason)
    print("The same matrix through in-memory ports: each probe is a real packet that goes through\n"
          "the whole pipeline of tierwalld, from parsing to the verdict.")
    answers = evaluate(probes, "packets")
    seen = {p["id"]: a["verdict"] == "allow" for p, a in zip(probes, answers)}
    return report(probes, seen, answers), len(probes)


def main():
    probes = read_expected()
    reason = laboratory.why_not()
    try:
        good, total = run_in_memory(probes, reason) if reason else run_lab(probes)
    except KeyboardInterrupt:
        print("\ninterrupted; everything is removed")
        return 130
    except LabError as error:
        print("\ndemo: %s" % error, file=sys.stderr)
        return 1
    print("\n%d of %d as expected" % (good, total))
    return 0 if good == total else 1


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Which plots are drawn from a run's results. draw() writes those for which there are figures."""
import os
import re

import chart
import tables


def with_spread(entry):
    """{"x", "mpps": {median, min, max}} -> a point."""
    spread = entry["mpps"]
    return (entry["x"], spread["median"], spread["min"], spread["max"])


def curve(results, name):
    """The lines of a curve that the packet path's program notes: {line: [entry]}."""
    lines = results.get("notes", {}).get(name)
    if not lines:
        return []
    return [(line, [with_spread(entry) for entry in entries]) for line, entries in lines.items()]


# File, curve, title, what x is, logarithmic.
THROUGHPUT = [
    ("throughput-rules.svg", "by_rules", "Throughput against rules", "rules", True),
    ("throughput-flows.svg", "by_flows", "Throughput against flows", "open connections", True),
    ("throughput-size.svg", "by_size", "Throughput against packet size", "bytes on the wire",
     False),
    ("throughput-workers.svg", "by_workers", "Throughput against workers", "workers", False),
]


def machine_line(results):
    facts = results.get("machine", {})
    return f"{facts.get('cpu', '')}, {facts.get('cores', '?')} cores, kernel {facts.get('kernel')}"


LATENCIES = {
    "pod added": "pod_add_p99_ms",
    "policy changed": "policy_change_p99_ms",
    "namespace relabelled": "namespace_relabel_p99_ms",
}
QUANTILE = re.compile(r"p(\d{1,2})(\d*)")


def percent(word):
    """Which part of all changes a word of a distribution is about: p99 is 99, p999 is 99.9."""
    if word in ("min", "max"):
        return 0 if word == "min" else 100
    found = QUANTILE.fullmatch(word)
    return float(f"{found[1]}.{found[2] or 0}") if found else None


def latency_series(results):
    """Of each kind of change: percent of changes against how long they took."""
    series = []
    for name, key in LATENCIES.items():
        found = results.get(key, {}).get("figures", {}).get("latency_ms", {})
        points = [(value, percent(word)) for word, value in found.items()
                  if percent(word) is not None]
        if points:
            series.append((name, [(x, y, y, y) for x, y in sorted(points)]))
    return series


def bit_rates(results):
    """The curve by packet size once more, in bits."""
    lines = results.get("notes", {}).get("by_size", {})
    return [(line, [(entry["x"], entry["gbit_s"], entry["gbit_s"], entry["gbit_s"])
                    for entry in entries]) for line, entries in lines.items()]


def side_by_side(results):
    """Of each rule set a group of bars: who -> (median, min, max)."""
    fields = results.get("notes", {}).get("side_by_side", {})
    spread = lambda entry: (entry["median"], entry["min"], entry["max"])
    return [(f"{title.replace('_', ' ')} ({field['expanded_rows']} rows, {field['shapes']} "
             f"shape{'s' if field['shapes'] != 1 else ''})",
             [(name, spread(field[key]["mpps"])) for key, name in tables.NAMES.items()])
            for title, field in fields.items()]


def ring_series(results):
    """The deepest ring against the load of the busiest worker, by weights and trains."""
    lines = {}
    for entry in results.get("notes", {}).get("workers_sim", {}).get("rings", []):
        name = f"{entry['weights']}, trains of {entry['trains']:g}"
        depth = entry["depth_max"]
        lines.setdefault(name, []).append((entry["load"], depth, depth, depth))
    return list(lines.items())


def draw(results, folder):
    note, written = machine_line(results), []

    def write(name, text):
        path = os.path.join(folder, name)
        with open(path, "w") as out:
            out.write(text)
        written.append(path)

    for name, key, title, x_words, log_x in THROUGHPUT:
        series = curve(results, key)
        if series:
            write(name, chart.line_chart(title, (x_words, "million packets a second"), series,
                                         log_x=log_x, note=note))
    series = bit_rates(results)
    if series:
        write("bit-rate-size.svg",
              chart.line_chart("Bit rate against packet size",
                               ("bytes on the wire", "Gbit/s on a wire"), series, note=note))
    groups = side_by_side(results)
    if groups:
        write("side-by-side.svg",
              chart.bar_chart("The same packets", "million packets a second", groups, note=note))
    series = ring_series(results)
    if series:
        sim = results["notes"]["workers_sim"]
        write("workers-rings.svg",
              chart.line_chart(f"Deepest ring, {sim['workers']} workers, one of them receives all",
                               ("load of the busiest worker", "packets in a ring"), series,
                               marks=[(sim["ring_places"], "places of a ring")]))
    series = latency_series(results)
    if series:
        write("update-latency.svg",
              chart.line_chart("From a change to its enforcement",
                               ("milliseconds", "percent of changes"), series, log_x=True,
                               note=note))
    return written

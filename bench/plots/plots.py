# SPDX-License-Identifier: Apache-2.0
"""Which plots are drawn from a run's results. draw() writes those for which there are figures."""
import os

import chart


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
PERCENTS = (("min", 0), ("p50", 50), ("p90", 90), ("p99", 99), ("max", 100))


def latency_series(results):
    """Of each kind of change: percent of changes against how long they took."""
    series = []
    for name, key in LATENCIES.items():
        found = results.get(key, {}).get("figures", {}).get("latency_ms", {})
        points = [(found[word], percent, percent, percent) for word, percent in PERCENTS
                  if word in found]
        if points:
            series.append((name, points))
    return series


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
    series = latency_series(results)
    if series:
        write("update-latency.svg",
              chart.line_chart("From a change to its enforcement",
                               ("milliseconds", "percent of changes"), series, log_x=True,
                               note=note))
    return written

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what `tierwall-bench search` or `drive` found, as SVG.

  tierwall-bench search --output json > found.json
  bench/operator/plot.py found.json [DIR]

Writes loss-free.svg (rate against frame size) and latency.svg (percentiles against frame size, at
90 % of the loss-free rate) into DIR, the folder of the file if none is named.
"""
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "plots"))
import chart  # noqa: E402

PERCENTILES = (("p50", "p50"), ("p90", "p90"), ("p99", "p99"), ("p99_9", "p99.9"))


def points(sizes, value):
    return [(each["size"], value(each), value(each), value(each)) for each in sizes]


def note(report):
    words = report["conditions"]
    traffic = f"{words['flows']} connections" if "flows" in words else "a capture"
    return f"{report['machine']['cpu']}, {words['rules']} rules, {traffic}, {report['command']}"


def draw(report):
    """File name -> SVG text; a report without a search has none."""
    sizes = [each for each in report.get("sizes", []) if "loss_free" in each]
    if not sizes:
        return {}
    rates = [("without loss", points(sizes, lambda each: each["loss_free"]["mpps"]))]
    overloaded = [each for each in sizes if each["overload"]]
    if overloaded:
        rates.append(("under overload",
                      points(overloaded, lambda each: each["overload"]["mpps"])))
    latencies = [(name, points(sizes, lambda each, key=key:
                               each["latency_us"]["at_90_percent"][key]))
                 for key, name in PERCENTILES]
    return {
        "loss-free.svg": chart.line_chart(
            "Rate against frame size", ("bytes on the wire", "million packets a second"), rates,
            note=note(report)),
        "latency.svg": chart.line_chart(
            "Latency at 90 % of the loss-free rate", ("bytes on the wire", "microseconds"),
            latencies, note=note(report)),
    }


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        with open(sys.argv[1]) as file:
            plots = draw(json.load(file))
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"plot.py: {sys.argv[1]} is no report of tierwall-bench: {error}",
              file=sys.stderr)
        return 2
    if not plots:
        print(f"plot.py: {sys.argv[1]} holds no search", file=sys.stderr)
        return 2
    folder = sys.argv[2] if len(sys.argv) == 3 else os.path.dirname(sys.argv[1]) or "."
    os.makedirs(folder, exist_ok=True)
    for name, text in plots.items():
        with open(os.path.join(folder, name), "w") as out:
            out.write(text)
        print(os.path.join(folder, name))
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Results as tables: for the terminal, and as Markdown that the documentation can include."""

AT_LEAST, AT_MOST = ">=", "<="
# Where one failure is a failure, the worst run counts and not the one in the middle.
BY_WORST_RUN = ("swap_lost", "allocations_per_packet")
NAMES = {"base": "base", "tierwall_established": "Tierwall, open connections",
         "tierwall_new_flows": "Tierwall, new connections", "raw_rte_acl": "raw rte_acl"}


def judged(key, entry):
    return entry["max"] if key in BY_WORST_RUN else entry["median"]


def is_met(key, entry, target):
    _, how, bound = target
    value = judged(key, entry)
    return value >= bound if how == AT_LEAST else value <= bound


def number(value):
    return f"{value:.4g}"


def add_targets(results, targets):
    for key, target in targets.items():
        if key in results:
            results[key]["target"] = f"{target[1]} {target[2]:g}"
            results[key]["met"] = is_met(key, results[key], target)


def terminal(results, targets):
    lines = [f"{'':26} {'median':>10} {'min':>10} {'max':>10}   target"]
    for key in targets:
        if key not in results:
            continue
        entry = results[key]
        word = "met" if entry["met"] else "MISSED"
        lines.append(f"{key:26} {number(entry['median']):>10} {number(entry['min']):>10} "
                     f"{number(entry['max']):>10}   {entry['target']:9} {word}")
    for name, line in side_by_side_rows(results):
        lines.append(f"{name:26} " + line)
    return "\n".join(lines)


def side_by_side_rows(results):
    for title, field in results.get("notes", {}).get("side_by_side", {}).items():
        for key, name in NAMES.items():
            if key in field:
                entry = field[key]
                yield (title.replace("_", " "),
                       f"{number(entry['mpps']['median']):>10} Mpps "
                       f"{number(entry['over_base']['median']):>8} of base "
                       f"{number(entry['over_raw_rte_acl']['median']):>8} of raw   {name}")


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def head(*cells):
    return [row(*cells), "|" + "---|" * len(cells)]


def target_table(results, targets):
    out = head("key", "median", "min", "max", "target", "")
    for key in targets:
        if key in results:
            entry = results[key]
            out.append(row(f"`{key}`", number(entry["median"]), number(entry["min"]),
                           number(entry["max"]), entry["target"],
                           "met" if entry["met"] else "missed"))
    return out


def side_by_side_table(field):
    out = head("", "ns a packet", "Mpps", "over base", "over raw rte_acl")
    for key, name in NAMES.items():
        entry = field[key]
        out.append(row(name, number(entry["ns_per_packet"]["median"]),
                       number(entry["mpps"]["median"]), number(entry["over_base"]["median"]),
                       number(entry["over_raw_rte_acl"]["median"])))
    return out


def side_by_side(results):
    out = []
    for name, field in results.get("notes", {}).get("side_by_side", {}).items():
        agreement = field["agreement"]
        out += ["", f"### Side by side, {name.replace('_', ' ')}", "",
                f"{number(field['rules'])} rules: {field['expanded_rows']} rows of "
                f"{field['shapes']} shapes for raw rte_acl, {field['rows']} rows for Tierwall; "
                f"{field['flows']} connections. Both say the same about "
                f"{agreement['probes'] - agreement['different']} of {agreement['probes']} packets.",
                "", *side_by_side_table(field)]
    ratios = results.get("notes", {}).get("many_shapes_over_one")
    if ratios:
        words = ", ".join(f"{NAMES[key].replace('_', chr(92) + '_')} {number(value['median'])}"
                          for key, value in ratios.items())
        out += ["", f"Many shapes over one: {words}."]
    return out


CURVES = (("by_rules", "rules"), ("by_flows", "open connections"), ("by_workers", "workers"),
          ("by_size", "bytes on the wire"))


def curve_table(lines, words):
    out = head(words, *[f"{line}, Mpps" for line in lines])
    for points in zip(*lines.values()):
        out.append(row(points[0]["x"], *[number(point["mpps"]["median"]) for point in points]))
    return out


def curves(results):
    out = []
    for name, words in CURVES:
        lines = results.get("notes", {}).get(name)
        if lines:
            out += ["", f"### By {words}", "", *curve_table(lines, words)]
    return out


def spread_simulation(results):
    found = results.get("notes", {}).get("workers_sim")
    if not found:
        return []
    out = ["", f"### {found['workers']} workers, simulated", "",
           f"{found['connections']} connections of a generated cluster; both directions of "
           f"{found['same_worker_both_ways']} of them belong to one worker.", "",
           *head("weight of connections", "largest share over mean", "smallest over mean")]
    for weight, entry in found["balance"].items():
        out.append(row(weight.replace("_", " "), number(entry["max_over_mean"]),
                       number(entry["min_over_mean"])))
    rings = head("weight", "load of the busiest", "mean load", "trains", "deepest ring", "99.9 % find",
                 "refused")
    for entry in found["rings"]:
        rings.append(row(entry["weights"], number(entry["load"]), number(entry["mean_load"]),
                         number(entry["trains"]), entry["depth_max"], entry["depth_p999"],
                         entry["refused"]))
    return out + ["", f"One worker receives and hands over; a ring has {found['ring_places']} "
                      "places.", "", *rings]


def huge_pages(results):
    found = results.get("notes", {}).get("huge_pages")
    if found is None:
        return ""
    if isinstance(found, list):
        return ", with huge pages in some of them only"
    return ", with huge pages" if found else ", without huge pages"


def markdown(results, targets):
    machine = results.get("machine", {})
    runs = results.get("runs", 1)
    out = [f"Measured on {machine.get('cpu', 'unknown')}, {machine.get('cores', '?')} cores, "
           f"{machine.get('memory_gb', '?')} GiB, kernel {machine.get('kernel', '?')}; "
           f"{runs} run{'s' if runs != 1 else ''}{huge_pages(results)}.",
           "", "### Targets", "", *target_table(results, targets)]
    out += side_by_side(results) + curves(results) + spread_simulation(results)
    return "\n".join(out) + "\n"

# SPDX-License-Identifier: Apache-2.0
"""Brings the results of several runs of the same programs together.

A spread is {"median", "min", "max", "runs"}. Of several runs' spreads the medians count: their
median, and the least and the largest of them. Everything else is taken along: figures as their
median, lists of figures one behind the other, and of words that differ all.
"""
import statistics


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_spread(value):
    return isinstance(value, dict) and is_number(value.get("median")) and "min" in value \
        and "max" in value


def merged(values):
    """One value that stands for those of all runs."""
    if len(values) == 1:
        return values[0]
    if all(isinstance(value, dict) for value in values):
        out = merged_dicts(values)
        return {**out, **spread_of([value["median"] for value in values])} \
            if all(is_spread(value) for value in values) else out
    if all(isinstance(value, list) for value in values):
        return merged_lists(values)
    if all(value == values[0] for value in values):
        return values[0]
    if all(is_number(value) for value in values):
        return statistics.median(values)
    return list(values)


def spread_of(medians):
    return {"median": statistics.median(medians), "min": min(medians), "max": max(medians),
            "runs": len(medians), "of_runs": list(medians)}


def merged_dicts(values):
    keys = [key for key in values[0] if all(key in value for value in values)]
    return {key: merged([value[key] for value in values]) for key in keys}


def merged_lists(values):
    """Points of curves belong together by their place; lists of figures do not."""
    flat = [item for value in values for item in value]
    same_length = len({len(value) for value in values}) == 1
    if same_length and flat and not any(is_number(item) for item in flat):
        return [merged(list(items)) for items in zip(*values)]
    return flat

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks sizes: lines per function and file, columns, parameters. Limits below; production code
only for function sizes, every source file for the rest."""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FUNCTION_LINES = 60
FILE_LINES = 500
COLUMNS = 100
PARAMETERS = 4


def files():
    listing = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard",
                              "*.hpp", "*.cpp"], capture_output=True, text=True, check=True)
    return [f for f in listing.stdout.split() if os.path.exists(os.path.join(ROOT, f))]


def functions(paths):
    command = ["ctags", "--output-format=json", "--fields=+neS", "--kinds-C++=f",
               "--language-force=C++", "-f", "-", *paths]
    out = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    for line in out.splitlines():
        tag = json.loads(line)
        if tag.get("_type") == "tag" and "end" in tag:
            yield tag


def parameters(signature):
    depth, count, inner = 0, 1, signature.strip()[1:-1].strip()
    if not inner or inner == "void":
        return 0
    for character in inner:
        if character in "<({[":
            depth += 1
        elif character in ">)}]":
            depth -= 1
        elif character == "," and depth == 0:
            count += 1
    return count


def main():
    errors, paths = [], files()
    for path in paths:
        lines = open(os.path.join(ROOT, path), errors="replace").read().split("\n")
        if len(lines) - 1 > FILE_LINES:
            errors.append(f"{path}: {len(lines) - 1} lines, at most {FILE_LINES}")
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS:
                errors.append(f"{path}:{number}: {len(line)} columns, at most {COLUMNS}")
        if "SPDX-License-Identifier: Apache-2.0" not in lines[0]:
            errors.append(f"{path}:1: the licence line is missing")
    code = [p for p in paths if p.split("/")[0] in ("dataplane", "control", "proto")]
    count, longest = 0, []
    for tag in functions(code):
        count += 1
        where = f"{tag['path']}:{tag['line']}: {tag['name']}"
        length = tag["end"] - tag["line"] + 1
        longest.append(length)
        if length > FUNCTION_LINES:
            errors.append(f"{where}: {length} lines, at most {FUNCTION_LINES}")
        if parameters(tag.get("signature", "()")) > PARAMETERS:
            errors.append(f"{where}: {parameters(tag['signature'])} parameters, at most {PARAMETERS}")
    longest.sort()
    p95 = longest[int(len(longest) * 0.95)] if longest else 0
    print("\n".join(errors) if errors else
          f"sizes: {len(paths)} files, {count} functions, 95 % of them at most {p95} lines")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())

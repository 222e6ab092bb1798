#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks words: nothing unfinished, nothing about how the work was organised, no machine paths."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BANNED = [
    (re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"), "finish it or leave it out"),
    (re.compile(r"not implemented|for now\b|placeholder", re.I), "say what it does"),
    (re.compile(r"\b(milestone|sprint|session notes|work item)\b", re.I), "speak of the product"),
    (re.compile(r"(?<![\w.])/(home|work|root)/\w"), "no absolute path of a machine"),
    (re.compile(r"\btrie\b", re.I), "say tier or AclTable"),
    (re.compile(r"\b(docker\.io|ghcr\.io|quay\.io|registry\.k8s\.io)\b"), "no registry host name"),
    (re.compile(r"\b(?:printf|std::cout|std::cerr)\b"), None),
]
SKIP = (".ci/check_words.py", "LICENSE")
SUFFIXES = (".hpp", ".cpp", ".py", ".md", ".proto", ".txt", ".yaml", ".sh", "")


def main():
    listing = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"],
                             capture_output=True, text=True, check=True)
    errors, count = [], 0
    for path in listing.stdout.split():
        full = os.path.join(ROOT, path)
        if path in SKIP or os.path.splitext(path)[1] not in SUFFIXES or "corpus/" in path:
            continue
        if not os.path.isfile(full):
            continue
        count += 1
        for number, line in enumerate(open(full, errors="replace"), 1):
            for pattern, advice in BANNED:
                hit = pattern.search(line)
                if hit and advice:
                    errors.append(f"{path}:{number}: \"{hit[0]}\": {advice}")
                elif hit and path.startswith("dataplane/"):
                    errors.append(f"{path}:{number}: the dataplane does not print")
    print("\n".join(errors) if errors else f"words: {count} files are clean")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that includes follow .ci/layers.txt: folder order, root-relative form, library owners."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def read_rules():
    folders, libraries = {}, {}
    with open(os.path.join(ROOT, ".ci/layers.txt")) as lines:
        for line in lines:
            line = line.split("#")[0].strip()
            if line.startswith("library "):
                _, library, *owners = line.split()
                libraries[library] = owners
            elif line:
                folder, allowed = line.split(":")
                folders[folder.strip()] = allowed.split()
    return folders, libraries


def owner(path, folders):
    """The longest listed folder that holds the file."""
    folder = os.path.dirname(path)
    while folder and folder not in folders:
        folder = os.path.dirname(folder)
    return folder


def check_quoted(where, target, folder, folders):
    if target.startswith("..") or not os.path.exists(os.path.join(ROOT, target)):
        if not target.endswith((".pb.h",)):
            return f"{where}: \"{target}\" is not a path from the repository's root"
    other = owner(target, folders)
    if other == folder or "*" in folders[folder] or other in folders[folder]:
        return None
    return f"{where}: {folder} may not include {other or target}"


def check_angled(where, target, folder, libraries):
    if folder.split("/")[0] in ("test", "bench"):
        return None
    for library, owners in libraries.items():
        if re.match(re.escape(library) + r"(?:[/.]|_qsbr|_crc|$)", target) and folder not in owners:
            return f"{where}: <{target}> belongs to {', '.join(owners)}"
    if folder.startswith("dataplane") and re.match(r"(google/protobuf|grpc)", target):
        return f"{where}: the dataplane knows nothing of <{target}>"
    if re.match(r"rte_", target) and not folder.startswith(("dataplane", "control/agent")):
        return f"{where}: {folder} works without DPDK"
    return None


def main():
    folders, libraries = read_rules()
    listing = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard",
                              "*.hpp", "*.cpp"], capture_output=True, text=True, check=True)
    errors, checked, edges = [], 0, {}
    for path in listing.stdout.split():
        full = os.path.join(ROOT, path)
        if not os.path.exists(full):
            continue
        folder = owner(path, folders)
        if not folder:
            errors.append(f"{path}: its folder is not in .ci/layers.txt")
            continue
        for number, line in enumerate(open(full, errors="replace"), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            checked += 1
            where = f"{path}:{number}"
            if match[1] == '"':
                error = check_quoted(where, match[2], folder, folders)
                edges.setdefault(folder, set()).add(owner(match[2], folders))
            else:
                error = check_angled(where, match[2], folder, libraries)
            if error:
                errors.append(error)
    for folder, others in edges.items():
        for other in others - {folder}:
            if folder in edges.get(other, set()) and folder != "control":
                errors.append(f"{folder} and {other} include each other")
    print("\n".join(errors) if errors else f"layers: {checked} includes follow .ci/layers.txt")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())

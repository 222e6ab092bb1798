# SPDX-License-Identifier: Apache-2.0
"""The mutants: read from mutants/*.toml, and found in the code wherever its lines are broken."""
import glob
import hashlib
import os
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
KEYS = {"name", "breaks", "file", "old", "new", "tests"}
# What a folder's code does for a packet is seen by the oracle; what it does for the tables of a
# running dataplane only by those who use it.
MORE_TESTS = {
    "control/resolve": ["unit_control_compile"],
    "control/policy": ["unit_control_compile"],
    "dataplane/identity": ["unit_dataplane_worker"],
    "dataplane/flow": ["unit_dataplane_worker"],
}


class Wrong(Exception):
    pass


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def dense(text):
    """The text without white space, so that it does not matter how lines are broken; and where
    each of its characters stood."""
    places = [place for place, char in enumerate(text) if not char.isspace()]
    return "".join(text[place] for place in places), places


class Mutant:
    def __init__(self, entry, source):
        missing = KEYS - {"tests"} - entry.keys()
        if missing or entry.keys() - KEYS:
            raise Wrong(f"{source}: {entry.get('name', '?')}: "
                        f"has no {', '.join(missing)}" if missing else
                        f"{source}: {entry.get('name', '?')}: "
                        f"unknown: {', '.join(entry.keys() - KEYS)}")
        self.name, self.breaks, self.file = entry["name"], entry["breaks"], entry["file"]
        self.old, self.new = entry["old"], entry["new"]
        self.folder = os.path.dirname(self.file) if self.file.endswith(".cpp") else self.file
        unit = "unit_" + self.folder.replace("/", "_")
        self.tests = entry.get("tests") or [unit, *MORE_TESTS.get(self.folder, []), "oracle_random"]

    def find(self):
        """Settles which file has the text, of those in the folder that `file` may name."""
        path = os.path.join(ROOT, self.file)
        paths = [path] if os.path.isfile(path) else sorted(glob.glob(os.path.join(path, "*.cpp")))
        wanted = dense(self.old)[0]
        having = [(path, dense(read(path))[0].count(wanted)) for path in paths]
        count = sum(times for _, times in having)
        if count != 1:
            raise Wrong(f"{self.name}: its text is {count} times in {self.file}, not once: "
                        f"{' '.join(self.old.split())}")
        self.file = os.path.relpath(next(path for path, times in having if times), ROOT)

    def mutated(self):
        """The file's text with the fault."""
        text = read(os.path.join(ROOT, self.file))
        without_space, places = dense(text)
        wanted = dense(self.old)[0]
        start = without_space.index(wanted)
        first, last = places[start], places[start + len(wanted) - 1]
        return text[:first] + self.new + text[last + 1:]


def load():
    """All mutants, in an order that mixes the folders. Every text is looked for."""
    everyone = {}
    for path in sorted(glob.glob(os.path.join(HERE, "mutants", "*.toml"))):
        with open(path, "rb") as file:
            entries = tomllib.load(file).get("mutant", [])
        for entry in entries:
            mutant = Mutant(entry, os.path.relpath(path, ROOT))
            if mutant.name in everyone:
                raise Wrong(f"{mutant.name}: is there twice")
            everyone[mutant.name] = mutant
    wrong = []
    for mutant in everyone.values():
        try:
            mutant.find()
        except Wrong as problem:
            wrong.append(str(problem))
    if wrong:
        raise Wrong("\n          ".join(wrong))
    return sorted(everyone.values(), key=lambda one: hashlib.sha256(one.name.encode()).digest())


def choose(everyone, options):
    """By name, or N in turn, so that N a day come round to all of them."""
    chosen = everyone
    if options.names:
        chosen = [one for one in everyone
                  if one.name in options.names or any(part in one.file for part in options.names)]
        known = {one.name for one in everyone}
        for name in options.names:
            if name not in known and not any(name in one.file for one in everyone):
                raise Wrong(f"no mutant {name}")
    if options.sample:
        count = min(options.sample, len(chosen))
        start = options.seed * count % len(chosen)
        chosen = [chosen[(start + i) % len(chosen)] for i in range(count)]
    return chosen

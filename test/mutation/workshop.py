# SPDX-License-Identifier: Apache-2.0
"""Compiles a mutated file and links test programs with it, beside a build that stays as it is."""
import json
import os
import re
import shlex
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRATCH = os.path.join(ROOT, "build/mutation")


class Failure(Exception):
    pass


def command(words, folder):
    shell = isinstance(words, str)
    done = subprocess.run(words, cwd=folder, shell=shell, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if "error: " in line] or [done.stdout]
        raise Failure(f"does not build: {lines[0].strip()[:300]}")
    return done.stdout


class Workshop:
    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.compiles = {}  # source -> (words, the file that is compiled)
        self.links = {}     # program -> command

    def folder(self, name):
        folder = os.path.join(SCRATCH, name)
        os.makedirs(folder, exist_ok=True)
        return folder

    def make_ready(self, tests):
        """The build must be that of the code as it is now."""
        shutil.rmtree(SCRATCH, ignore_errors=True)
        if self.build == os.path.join(ROOT, "build/release"):
            command([os.path.join(ROOT, "scripts/build"), "release", *tests], ROOT)
        else:
            command(["ninja", "-C", self.build, *tests], ROOT)
        with open(os.path.join(self.build, "compile_commands.json"), encoding="utf-8") as file:
            for entry in json.load(file):
                self.note(entry)
        for name in tests:
            lines = command(["ninja", "-C", self.build, "-t", "commands", name], ROOT)
            self.links[name] = lines.strip().splitlines()[-1]

    def note(self, entry):
        words, compiled = shlex.split(entry["command"]), entry["file"]
        sources = [compiled]
        if "/Unity/" in compiled and os.path.isfile(compiled):
            with open(compiled, encoding="utf-8") as file:
                sources = re.findall(r'^#include "(/[^"]+\.cpp)"', file.read(), re.M)
        for source in sources:
            self.compiles.setdefault(source, (words, compiled))

    def mutated_source(self, mutant, folder, compiled):
        """What is compiled: the file, or the file that includes it among others."""
        original = os.path.join(ROOT, mutant.file)
        path = os.path.join(folder, os.path.basename(mutant.file))
        with open(path, "w", encoding="utf-8") as file:
            file.write(mutant.mutated())
        if compiled == original:
            return path
        with open(compiled, encoding="utf-8") as file:
            text = file.read().replace(f'"{original}"', f'"{path}"')
        path = os.path.join(folder, "together.cxx")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def library_with(self, mutant, folder):
        """A copy of the folder's library in which one object is another; (old path, new path)."""
        known = self.compiles.get(os.path.join(ROOT, mutant.file))
        if known is None:
            raise Failure(f"{self.build} does not compile {mutant.file}")
        words, compiled = list(known[0]), known[1]
        at = words.index("-o") + 1
        old_object = words[at]
        new_object = words[at] = os.path.join(folder, os.path.basename(old_object))
        words[words.index("-c") + 1] = self.mutated_source(mutant, folder, compiled)
        # The tests run for seconds: what counts is how fast it is compiled. Faults leave things
        # unused; that is no reason to refuse them.
        words = [word for word in words if not re.fullmatch(r"-O\d|-g\d?|-Werror|-W[a-z-]+", word)]
        command([*words, "-O1", "-w"], self.build)
        place, target = re.fullmatch(r"(.*)/CMakeFiles/([^/]+)\.dir/.*", old_object).groups()
        old = os.path.join(place, f"lib{target}.a")
        new = os.path.join(folder, f"lib{target}.a")
        if not os.path.isfile(os.path.join(self.build, old)):
            raise Failure(f"{self.build} has no {old}")
        shutil.copyfile(os.path.join(self.build, old), new)
        command(["ar", "r", new, new_object], self.build)
        return old, new

    def program_with(self, name, mutant, library):
        old, new = library
        program = os.path.join(self.folder(mutant.name), name)
        link = self.links[name]
        if old not in link.split():
            raise Failure(f"{name} is not linked with {old}: give the mutant other tests")
        words = [new if word == old else word for word in link.split(" ")]
        words[words.index("-o") + 1] = program
        command(" ".join(words), self.build)
        return program

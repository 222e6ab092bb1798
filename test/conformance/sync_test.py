# SPDX-License-Identifier: Apache-2.0
"""What tierwall-sync publishes, and says, when its manifests are not what they should be.
TIERWALL_SYNC names the program."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["TIERWALL_SYNC"]
SOON_S = 20
LINE = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+[+-][\d:]+ ")


def node(name):
    return "---\napiVersion: v1\nkind: Node\nmetadata: {name: %s}\n" \
           "status: {addresses: [{type: InternalIP, address: 172.16.0.9}]}\n" % name


class Sync(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.above = pathlib.Path(self.temporary.name)
        self.folder = self.above / "manifests"
        self.folder.mkdir()
        self.process = None

    def start(self, *more, path=None, environment=None):
        with open(self.above / "log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "--manifests", path or self.folder, "--listen",
                 "unix:" + str(self.above / "sock"), *more], stderr=log,
                env={**os.environ, **(environment or {})})
        self.addCleanup(self.stop)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(SOON_S)

    def log(self):
        return (self.above / "log").read_text(encoding="utf-8", errors="replace")

    def wait_for(self, words, count=1):
        until = time.monotonic() + SOON_S
        while self.log().count(words) < count:
            self.assertLess(time.monotonic(), until, self.log())
            self.assertIsNone(self.process.poll(), self.log())
            time.sleep(0.02)

    def test_an_empty_folder_is_not_published(self):
        self.start()
        self.wait_for("nothing new is enforced")
        self.assertIn("--allow-empty", self.log())
        time.sleep(1.5)
        self.assertNotIn("epoch", self.log())
        (self.folder / "a.yaml").write_text(node("a"))
        self.wait_for("resource")
        self.wait_for("no longer so: error: nothing new is enforced")

    def test_an_empty_folder_is_published_when_that_is_meant(self):
        self.start("--allow-empty")
        self.wait_for("epoch")
        self.assertNotIn("error", self.log())

    def test_a_folder_replaced_by_an_empty_one_lifts_nothing(self):
        (self.folder / "a.yaml").write_text(node("a"))
        self.start()
        self.wait_for("epoch")
        self.folder.rename(self.above / "mounted")
        self.folder.mkdir()
        self.wait_for("holds no object")
        time.sleep(0.5)
        self.assertEqual(self.log().count("epoch"), 1)

    def test_a_file_by_name_is_read_again_when_it_is_written(self):
        file = self.folder / "all.txt"
        file.write_text(node("a"))
        self.start(path=file)
        self.wait_for("epoch")
        file.write_text(node("a") + node("b").replace("172.16.0.9", "172.16.0.10"))
        self.wait_for("epoch", 2)
        file.write_text("")
        self.wait_for("holds no object")
        time.sleep(0.5)
        self.assertEqual(self.log().count("epoch"), 2)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("mount"), "mounts need root")
    def test_what_is_mounted_later_is_noticed_without_an_event(self):
        source = self.above / "source"
        source.mkdir()
        (source / "a.yaml").write_text(node("a"))
        self.start()
        self.wait_for("nothing new is enforced")
        done = subprocess.run(["mount", "--bind", source, self.folder], check=False,
                              capture_output=True)
        if done.returncode != 0:
            self.skipTest("mounts are not allowed here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.folder], check=False)
        self.wait_for("epoch")

    def test_a_log_line_is_one_line_whatever_is_in_a_name(self):
        (self.folder / "x\x1b[2J\nerror: y.yaml").write_text("a: [")
        self.start()
        self.wait_for("x\\x1b[2J\\nerror: y.yaml")
        self.assertNotIn("\x1b", self.log())
        for line in self.log().splitlines():
            self.assertRegex(line, LINE)

    def test_grpc_speaks_through_the_log(self):
        (self.folder / "a.yaml").write_text(node("a"))
        self.start(environment={"GRPC_VERBOSITY": "debug", "GRPC_TRACE": "http"})
        self.wait_for("epoch")
        self.stop()
        self.assertIn("gRPC: ", self.log())
        for line in self.log().splitlines():
            self.assertRegex(line, LINE)

    def test_help_that_cannot_be_written_is_no_success(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE,
                                  check=False, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("cannot be written", done.stderr)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A snapshot on disk that is not what was written: nothing of it is enforced, and nobody passes
until tierwall-sync has sent the next one."""
import os
import time
import unittest

import e2e
from e2e import Lab, demo


def flipped(content, at):
    return content[:at] + bytes([content[at] ^ 0x40]) + content[at + 1:]


DAMAGES = [
    ("one bit in the middle", lambda content: flipped(content, len(content) // 2)),
    ("the end cut off", lambda content: content[:-100]),
    ("nothing left", lambda content: b""),
    ("only zeros", lambda content: bytes(len(content))),
    ("another version", lambda content: flipped(content, 8)),
]


def log_text(lab):
    with open(lab.daemon.log, errors="replace") as file:
        return file.read()


def damage_warnings(lab):
    return [line for line in lab.status().get("warnings", []) if "snapshot.bin" in line]


class DamagedStore(unittest.TestCase):
    def test_a_damaged_snapshot_is_told_of_and_fails_closed_until_the_next_one(self):
        with Lab() as lab:
            e2e.demo_lab(lab)
            path = os.path.join(lab.state, "snapshot.bin")
            e2e.wait_until(lambda: os.path.exists(path), 10, "a stored snapshot")
            lab.daemon.stop()
            lab.sync.stop()
            lab.sync = None
            with open(path, "rb") as file:
                whole = file.read()
            allowed = [p for p in demo.read_expected() if p["expected"]][:6]
            for number, (words, damage) in enumerate(DAMAGES):
                with self.subTest(words):
                    self.start_damaged(lab, path, damage(whole), number + 1)
                    nobody = [dict(p, expected=False) for p in allowed]
                    self.assertEqual(e2e.expected_now(lab, nobody), [])
                    if number + 1 < len(DAMAGES):
                        lab.daemon.stop()
            self.recover(lab, allowed, path)

    def start_damaged(self, lab, path, content, starts):
        with open(path, "wb") as file:
            file.write(content)
        lab.start_daemon()
        # The log goes on from one start to the next; every one of them tells.
        e2e.wait_until(lambda: log_text(lab).count("not used") == starts, 10,
                       "a word in the log")
        e2e.wait_until(lambda: self.answers(lab), 10, "an answer")
        status = lab.status()
        self.assertEqual(int(status.get("epoch", 0)), 0)
        self.assertEqual(status["source"], "none")
        self.assertEqual(len(damage_warnings(lab)), 1, status.get("warnings"))
        self.assertTrue(lab.daemon.alive())

    def answers(self, lab):
        try:
            return lab.status() is not None
        except Exception:  # not listening yet
            return False

    def recover(self, lab, allowed, path):
        started = time.monotonic()
        lab.start_sync()
        lab.wait_enforced()
        took = time.monotonic() - started
        self.assertEqual(lab.status()["source"], "stream")
        self.assertEqual(e2e.expected_now(lab, allowed), [])
        e2e.wait_until(lambda: not damage_warnings(lab), 10, "the warning gone")
        # What is on disk now is good again.
        lab.daemon.stop()
        lab.sync.stop()
        lab.sync = None
        lab.start_daemon()
        lab.wait_enforced()
        self.assertEqual(lab.status()["source"], "disk")
        self.assertEqual(e2e.expected_now(lab, allowed), [])
        e2e.figure("%d kinds of damage to the stored snapshot: none enforced, nobody passed; the "
                   "next snapshot was enforced %.1f s after tierwall-sync started" % (
                       len(DAMAGES), took))


if __name__ == "__main__":
    e2e.main()

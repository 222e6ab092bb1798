# SPDX-License-Identifier: Apache-2.0
"""Runs a test program until it says that something is wrong."""
import os
import re
import shutil
import signal
import subprocess
import threading

SECONDS_MAX = 120
# A small budget, always the same one: what it finds, it finds every time.
ORACLE = {"ORACLE_DECISIONS": "60000", "ORACLE_SECONDS": "40", "ORACLE_SEED": "1"}
# The first is what Boost.Test says, the second what the oracle says before it makes its example
# small, which may take a while.
WRONG = [re.compile(r"error: in \"([^\"]+)\""), re.compile(r"^(seed \d+): "),
         re.compile(r"(Test setup error|AddressSanitizer|Assertion .* failed|terminate called)")]


def wrong_in(line):
    for pattern in WRONG:
        match = pattern.search(line)
        if match:
            return match[1]
    return None


def end(process):
    """The program and what it started: they are a group of their own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(program, folder):
    """None when all is well, else the test case that failed, or how the program ended."""
    line_by_line = [shutil.which("stdbuf"), "-oL"] if shutil.which("stdbuf") else []
    os.makedirs(folder, exist_ok=True)
    process = subprocess.Popen([*line_by_line, program, "--log_level=error", "--report_level=no"],
                               cwd=folder, env={**os.environ, **ORACLE}, text=True,
                               errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    late = threading.Event()
    watch = threading.Timer(SECONDS_MAX, lambda: (late.set(), end(process)))
    watch.start()
    try:
        for line in process.stdout:
            noticed = wrong_in(line)
            if noticed:
                return noticed
        status = process.wait()
        if late.is_set():
            return f"did not end within {SECONDS_MAX} s"
        return None if status == 0 else f"ended with status {status}"
    finally:
        watch.cancel()
        end(process)
        process.wait()

#!/usr/bin/python3
"""Nothing that tasks write is lost, with ten times of it: the flow test of exactly that, in which
20 tasks write EXACT_MB each (50; 10 in a single round, 2 under sanitizers) through rotated logs.

    stress_logs.py [ROUNDS]     TASKMASTER, TASKMASTER_HELPERS, TASKMASTER_VARIANT as for flow tests
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAST = (os.environ.get("TASKMASTER_VARIANT") or "release") in ("release", "clang")


def main():
    rounds = int(sys.argv[1]) if sys.argv[1:] else 1
    size = (50 if rounds > 1 else 10) if FAST else 2
    env = {"EXACT_MB": str(size), **os.environ}
    for number in range(rounds):
        with tempfile.TemporaryDirectory(prefix="stress_logs.") as directory:
            status = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                 f"--basetemp={directory}/flow", ROOT / "tests/flow/test_8_exact.py"],
                env=env, check=False).returncode
        if status != 0:
            print(f"round {number + 1} of {rounds}: failed")
            return 1
    print(f"{rounds} rounds of 20 tasks that write {env['EXACT_MB']} MB each: nothing was lost")
    return 0


sys.exit(main())

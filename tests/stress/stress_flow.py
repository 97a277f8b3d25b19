#!/usr/bin/python3
"""The flow tests of what must hold for long, for longer than in `make flow`: that nothing which 20
tasks write is lost (EXACT_MB each: 50; 10 in a single round, 2 under sanitizers), that nothing
grows (CYCLES: 500; 40), that clients who flood harm nobody (TASKMASTER_FLOOD_SECONDS: 10; 2), and
that what depends on something starts after it and stops before it (ORDER_*, KILL_STEP_MS).

    stress_flow.py [ROUNDS]     TASKMASTER, TASKMASTER_HELPERS, TASKMASTER_VARIANT as for flow tests
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAST = (os.environ.get("TASKMASTER_VARIANT") or "release") in ("release", "clang")


def run(*names, **env):
    """Whether these flow tests pass, with that in the environment."""
    with tempfile.TemporaryDirectory(prefix="stress_flow.") as directory:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                   f"--basetemp={directory}/flow", *(ROOT / "tests/flow" / name for name in names)]
        return subprocess.run(command, env={**env, **os.environ}, check=False).returncode == 0


def main():
    rounds = int(sys.argv[1]) if sys.argv[1:] else 1
    size = (50 if rounds > 1 else 10) if FAST else 2
    long = FAST and rounds > 1
    passed = run("test_7_flood.py", "test_8_flat.py", CYCLES="500" if long else "40",
                 TASKMASTER_FLOOD_SECONDS="10" if long else "2")
    if rounds > 1:
        passed = passed and run("test_10_order.py", "test_10_shutdown.py", "test_10_storm.py",
                                ORDER_TASKS="500", ORDER_RUNS="200", KILL_STEP_MS="10",
                                ORDER_STORM_SECONDS="10")
    for _ in range(rounds):
        passed = passed and run("test_8_exact.py", EXACT_MB=str(size))
    print(f"{rounds} rounds of 20 tasks that write {size} MB each, floods, and cycles: "
          + ("passed" if passed else "failed"))
    return 0 if passed else 1


sys.exit(main())

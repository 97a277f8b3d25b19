"""A real database as a dependency: its worker fails without it, and is started once it is ready."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import lines_of, wait_lines
from notifying import open_place, page

BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None,
          key=lambda path: float(path.parent.name))
USER = 65534 if os.geteuid() == 0 else None  # it refuses to run as root

pytestmark = pytest.mark.skipif(not BIN, reason="needs postgresql")

WORKER = """
import signal, subprocess, sys
with open(sys.argv[2], "a", buffering=1) as log:
    log.write("started\\n")
    answer = subprocess.run([sys.argv[1] + "/psql", "-h", sys.argv[3], "-U", "postgres", "-Atc",
                             "select 6 * 7"], capture_output=True, text=True)
    log.write(f"{answer.returncode} {answer.stdout}")
    sys.exit(answer.returncode) if answer.returncode else signal.pause()
"""


@pytest.fixture
def place():
    with open_place() as directory:
        yield directory


@pytest.fixture
def database(place):
    """Where a database of the test's own is: its directory, which holds its socket too."""
    directory = place / "db"
    directory.mkdir(mode=0o700)
    if USER:
        os.chown(directory, USER, USER)
    made = subprocess.run([BIN / "initdb", "-D", directory / "data", "-U", "postgres", "-A",
                           "trust", "--no-sync", "-E", "UTF8", "--no-locale"],
                          user=USER, group=USER, cwd="/", capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"]})
    if made.returncode:
        pytest.skip(f"initdb does not work here: {made.stderr.strip().splitlines()[-1:]}")
    return directory


def test_a_worker_starts_when_its_postgres_answers(database, box):
    log = box.path("worker.log")
    program = box.write(WORKER, "worker.py")
    as_user = {"user": str(USER), "group": str(USER)} if USER else {}
    supervisor = box.shell({"tasks": {
        "worker": {
            "command": [sys.executable, str(program), str(BIN), str(log), str(database)],
            "dependsOn": ["db"],
            "successfulStartTimeout": 0.1,
        },
        "db": {
            "command": [str(BIN / "postgres"), "-D", str(database / "data"), "-k", str(database),
                        "-c", "listen_addresses="],
            "stopingSignal": "SIGINT",
            "workingDirectory": str(database),
            "ready": {"exec": f"{BIN}/pg_isready -q -h {database} -U postgres", "interval": 0.1},
            "health": {"exec": f"{BIN}/pg_isready -q -h {database} -U postgres", "interval": 0.1},
            **as_user,
        }}})
    supervisor.send("start worker --wait", timeout=40)
    supervisor.wait_state("worker", "RUNNING", timeout=30)
    assert supervisor.state("db") == "RUNNING"
    assert wait_lines(log, 2) == ["started", "0 42"], "it was started too early, or more than once"
    assert "(ready after " in page(supervisor, "db")["ready"]
    assert ", 0 failures in a row" in page(supervisor, "db")["health"]
    assert lines_of(log) == ["started", "0 42"]

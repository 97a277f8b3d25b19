"""Fixtures of the flow tests; tests/README.md tells how to use them."""
import ctypes
import os
import signal
import subprocess
from pathlib import Path

import pytest

from harness import ROOT, Box, patience, set_helpers

TEST_DEADLINE = 60  # seconds, times patience(): no test may take longer, whatever it waits for
PR_SET_CHILD_SUBREAPER = 36


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "valgrind: a session that is also run with the supervisor under valgrind")
    # A shell's background job ignores SIGINT, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # What a supervisor leaves behind, zombies too, becomes a child of ours, and is noticed.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@pytest.fixture(scope="session", autouse=True)
def helpers(tmp_path_factory):
    """The directory of tests/helper/*.c, compiled: the Makefile's, or one of our own."""
    given = os.environ.get("TASKMASTER_HELPERS")
    directory = Path(given) if given else tmp_path_factory.mktemp("helpers")
    if not given:
        for source in (ROOT / "tests/helper").glob("*.c"):
            subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-o",
                            directory / source.stem, source], check=True)
    set_helpers(directory)
    return directory


@pytest.fixture(autouse=True)
def deadline():
    def give_up(_signo, _frame):
        raise TimeoutError(f"the test took longer than {TEST_DEADLINE * patience():.0f} s")
    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, TEST_DEADLINE * patience())
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    setattr(item, "report_" + report.when, report)
    box = getattr(item, "box", None)
    if report.failed and box:
        report.sections.append(("what the supervisors printed", box.transcript()))


@pytest.fixture
def box(tmp_path, request):
    """A place for one test. When the test has passed, its supervisors are told to end, and must do
    so with nothing left behind; when it has failed, everything of it is killed."""
    box = request.node.box = Box(tmp_path)
    yield box
    try:
        if request.node.report_call.passed:
            box.end()
    finally:
        box.kill_all()

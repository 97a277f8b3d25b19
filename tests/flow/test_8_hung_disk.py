"""Section 8: a disk that hangs under one log holds up who reads that log, and nobody else."""
import os
import signal

import pytest

from client import LONG, Running
from control import connect
from harness import now_ms, patience, wait_for
from hung_disk import VFORK, HungDisk

UNREADABLE = "(its stderr log cannot be read at the moment)"
WHILE_ALL_ELSE_GOES_ON_MS = 900  # less than anything waits for a disk


def fails(box, name):
    return {"command": ["sh", "-c", f"echo {name} says; echo {name} is out of luck >&2; exit 7"],
            "stdout": str(box.path(f"{name}.out")), "stderr": str(box.path(f"{name}.err"))}


@pytest.fixture
def disk():
    return HungDisk()


@pytest.fixture
def supervisor(box, disk):
    """With `stuck`, which is FATAL, and whose logs are on a disk that hangs; and others."""
    tasks = {"stuck": fails(box, "stuck"), "bad": fails(box, "bad"), "web": LONG}
    started = box.foreground({"tasks": tasks}, **disk.how())
    disk.attend()
    with connect(started.socket) as control:
        control.ask("start", "web")
        control.ask("start", "stuck", "--wait")
        assert control.status("stuck")["stuck"]["status"] == "FATAL"
    disk.hang(box.path("stuck.out"), box.path("stuck.err"))
    return started


@pytest.fixture
def control(supervisor):
    with connect(supervisor.socket) as connection:
        yield connection


def threads_of(supervisor):
    return len(os.listdir(f"/proc/{supervisor.pid}/task"))


def test_others_are_served_while_logs_hang(box, disk, supervisor, control):
    with Running(box, supervisor.socket, "logs", "stuck", "-f") as following, \
            Running(box, supervisor.socket, "logs", "stuck", "bad") as reading, \
            Running(box, supervisor.socket, "describe", "stuck"):
        disk.wait_held(box.path("stuck.out"), 2)
        disk.wait_held(box.path("stuck.err"))
        before_ms = now_ms()
        before = control.status("web")["web"]["pid"]
        assert control.ask("restart", "web").exit == 0
        assert control.status("web")["web"]["pid"] != before
        assert control.ask("start", "bad", "--wait").exit == 1
        assert control.ask("logs", "bad").lines == ["bad says"]
        assert now_ms() - before_ms < WHILE_ALL_ELSE_GOES_ON_MS * patience()
        following.process.send_signal(signal.SIGINT)
        assert following.wait_exit() == -signal.SIGINT
        assert reading.process.poll() is None and reading.lines() == []
        before_ms = now_ms()
        assert supervisor.terminate() == 0
        assert now_ms() - before_ms < WHILE_ALL_ELSE_GOES_ON_MS * patience()
        assert reading.wait_exit() == 1
        assert reading.lines() == ["taskmaster is shutting down"]


def test_what_waits_for_a_disk_says_so_and_goes_on_when_it_comes_back(box, disk, supervisor):
    with connect(supervisor.socket) as control:
        control.request("logs", "stuck", progress=True)
        assert control.reply()["waiting"] == f"waiting for the disk of '{box.path('stuck.out')}'"
        disk.come_back()
        assert control.answer().lines == ["stuck says"]


def test_describe_does_without_the_last_lines(box, disk, supervisor, control):
    page = control.ask("describe", "stuck", "web")
    assert page.exit == 0 and page.lines.count(f"  {UNREADABLE}") == 1
    assert page.lines.index(f"  {UNREADABLE}") < page.lines.index("web:")
    objects = control.ask("describe", "stuck", json=True).results
    assert [page["lastWords"] for page in objects] == [None]
    disk.come_back()
    assert control.ask("describe", "stuck").lines[-1] == "  stuck is out of luck"


def test_news_come_without_the_last_lines(box, disk, supervisor, control):
    with connect(supervisor.socket) as news:
        news.request("news")
        before_ms = now_ms()
        assert control.ask("start", "stuck", "--wait").exit == 1
        assert control.ask("start", "bad", "--wait").exit == 1
        disk.wait_held(box.path("stuck.err"))
        said = ""
        while "bad" not in said:
            said += news.reply()["output"]
        assert now_ms() - before_ms < (1000 + WHILE_ALL_ELSE_GOES_ON_MS) * patience()
        assert [line.partition(": ")[0] for line in said.splitlines()] == [
            "Process 'stuck' is FATAL", f"    {UNREADABLE}",
            "Process 'bad' is FATAL", f"    {UNREADABLE}"]
        disk.come_back()

        def says_why():
            assert control.ask("start", "bad", "--wait").exit == 1
            return news.reply()["output"].endswith("\n    bad is out of luck\n")
        wait_for(says_why)


def test_only_so_many_are_left_behind_and_they_end_when_the_disk_comes_back(
        box, disk, supervisor, control):
    threads = threads_of(supervisor)
    for number in range(64):
        with connect(supervisor.socket) as client:
            client.request("logs", "stuck")
            disk.wait_held(box.path("stuck.out"), number + 1)
    wait_for(lambda: control.ask("logs", "bad").output == "busy, try again\n")
    assert control.ask("describe", "stuck").lines[-1] == f"  {UNREADABLE}"
    assert control.ask("logs", "web").exit == 1
    disk.come_back()
    wait_for(lambda: threads_of(supervisor) == threads)
    assert control.ask("logs", "stuck").lines == ["stuck says"]


def test_a_stop_ends_a_start_that_had_no_process_yet_when_its_grace_was_over(box, disk):
    started = box.foreground({"supervisor": {"cgroups": "off"}, "tasks": {"web": {
        "command": "sleep 600", "stdout": "hung.log", "gracefulStopTimeout": 0}}}, **disk.how())
    disk.attend()
    with connect(started.socket) as control:
        control.status("web")
        disk.hang(VFORK, "hung.log")
        with Running(box, started.socket, "start", "web") as start, \
                connect(started.socket) as stopping:
            disk.wait_held(VFORK)
            stopping.request("stop", "web")
            for _ in range(3):  # the stop has been posted, and nothing could be killed
                control.status("web")
            disk.come_back(VFORK)
            assert stopping.answer().exit == 0
            start.wait_exit()
        assert control.status("web")["web"]["status"] == "STOPPED"

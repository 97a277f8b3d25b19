"""Section 3: starts that fail, and starts that are overtaken."""
import os
import signal

import pytest

from harness import helper, ticks, wait_for, wait_lines

FAILED = "Process 'web' failed to start: "


def one(command, **keys):
    return {"tasks": {"web": {"command": command, **keys}}}


@pytest.mark.parametrize("command, reason", [
    ("/no/such", "exec /no/such: No such file or directory"),
    (["/no/such", "x"], "exec /no/such: No such file or directory"),
    ("/etc", "exec /etc: Permission denied"),
    ("no-such-program-anywhere", "exec no-such-program-anywhere: No such file or directory"),
    ("./plain", "exec ./plain: Permission denied")])
def test_an_exec_that_fails_says_why(box, command, reason):
    box.write("just text\n", "plain")
    supervisor = box.shell(one(command))
    assert supervisor.send("start web") == [FAILED + reason]
    task = supervisor.wait_state("web", "FATAL")
    assert task["pid"] is None and task["restarts"] == 0


def test_a_failed_exec_is_tried_again_as_any_failed_start(box):
    supervisor = box.shell(one("./late", restart="on-failure", restartDelay=0.05,
                               restartsAttempts=50,
                               restartDelayMax=0.1, successfulStartTimeout=0))
    assert supervisor.send("start web")[0].startswith(FAILED + "exec ./late: No such file")
    supervisor.wait_state("web", "BACKOFF")
    path = box.write("#!/bin/sh\nexec sleep 600\n", "late.new")
    path.chmod(0o755)
    os.rename(path, box.path("late"))
    supervisor.wait_state("web", "RUNNING")


def test_failed_execs_end_in_fatal_when_the_attempts_are_spent(box):
    supervisor = box.shell(one("/no/such", restart="on-failure", restartDelay=0.02,
                               restartsAttempts=2))
    lines = supervisor.send("start web --wait")
    assert FAILED + "exec /no/such: No such file or directory" in lines
    assert supervisor.status()["web"]["status"] == "FATAL"
    assert supervisor.status()["web"]["restarts"] == 2


def test_a_working_directory_that_is_not_there_is_named(box):
    supervisor = box.shell(one("true", workingDirectory="/no/such/dir"))
    line, = supervisor.send("start web")
    assert line.startswith(FAILED) and "/no/such/dir" in line
    assert line.endswith(": No such file or directory")


@pytest.mark.parametrize("key", ["stdout", "stderr"])
def test_a_log_that_cannot_be_opened_is_named(box, key):
    box.write("", "file")
    supervisor = box.shell(one("true", **{key: str(box.path("file/log"))}))
    line, = supervisor.send("start web")
    assert line.startswith(FAILED) and str(box.path("file")) in line and "Not a directory" in line


def test_a_fifo_without_a_reader_is_named(box):
    os.mkfifo(box.path("pipe"))
    supervisor = box.shell(one("true", stdout=str(box.path("pipe"))))
    line, = supervisor.send("start web")
    assert line.startswith(FAILED) and str(box.path("pipe")) in line


def test_one_failed_start_under_never_is_enough(box):
    path = box.path("ticks")
    supervisor = box.shell(one(helper("tick", path, 0, 1)))
    supervisor.start("web")
    supervisor.wait_state("web", "FATAL")
    assert len(ticks(path)) == 1


def test_a_shutdown_answers_a_start_that_waits(box):
    supervisor = box.shell(one("sleep 600", successfulStartTimeout=60))
    supervisor.tell("start web --wait")
    wait_for(supervisor.children)
    assert supervisor.terminate() == 0
    assert supervisor.last_lines() in (["Process 'web': start overtaken by stop"],
                                       ["Process 'web': shutting down"])


def test_a_removal_overtakes_a_start_that_waits(box):
    supervisor = box.shell(one("sleep 600", successfulStartTimeout=60))
    supervisor.tell("start web --wait")
    wait_for(supervisor.children)
    box.write({"tasks": {}})
    supervisor.signal(signal.SIGHUP)
    assert supervisor.read_until(lambda line: "web" in line) == []
    wait_for(lambda: supervisor.status() == {})


def test_a_start_during_backoff_that_waits_sees_it_through(box):
    path = box.path("ticks")
    supervisor = box.shell(one(helper("tick", path, 0, 1), restart="on-failure", restartDelay=0.3,
                               restartsAttempts=1))
    supervisor.start("web")
    wait_lines(path)
    supervisor.wait_state("web", "BACKOFF", "FATAL")
    lines = supervisor.send("start web --wait")
    assert any(line.startswith(FAILED) for line in lines)
    assert supervisor.state("web") == "FATAL"


def test_an_exec_that_fails_leaves_no_process(box):
    supervisor = box.shell({"tasks": {"web": {"command": "/no/such", "instances": 50}}})
    assert len(supervisor.send("start web")) == 50
    supervisor.wait_all("FATAL")
    assert supervisor.children() == []

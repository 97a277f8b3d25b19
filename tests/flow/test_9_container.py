"""Section 9: a task whose end is that of the supervisor, and its exit status."""
import signal

import pytest

from harness import helper, lines_of, wait_for, wait_lines


def config(box, command, **more):
    """A main task, and one that it depends on, which says when it stops."""
    return {"tasks": {
        "db": {"command": helper("stamp", box.path("stamps"), "db"), "successfulStartTimeout": 0},
        "main": {"command": command, "autoLaunch": True, "dependsOn": ["db"],
                 "successfulStartTimeout": 0, **more}}}


@pytest.mark.parametrize("command, more, status", [
    (["sh", "-c", "sleep 0.1; exit 0"], {"onExit": "shutdown"}, 0),
    (["sh", "-c", "exit 3"], {"onExit": "shutdown"}, 3),
    (["sh", "-c", "exit 3"], {"onExit": "shutdown", "expectedExitCodes": [3]}, 3),
    (["sh", "-c", "kill -KILL $$$$"], {"onExit": "shutdown"}, 137),
    (["sh", "-c", "exit 4"], {"onFatal": "shutdown"}, 4),
    (["sh", "-c", "exit 5"], {"onFatal": "shutdown", "restart": "on-failure",
                              "successfulStartTimeout": 9, "restartsAttempts": 1,
                              "restartDelay": 0.05}, 5),
    ("/no/such", {"onFatal": "shutdown"}, 127),
    ("no-such-program", {"onExit": "shutdown"}, 127),
    ("/", {"onFatal": "shutdown"}, 126)])
@pytest.mark.parametrize("how", ["foreground", "shell"])
def test_the_exit_status_is_the_tasks(box, how, command, more, status):
    options = {"up": False} if how == "shell" else {}
    supervisor = getattr(box, how)(config(box, command, **more), **options)
    assert supervisor.wait_exit() == status
    box.assert_nothing_left()


def test_the_others_are_stopped_as_in_any_shutdown(box):
    command = ["sh", "-c", "until test -s stamps; do sleep 0.01; done; exit 3"]
    supervisor = box.foreground(config(box, command, onExit="shutdown"))
    assert supervisor.wait_exit() == 3
    assert lines_of(box.path("stamps")) == ["+db", "-db"]


def test_a_dependency_that_failed_is_1(box):
    tasks = config(box, "sleep 600", onFatal="shutdown")
    tasks["tasks"]["db"]["command"] = "/no/such"
    supervisor = box.foreground(tasks)
    assert supervisor.wait_exit() == 1
    assert "shutting down: 'main' is FATAL: 'db' is FATAL; exit status 1" in supervisor.stderr()


def test_the_first_end_counts(box):
    """Of two that end in the same moment, whatever comes later changes nothing."""
    tasks = {"one": {"command": ["sh", "-c", "exit 11"], "autoLaunch": True, "onExit": "shutdown"},
             "two": {"command": ["sh", "-c", "exit 12"], "autoLaunch": True, "onExit": "shutdown"}}
    for _ in range(5):
        supervisor = box.foreground({"tasks": tasks})
        status = supervisor.wait_exit()
        assert supervisor.stderr().count("exit status") == 1
        assert f"exit status {status}" in supervisor.stderr() and status in (11, 12)


def test_a_signal_that_comes_later_does_not_change_it(box):
    tasks = config(box, ["sh", "-c", "exit 7"], onExit="shutdown")
    tasks["tasks"]["db"]["command"] = helper("stamp", box.path("stamps"), "db", 500)
    supervisor = box.foreground(tasks)
    wait_for(lambda: "exit status 7" in supervisor.stderr())
    supervisor.signal(signal.SIGTERM)
    assert supervisor.wait_exit() == 7


def test_what_ends_after_the_signal_does_not_count(box):
    command = ["sh", "-c", "trap 'exit 9' TERM; echo up > up; while :; do sleep 0.01; done"]
    supervisor = box.foreground(config(box, command, onExit="shutdown", onFatal="shutdown"))
    wait_lines(box.path("up"))
    supervisor.signal(signal.SIGTERM)
    assert supervisor.wait_exit() == 0


def test_a_users_stop_is_no_end(box):
    supervisor = box.shell(config(box, "sleep 600", onExit="shutdown", onFatal="shutdown"))
    supervisor.wait_state("main", "RUNNING")
    supervisor.send("stop main")
    supervisor.send("restart main")
    supervisor.send("stop db")
    assert supervisor.state("main") == "STOPPED"


def test_what_is_tried_again_has_not_ended(box):
    """onExit is for an end for good; onFatal for every time."""
    supervisor = box.shell(config(box, "false", onExit="shutdown", fatalRetryDelay=300))
    supervisor.wait_state("main", "FATAL")
    supervisor.reload(config(box, "false", onFatal="shutdown", fatalRetryDelay=300))
    supervisor.tell("start main")
    assert supervisor.wait_exit() == 1

"""Section 3: every arrow between states, with real processes."""
import os
import signal
import time

import pytest

from harness import helper, lines_of, ticks, wait_for, wait_lines
from processes import Process


def one(command, **keys):
    return {"tasks": {"web": {"command": command, **keys}}}


def exit_with(code):
    return ["sh", "-c", f"exit {code}"]


def history(supervisor, name="web"):
    """The states that an instance went through, from `events`."""
    states = ("STOPPED", "WAITING", "STARTED", "RUNNING", "BACKOFF", "STOPPING", "FATAL")
    lines = [line for line in supervisor.send("events") if name in line]
    return [max(states, key=lambda state: line.rfind(state)) if any(s in line for s in states)
            else line for line in lines]


def test_a_task_is_stopped_until_it_is_started(box):
    supervisor = box.shell(one(helper("tick", box.path("ticks"))))
    assert supervisor.state("web") == "STOPPED"
    assert not ticks(box.path("ticks"))


def test_started_becomes_running_after_its_timeout(box):
    supervisor = box.shell(one("sleep 600", successfulStartTimeout=0.5))
    supervisor.start("web")
    assert supervisor.state("web") == "STARTED"
    assert supervisor.wait_state("web", "RUNNING")["uptime"] >= 0.5


def test_with_a_timeout_of_0_it_is_running_as_soon_as_the_exec_succeeded(box):
    supervisor = box.shell(one("sleep 600", successfulStartTimeout=0))
    supervisor.start("web")
    assert supervisor.state("web") == "RUNNING"


def test_autolaunch_starts_with_the_supervisor(box):
    supervisor = box.shell({"tasks": {"a": {"command": "sleep 600", "autoLaunch": True},
                                      "b": {"command": "sleep 600"}}})
    supervisor.wait_state("a", "STARTED")
    assert supervisor.state("b") == "STOPPED"


def test_an_early_unexpected_exit_goes_to_backoff_and_starts_again(box):
    path = box.path("ticks")
    supervisor = box.shell(one(helper("tick", path, 0, 1), restart="on-failure", restartDelay=60))
    supervisor.start("web")
    assert supervisor.wait_state("web", "BACKOFF")["pid"] is None
    assert len(ticks(path)) == 1


@pytest.mark.parametrize("restart, code", [("on-failure", 1), ("always", 1), ("always", 0)])
@pytest.mark.parametrize("attempts", [0, 1, 3])
def test_attempts_spent_is_fatal_after_that_many_retries_plus_one(box, restart, code, attempts):
    if restart == "always" and attempts == 0:
        pytest.skip("no limit: a test of its own")
    path = box.path("ticks")
    supervisor = box.shell(one(helper("tick", path, 0, code), restart=restart, restartDelay=0.02,
                               restartsAttempts=attempts))
    supervisor.start("web")
    supervisor.wait_state("web", "FATAL")
    assert len(ticks(path)) == attempts + 1
    assert supervisor.status()["web"]["restarts"] == attempts


def test_three_retries_are_the_default(box):
    path = box.path("ticks")
    supervisor = box.shell(one(helper("tick", path, 0, 1), restart="on-failure", restartDelay=0.02))
    supervisor.start("web")
    supervisor.wait_state("web", "FATAL")
    assert len(ticks(path)) == 4


@pytest.mark.parametrize("keys", [{}, {"restartsAttempts": 0}], ids=["not given", "0"])
def test_always_has_no_limit_when_not_given_or_0(box, keys):
    path = box.path("ticks")
    supervisor = box.shell(one(helper("tick", path, 0, 1), restart="always", restartDelay=0.02,
                               restartDelayMax=0.02, **keys))
    supervisor.start("web")
    wait_lines(path, 12)
    assert supervisor.state("web") in ("STARTED", "BACKOFF")


@pytest.mark.parametrize("restart", ["never", "on-failure"])
@pytest.mark.parametrize("code, state", [(0, "STOPPED"), (3, "STOPPED"), (4, "FATAL")])
def test_an_early_exit_without_retries(box, restart, code, state):
    supervisor = box.shell(one(exit_with(code), restart=restart, restartsAttempts=0,
                               expectedExitCodes=[0, 3]))
    supervisor.start("web")
    task = supervisor.wait_state("web", state)
    assert task["exit"]["code"] == code and task["restarts"] == 0


@pytest.mark.parametrize("restart, code, state", [
    ("never", 0, "STOPPED"), ("never", 1, "FATAL"), ("on-failure", 0, "STOPPED")])
def test_an_exit_after_running_that_the_policy_does_not_restart(box, restart, code, state):
    path = box.path("ticks")
    supervisor = box.shell(one(helper("tick", path, 150, code), restart=restart,
                               successfulStartTimeout=0))
    supervisor.start("web")
    supervisor.wait_state("web", state)
    assert "RUNNING" in history(supervisor)
    assert len(ticks(path)) == 1


@pytest.mark.parametrize("restart, code", [("on-failure", 1), ("always", 0), ("always", 1)])
def test_an_exit_after_running_is_restarted_at_once_and_without_end(box, restart, code):
    path = box.path("ticks")
    supervisor = box.shell(one(helper("tick", path, 300, code), restart=restart, restartsAttempts=1,
                               successfulStartTimeout=0.02, restartDelay=0.01))
    supervisor.start("web")
    wait_lines(path, 5)  # far more than its attempts: each RUNNING sets the count back
    assert "BACKOFF" not in history(supervisor)
    assert supervisor.status()["web"]["restarts"] >= 4


@pytest.mark.parametrize("signo, codes, state", [
    (signal.SIGKILL, [137], "STOPPED"), (signal.SIGTERM, [0, 143], "STOPPED"),
    (signal.SIGKILL, [0, 143], "FATAL"), (signal.SIGUSR1, 138, "STOPPED")])
def test_death_by_a_signal_is_128_plus_its_number(box, signo, codes, state):
    supervisor = box.shell(one("sleep 600", expectedExitCodes=codes, successfulStartTimeout=0))
    os.kill(supervisor.start("web")["web"], signo)
    task = supervisor.wait_state("web", state)
    assert task["exit"]["signal"] == signal.Signals(signo).name


def test_killed_from_outside_it_is_replaced(box):
    supervisor = box.shell(one("sleep 600", restart="on-failure", successfulStartTimeout=0,
                               restartDelay=0.01))
    pid = supervisor.start("web")["web"]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: supervisor.pid_of("web") not in (None, pid))
    assert supervisor.status()["web"]["restarts"] == 1


def test_start_during_backoff_starts_at_once(box):
    path = box.path("ticks")
    supervisor = box.shell(one(helper("tick", path, 0, 1), restart="on-failure", restartDelay=60))
    supervisor.start("web")
    supervisor.wait_state("web", "BACKOFF")
    supervisor.start("web")
    wait_lines(path, 2)
    assert supervisor.wait_state("web", "BACKOFF")["restarts"] == 0


def test_start_during_fatal_starts_with_all_attempts(box):
    path = box.path("ticks")
    supervisor = box.shell(one(helper("tick", path, 0, 1), restart="on-failure", restartDelay=0.02,
                               restartsAttempts=1))
    for starts in (2, 4):
        supervisor.start("web")
        wait_lines(path, starts)
        supervisor.wait_state("web", "FATAL")
        assert len(ticks(path)) == starts


def test_stop_during_backoff_cancels_what_was_pending(box):
    path = box.path("ticks")
    supervisor = box.shell(one(helper("tick", path, 0, 1), restart="always", restartDelay=0.4))
    supervisor.start("web")
    supervisor.wait_state("web", "BACKOFF")
    supervisor.send("stop web")
    assert supervisor.state("web") == "STOPPED"
    count = len(ticks(path))
    stopped_at = supervisor.send("events")
    wait_for(elapsed(1.0))  # more than a whole delay
    assert len(ticks(path)) == count and supervisor.send("events") == stopped_at


def elapsed(seconds):
    """A condition that comes true after this long: to see that something does not happen."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def test_stop_during_fatal_is_stopped(box):
    supervisor = box.shell(one("/no/such"))
    supervisor.send("start web")
    supervisor.wait_state("web", "FATAL")
    supervisor.send("stop web")
    assert supervisor.state("web") == "STOPPED"


def test_fatal_tries_again_by_itself_when_asked_to(box):
    path = box.path("ticks")
    supervisor = box.shell(one(helper("tick", path, 0, 1), restart="on-failure", restartDelay=0.02,
                               restartsAttempts=1, fatalRetryDelay=0.5))
    supervisor.start("web")
    wait_lines(path, 6)
    times = ticks(path)
    assert times[2] - times[1] >= 500 and times[4] - times[3] >= 500
    supervisor.send("stop web")
    assert supervisor.state("web") == "STOPPED"


def test_restarts_counts_from_the_last_start_of_a_user(box):
    supervisor = box.shell(one("sleep 600", restart="always", successfulStartTimeout=0,
                               restartDelay=0.01))
    pid = supervisor.start("web")["web"]
    for count in (1, 2):
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: supervisor.status()["web"]["restarts"] == count)
        pid = wait_for(lambda: supervisor.pid_of("web"))
    supervisor.send("restart web")
    assert supervisor.status()["web"]["restarts"] == 0


@pytest.mark.parametrize("code, state", [(0, "STOPPED"), (1, "FATAL")])
def test_exiting_at_once_a_thousand_times_leaves_no_monitor_in_started(box, code, state):
    supervisor = box.shell({"tasks": {"flash": {"command": exit_with(code), "instances": 1000}}})
    supervisor.send("start flash", timeout=40)
    supervisor.wait_all(state, timeout=20)
    assert supervisor.children() == []


def test_the_wait_of_a_thousand_flashes_ends_too(box):
    supervisor = box.shell({"tasks": {"flash": {"command": "true", "instances": 200}}})
    supervisor.send("start flash --wait", timeout=40)
    assert {task["status"] for task in supervisor.status().values()} == {"STOPPED"}


def test_a_stop_is_never_a_failure(box):
    """Whatever the exit code, and whatever the policy."""
    supervisor = box.shell({"tasks": {
        f"{restart}{code}": {
            "command": helper("record", box.path(f"{restart}{code}"), "TERM", code),
            "restart": restart, "successfulStartTimeout": timeout}
        for restart, code, timeout in (("always", 1, 0), ("on-failure", 7, 60), ("never", 9, 0))}})
    supervisor.start("all")
    for name in supervisor.status():
        wait_lines(box.path(name))
    assert sorted(supervisor.send("stop all")) == sorted(
        f"Process '{name}' stopped gracefully" for name in supervisor.status())
    assert {task["status"] for task in supervisor.status().values()} == {"STOPPED"}
    assert {task["exit"]["code"] for task in supervisor.status().values()} == {1, 7, 9}


def test_a_restart_is_never_a_failure(box):
    path = box.path("signals")
    supervisor = box.shell(one(helper("record", path, "TERM", 1), restart="on-failure",
                               restartsAttempts=0, successfulStartTimeout=60))
    before = supervisor.start("web")["web"]
    for count in (1, 3, 5):
        wait_lines(path, count)
        supervisor.send("restart web")
    assert Process(before).state is None
    assert supervisor.state("web") == "STARTED" and "FATAL" not in history(supervisor)
    assert lines_of(path).count("TERM") == 3

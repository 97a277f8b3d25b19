"""Section 6: what a reload keeps, restarts, starts and stops."""
import os
import signal

import pytest

from harness import helper, lines_of, ticks, wait_for, wait_lines
from processes import Process

WEB = {"command": "sleep 600", "successfulStartTimeout": 0, "environment": {"A": "1", "B": "2"},
       "expectedExitCodes": [0, 2, 3]}


def tasks(**by_name):
    return {"tasks": by_name}


def pids(supervisor):
    return {name: task["pid"] for name, task in supervisor.status().items()}


def settled(supervisor, expected):
    """Waits until the instances that are up are these, and nothing is stopping."""
    wait_for(lambda: {name: task["status"] for name,
                      task in supervisor.status().items()} == expected,
             what=lambda: f"{expected}; it is {supervisor.status()}")


def test_nothing_changed_nothing_happens(box):
    supervisor = box.shell(tasks(web={**WEB, "instances": 3}, db=WEB))
    supervisor.start("web")
    before = pids(supervisor)
    supervisor.reload(tasks(web={**WEB, "instances": 3}, db=WEB))
    assert pids(supervisor) == before


@pytest.mark.parametrize("text", [
    "# a comment\ntasks:\n  web:\n    expectedExitCodes: [3, 2, 0]\n"
    "    environment: {B: '2', A: \"1\"}\n"
    "    successfulStartTimeout: 0s\n    command: 'sleep 600'\n",
    "x-w: &w {command: sleep 600, successfulStartTimeout: 0ms}\ntasks:\n  web:\n    <<: *w\n"
    "    environment: {A: 1, B: 2}\n    expectedExitCodes: [0, 2, 3, 3]\n    umask: 022\n"
    "    instances: 1\n",
    "defaults: {successfulStartTimeout: 0}\ntasks: {web: {command: \"sleep 600\","
    " environment: {A: '1', B: '2'},"
    " expectedExitCodes: [0, 2, 3], stoppingSignal: 15, gracefulStopTimeout: 10000ms}}\n"])
def test_spelling_is_no_change(box, text):
    supervisor = box.shell(tasks(web=WEB))
    before = supervisor.start("web")
    lines = supervisor.reload(text)
    assert pids(supervisor) == before
    assert "unchanged" in " ".join(lines)


def test_the_order_of_tasks_is_no_change(box):
    supervisor = box.shell(tasks(web=WEB, db=WEB))
    before = supervisor.start("all")
    supervisor.reload(tasks(db=WEB, web=WEB))
    assert pids(supervisor) == before
    assert list(pids(supervisor)) == ["db", "web"]


@pytest.mark.parametrize("change", [
    {"command": "sleep 601"}, {"command": ["sleep", "601"]}, {"environment": {"A": "1", "B": "3"}},
    {"environment": {"A": "1"}}, {"workingDirectory": "/"}, {"umask": "077"}, {"stdout": "out.log"},
    {"stderr": "err.log"}], ids=lambda change: next(iter(change)))
def test_a_change_that_needs_a_new_process_restarts(box, change):
    supervisor = box.shell(tasks(web=WEB, other=WEB))
    before = supervisor.start("all")
    supervisor.reload(tasks(web={**WEB, **change}, other=WEB))
    supervisor.wait_state("web", "RUNNING")
    after = pids(supervisor)
    assert after["web"] != before["web"] and after["other"] == before["other"]
    assert Process(before["web"]).state is None


@pytest.mark.parametrize("change", [
    {"restart": "always"}, {"successfulStartTimeout": 7}, {"restartsAttempts": 9},
    {"restartDelay": 4},
    {"restartDelayMax": 90}, {"fatalRetryDelay": 9}, {"stopingSignal": "INT"},
    {"gracefulStopTimeout": 3},
    {"expectedExitCodes": [0]}, {"autoLaunch": True}], ids=lambda change: next(iter(change)))
def test_a_change_that_needs_no_new_process_is_taken_over(box, change):
    task = {**WEB, "restart": "on-failure"}  # under which every key counts
    supervisor = box.shell(tasks(web=task))
    before = supervisor.start("web")
    lines = supervisor.reload(tasks(web={**task, **change}))
    assert pids(supervisor) == before and not any("unchanged" in line for line in lines)
    page = " ".join(" ".join(supervisor.send("describe web")).split())
    key, value = next(iter(change.items()))
    assert key in page or "stoppingSignal" in page
    if key in ("restart", "restartsAttempts"):
        assert f"{key}: {value}" in page


def test_a_new_stop_signal_is_used_at_the_next_stop(box):
    path = box.path("signals")
    task = {"command": helper("record", path, "USR1")}
    supervisor = box.shell(tasks(web=task))
    supervisor.start("web")
    wait_lines(path)
    supervisor.reload(tasks(web={**task, "stopingSignal": "USR1"}))
    assert supervisor.send("stop web") == ["Process 'web' stopped gracefully"]
    assert lines_of(path) == ["ready", "USR1"]


def test_a_new_policy_is_used_at_the_next_exit(box):
    supervisor = box.shell(tasks(web=WEB))
    before = supervisor.start("web")["web"]
    supervisor.reload(tasks(web={**WEB, "restart": "always", "restartDelay": 0.01}))
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: supervisor.pid_of("web") not in (None, before))


def test_a_shorter_start_timeout_counts_at_once(box):
    task = {"command": "sleep 600", "successfulStartTimeout": 600}
    supervisor = box.shell(tasks(web=task))
    before = supervisor.start("web")
    supervisor.reload(tasks(web={**task, "successfulStartTimeout": 0.1}))
    supervisor.wait_state("web", "RUNNING")
    assert pids(supervisor) == before


def test_a_changed_task_that_was_not_running_stays_so(box):
    supervisor = box.shell(tasks(web=WEB))
    supervisor.reload(tasks(web={**WEB, "command": "sleep 601", "autoLaunch": True}))
    assert supervisor.state("web") == "STOPPED"
    supervisor.start("web")
    assert supervisor.status()["web"]["command"] == "sleep 601"


@pytest.mark.parametrize("change", [{}, {"command": "sleep 601"}, {"gracefulStopTimeout": 3}])
def test_what_was_stopped_by_hand_stays_stopped(box, change):
    task = {**WEB, "autoLaunch": True}
    supervisor = box.shell(tasks(web=task))
    supervisor.wait_state("web", "RUNNING")
    supervisor.send("stop web")
    supervisor.reload(tasks(web={**task, **change}))
    assert supervisor.state("web") == "STOPPED"


# ---- tasks come and go ----

def test_new_tasks_start_if_autolaunch(box):
    supervisor = box.shell(tasks(web=WEB))
    before = supervisor.start("web")
    supervisor.reload(tasks(a={**WEB, "autoLaunch": True, "instances": 2}, web=WEB, b=WEB))
    settled(supervisor, {"a_1": "RUNNING", "a_2": "RUNNING", "web": "RUNNING", "b": "STOPPED"})
    assert supervisor.pid_of("web") == before["web"]


def test_removed_tasks_are_stopped_and_forgotten(box):
    path = box.path("signals")
    supervisor = box.shell(tasks(web=WEB, old={"command": helper("record", path, "TERM"),
                                               "instances": 1}))
    supervisor.start("all")
    wait_lines(path)
    supervisor.reload(tasks(web=WEB))
    wait_for(lambda: list(supervisor.status()) == ["web"])
    assert lines_of(path) == ["ready", "TERM"]
    assert supervisor.send("start old") == ["Task 'old' not found."]
    assert len(supervisor.children()) == 1


def test_all_tasks_can_go_and_come_back(box):
    supervisor = box.shell(tasks(web={**WEB, "instances": 5}))
    supervisor.start("web")
    supervisor.reload(tasks())
    wait_for(lambda: supervisor.status() == {} and not supervisor.children())
    supervisor.reload(tasks(web={**WEB, "autoLaunch": True}))
    settled(supervisor, {"web": "RUNNING"})


def test_removed_and_added_again_there_are_never_two_copies(box):
    path = box.path("lock")
    task = {"command": helper("sole", path, "stay"), "autoLaunch": True, "gracefulStopTimeout": 1}
    supervisor = box.shell(tasks(web=task))
    wait_lines(path)
    box.write(tasks())
    supervisor.tell("reload")
    supervisor.signal(signal.SIGHUP)
    box.write(tasks(web=task))
    supervisor.reload(tasks(web=task))
    for command in ("reload", "restart web", "reload"):
        supervisor.send(command)
    assert set(wait_lines(path, 2)) == {"alone"}
    wait_for(lambda: supervisor.state("web") in ("STARTED", "RUNNING"))
    assert set(lines_of(path)) == {"alone"}
    assert len(supervisor.children()) == 1


def test_changed_while_it_stops_there_are_never_two_copies(box):
    path = box.path("lock")
    task = {"command": helper("sole", path, "stay"), "autoLaunch": True, "gracefulStopTimeout": 0.5}
    supervisor = box.shell(tasks(web=task))
    wait_lines(path)
    for n in range(3):
        box.write(tasks(web={**task, "environment": {"ROUND": str(n)}}))
        supervisor.signal(signal.SIGHUP)
        supervisor.send("reload")
    wait_lines(path, 2)
    wait_for(lambda: supervisor.state("web") in ("STARTED", "RUNNING"))
    assert set(lines_of(path)) == {"alone"}


# ---- BACKOFF and FATAL ----

@pytest.mark.parametrize("restart, state", [("never", "FATAL"), ("on-failure", "BACKOFF")])
def test_a_reload_cures_what_it_fixes(box, restart, state):
    task = {"command": "/no/such", "restart": restart, "restartDelay": 300}
    supervisor = box.shell(tasks(web=task))
    supervisor.send("start web")
    supervisor.wait_state("web", state)
    supervisor.reload(tasks(web={**task, "command": "sleep 600", "successfulStartTimeout": 0}))
    assert supervisor.wait_state("web", "RUNNING")["restarts"] == 0


def test_a_reload_that_changes_nothing_leaves_fatal_alone(box):
    path = box.path("ticks")
    task = {"command": helper("tick", path, 0, 1)}
    supervisor = box.shell(tasks(web=task))
    supervisor.start("web")
    supervisor.wait_state("web", "FATAL")
    supervisor.reload(tasks(web=task))
    assert supervisor.state("web") == "FATAL" and len(ticks(path)) == 1

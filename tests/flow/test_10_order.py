"""Section 10: what depends on something starts after it and stops before it."""
import json
import os
import random
import signal

import pytest

from harness import helper, lines_of, wait_for, wait_lines

RUNS = int(os.environ.get("ORDER_RUNS") or 60)
TASKS = int(os.environ.get("ORDER_TASKS") or 200)


def stamp(box, name, stop_ms=0, **more):
    """A task that writes when it is there and when it has stopped, which takes it stop_ms."""
    return {"command": helper("stamp", box.path("stamps"), name, stop_ms),
            "successfulStartTimeout": 0, **more}


def chain(box, stop_ms=100, **more):
    """web needs api needs db; each takes a while to stop."""
    return {"db": stamp(box, "db", stop_ms, **more),
            "api": stamp(box, "api", stop_ms, dependsOn=["db"], **more),
            "web": stamp(box, "web", stop_ms, dependsOn=["api"], **more)}


def stamps(box, count=0):
    return wait_lines(box.path("stamps"), count)


def stopped(box, count):
    """Whose processes ended, in this order: what they wrote themselves."""
    wait_for(lambda: len([line for line in stamps(box) if line[0] == "-"]) >= count)
    return [line[1:] for line in stamps(box) if line[0] == "-"]


def started(supervisor):
    """What was started, in this order. That an exec has succeeded is not yet that it has written
    something, so this is what the supervisor says."""
    events = [json.loads(line) for line in supervisor.send("events --json")]
    return [event["name"] for event in events if event["to"] == "STARTED"]


def forget_stamps(box):
    box.path("stamps").write_text("")


def states(supervisor, *names):
    status = supervisor.status()
    return [status[name]["status"] for name in names]


# ---- starts ----

def test_a_start_starts_what_it_needs_first(box):
    supervisor = box.shell({"tasks": {**chain(box), "other": {"command": "sleep 600"}}})
    assert [line.split("'")[1] for line in supervisor.send("start web")] == ["db", "api", "web"]
    assert states(supervisor, "db", "api", "web", "other") == ["RUNNING"] * 3 + ["STOPPED"]
    assert started(supervisor) == ["db", "api", "web"]


def test_what_is_up_is_left_alone(box):
    supervisor = box.shell({"tasks": chain(box)})
    pid = supervisor.start("db")["db"]
    assert list(supervisor.start("web")) == ["api", "web"]
    assert supervisor.pid_of("db") == pid
    assert supervisor.send("start web") == ["Process 'web' is already running"]


def test_auto_launch_starts_what_it_needs(box):
    tasks = chain(box)
    tasks["web"]["autoLaunch"] = True
    supervisor = box.shell({"tasks": tasks})
    supervisor.wait_all("RUNNING")
    assert started(supervisor) == ["db", "api", "web"]


def test_what_waits_says_for_what(box):
    supervisor = box.shell({"tasks": {
        "db": {"command": "sleep 600", "successfulStartTimeout": 300},
        "cache": {"command": "sleep 600", "successfulStartTimeout": 300},
        "web": {"command": "sleep 600", "dependsOn": ["db", "cache"]}}})
    supervisor.tell("start web --timeout 10ms")
    web = supervisor.wait_state("web", "WAITING")
    assert web["description"] == "waits for 'db' to be RUNNING, and 1 more"
    assert "  reason:        waits for 'db' to be RUNNING, and 1 more" in \
        supervisor.send("describe web")


def test_a_timeout_says_that_it_still_waits(box):
    supervisor = box.shell({"tasks": {
        "db": {"command": "sleep 600", "successfulStartTimeout": 300},
        "web": {"command": "sleep 600", "dependsOn": ["db"]}}})
    supervisor.tell("start web --timeout 10ms")
    supervisor.wait_state("web", "WAITING")
    assert supervisor.send("start web --timeout 200ms") == [
        "Process 'web' is still WAITING after 200ms"]


@pytest.mark.parametrize("condition, command, timeout", [
    ("started", "sleep 600", 300), ("completed", "true", 300), ("running", "sleep 600", 0.1)])
def test_each_condition_is_met(box, condition, command, timeout):
    supervisor = box.shell({"tasks": {
        "db": {"command": command, "successfulStartTimeout": timeout},
        "web": {"command": "sleep 600", "successfulStartTimeout": 0,
                "dependsOn": {"db": {"condition": condition}}}}})
    assert "web" in supervisor.start("web")
    expected = {"started": "STARTED", "completed": "STOPPED", "running": "RUNNING"}[condition]
    assert states(supervisor, "db", "web") == [expected, "RUNNING"]


def test_what_has_completed_is_not_started_again(box):
    supervisor = box.shell({"tasks": {
        "migrate": {"command": helper("tick", box.path("ticks"))},
        "web": {"command": "sleep 600", "dependsOn": {"migrate": {"condition": "completed"}}}}})
    supervisor.start("web")
    supervisor.send("stop web")
    assert list(supervisor.start("web")) == ["web"]
    assert len(lines_of(box.path("ticks"))) == 1


def test_all_instances_must_be_there(box):
    supervisor = box.shell({"tasks": {
        "db": {"command": ["sh", "-c", 'test "$TASKMASTER_INSTANCE" != 2 || exit 3; sleep 600'],
               "instances": 3, "successfulStartTimeout": 0.1},
        "web": {"command": "sleep 600", "dependsOn": ["db"]}}})
    assert "Process 'web' failed to start: 'db' is FATAL" in supervisor.send("start web")


# ---- what fails ----

def test_a_dependency_that_fails_is_named(box):
    supervisor = box.shell({"tasks": {
        "db": {"command": "/no/such"},
        "api": {"command": "sleep 600", "dependsOn": ["db"]},
        "web": {"command": "sleep 600", "dependsOn": ["api"]}}})
    assert supervisor.send("start web") == [
        "Process 'db' failed to start: exec /no/such: No such file or directory",
        "Process 'api' failed to start: 'db' is FATAL",
        "Process 'web' failed to start: 'api' is FATAL"]
    assert supervisor.status()["web"]["description"] == "'api' is FATAL"


def test_what_ended_cannot_be_running_any_more(box):
    supervisor = box.shell({"tasks": {
        "db": {"command": "true"}, "web": {"command": "sleep 600", "dependsOn": ["db"]}}})
    assert supervisor.send("start web")[-1] == "Process 'web' failed to start: 'db' has ended"


def test_a_start_tries_what_failed_again(box):
    box.path("db").write_text("#!/bin/sh\nexit 1\n")
    box.path("db").chmod(0o755)
    supervisor = box.shell({"tasks": {
        "db": {"command": str(box.path("db")), "successfulStartTimeout": 0.1},
        "web": {"command": "sleep 600", "dependsOn": ["db"]}}})
    assert supervisor.send("start web")[-1] == "Process 'web' failed to start: 'db' is FATAL"
    box.path("db").write_text("#!/bin/sh\nsleep 600\n")
    assert list(supervisor.start("web")) == ["db", "web"]


@pytest.mark.parametrize("command", ["/no/such", "false", ["sh", "-c", "kill -9 $$$$"]])
def test_a_dependency_that_dies_at_once_leaves_nobody_waiting(box, command):
    """Whatever comes first: each time the dependents come to an end that has a name."""
    up = {"command": "sleep 600", "successfulStartTimeout": 0}
    supervisor = box.shell({"tasks": {
        "db": {"command": command, "successfulStartTimeout": 0},
        "a": {**up, "dependsOn": ["db"], "instances": 3},
        "b": {**up, "dependsOn": {"db": {"condition": "started"}}},
        "c": {**up, "dependsOn": {"db": {"condition": "completed"}}},
        "d": {**up, "dependsOn": ["a", "b"]}}})
    for number in range(RUNS):
        supervisor.send(["start d c", "restart all", "start all", "restart d c"][number % 4])
        ends = {name: task["status"] for name, task in supervisor.status().items()}
        assert set(ends.values()) <= {"FATAL", "RUNNING"}, ends
        assert ends["db"] == "FATAL" and ends["c"] == "FATAL", ends


# ---- stops ----

def test_a_stop_stops_first_what_depends_on_it_and_says_so(box):
    supervisor = box.shell({"tasks": chain(box)})
    supervisor.start("web")
    stamps(box, 3)
    assert supervisor.send("stop db") == [
        "'api' needs 'db' and is stopped first", "'web' needs 'api' and is stopped first",
        "Process 'web' stopped gracefully", "Process 'api' stopped gracefully",
        "Process 'db' stopped gracefully"]
    assert stopped(box, 3) == ["web", "api", "db"]
    assert supervisor.send("stop db") == ["Process 'db' is not running"]


def test_force_stops_it_alone(box):
    supervisor = box.shell({"tasks": chain(box)})
    supervisor.start("web")
    assert supervisor.send("stop db --force") == ["Process 'db' stopped gracefully"]
    assert states(supervisor, "db", "api", "web") == ["STOPPED", "RUNNING", "RUNNING"]
    assert supervisor.send("start db --force")[0] == "start: unknown option '--force'"


def test_what_was_stopped_by_force_is_waited_for(box):
    tasks = chain(box)
    tasks["db"]["successfulStartTimeout"] = 300
    supervisor = box.shell({"tasks": tasks})
    supervisor.tell("start web --timeout 100ms")
    supervisor.wait_state("web", "WAITING")
    supervisor.send("stop db --force")
    assert states(supervisor, "db", "api", "web") == ["STOPPED", "WAITING", "WAITING"]
    supervisor.send("stop all")
    assert states(supervisor, "api", "web") == ["STOPPED", "STOPPED"]


def test_stopping_one_instance_stops_dependents(box):
    tasks = {"db": {"command": "sleep 600", "instances": 2, "successfulStartTimeout": 0},
             "web": {"command": "sleep 600", "dependsOn": ["db"]}}
    supervisor = box.shell({"tasks": tasks})
    supervisor.start("web")
    assert supervisor.send("stop db_2") == [
        "'web' needs 'db' and is stopped first", "Process 'web' stopped gracefully",
        "Process 'db_2' stopped gracefully"]


def test_what_restarts_is_stopped_with_what_it_waits_for_to_complete(box):
    """It would wait for something that nobody is going to start."""
    supervisor = box.shell({"tasks": {
        "db": stamp(box, "db"),
        "web": stamp(box, "web", 400, dependsOn={"db": {"condition": "started"}})}})
    supervisor.start("web")
    stamps(box, 2)
    supervisor.reload({"tasks": {
        "db": stamp(box, "db"),
        "web": stamp(box, "web", 400, dependsOn={"db": {"condition": "completed"}})}})
    supervisor.tell("restart web --timeout 10ms")
    supervisor.wait_state("web", "STOPPING")
    assert supervisor.send("stop db") == [
        "'web' needs 'db' and is stopped first",
        "Process 'web' stopped gracefully", "Process 'db' stopped gracefully"]
    assert states(supervisor, "db", "web") == ["STOPPED", "STOPPED"]


def test_several_stop_in_reverse_however_often_it_is_said(box):
    supervisor = box.shell({"tasks": chain(box, 300)})
    supervisor.start("web")
    stamps(box, 3)
    supervisor.tell("stop all --timeout 10ms")
    supervisor.tell("stop db --timeout 10ms")
    supervisor.send("stop 'd*' all")
    assert stopped(box, 3) == ["web", "api", "db"]


def test_a_start_overrules_a_stop_that_waits_for_its_turn(box):
    supervisor = box.shell({"tasks": chain(box, 300)})
    supervisor.start("web")
    stamps(box, 3)
    supervisor.tell("stop db --timeout 10ms")
    supervisor.wait_state("web", "STOPPING")
    supervisor.send("start web")
    assert states(supervisor, "db", "api", "web") == ["RUNNING"] * 3
    assert sorted(stopped(box, 3)) == ["api", "db", "web"]
    assert started(supervisor)[3:] == ["db", "api", "web"]


# ---- restarts ----

def test_several_restart_in_order(box):
    supervisor = box.shell({"tasks": chain(box)})
    supervisor.start("web")
    stamps(box, 3)
    supervisor.send("restart all")
    assert stopped(box, 3) == ["web", "api", "db"]
    assert started(supervisor)[3:] == ["db", "api", "web"]


def test_a_restart_leaves_what_depends_on_it_alone(box):
    supervisor = box.shell({"tasks": chain(box)})
    pids = supervisor.start("web")
    supervisor.send("restart db")
    assert supervisor.pid_of("db") != pids["db"]
    assert supervisor.pid_of("api") == pids["api"] and supervisor.pid_of("web") == pids["web"]


def test_a_restart_starts_what_it_needs(box):
    supervisor = box.shell({"tasks": chain(box)})
    assert [line.split("'")[1] for line in supervisor.send("restart web")] == ["db", "api", "web"]


# ---- many ----

def random_graph(box, rng, count):
    """Tasks, each of which may depend on some of those before it."""
    tasks = {}
    for number in range(count):
        some = rng.sample(range(number), min(number, rng.choice([0, 1, 1, 2, 3])))
        tasks[f"t{number}"] = stamp(box, f"t{number}", dependsOn=[f"t{n}" for n in some])
    names = list(tasks)
    rng.shuffle(names)
    return {name: tasks[name] for name in names}


def assert_order(tasks, order, reverse=False):
    """Everything comes after all that it depends on; or before."""
    place = {name: number for number, name in enumerate(order)}
    assert len(place) == len(order) == len(tasks)
    for name, task in tasks.items():
        for needed in task["dependsOn"]:
            assert (place[needed] < place[name]) != reverse, (name, needed)


@pytest.mark.parametrize("how", ["stop all", "shutdown"])
def test_a_random_graph_starts_in_order_and_stops_in_reverse(box, how):
    seed = int(os.environ.get("ORDER_SEED") or random.randrange(1 << 32))
    print(f"ORDER_SEED={seed}")
    tasks = random_graph(box, random.Random(seed), TASKS)
    log = box.path("log")
    supervisor = box.shell({"tasks": tasks,
                            "supervisor": {"logFile": str(log), "logFormat": "json"}})
    supervisor.send("start all --wait", timeout=50)
    assert {task["status"] for task in supervisor.status().values()} == {"RUNNING"}
    wait_for(lambda: len([line for line in lines_of(log) if '"to":"RUNNING"' in line]) == TASKS)
    records = [json.loads(line) for line in lines_of(log)]
    began = [r["instance"] for r in records if r.get("to") == "STARTED"]
    there = [r["instance"] for r in records if r.get("to") == "RUNNING"]
    assert_order(tasks, began)
    assert_order(tasks, there)
    stamps(box, TASKS)
    forget_stamps(box)
    if how == "shutdown":
        assert supervisor.terminate(50) == 0
    else:
        supervisor.send("stop all", timeout=50)
    assert_order(tasks, stopped(box, TASKS), reverse=True)


def test_a_shutdown_stops_in_reverse(box):
    supervisor = box.foreground({"tasks": chain(box, autoLaunch=True)})
    stamps(box, 3)
    supervisor.signal(signal.SIGTERM)
    assert supervisor.wait_exit() == 0
    assert stopped(box, 3) == ["web", "api", "db"]

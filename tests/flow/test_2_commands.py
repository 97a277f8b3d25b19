"""Section 2: the commands, given on a pipe."""
import json
import os
import re
import signal

import pytest

from harness import helper, lines_of, wait_for, wait_lines
from processes import Process

SLEEP = {"command": "sleep 600", "successfulStartTimeout": 0}
COMMANDS = ("status", "start", "stop", "restart", "reload", "logs", "signal", "pid", "describe",
            "events", "help", "exit", "quit", "shutdown")


def tasks(**by_name):
    return {"tasks": by_name}


def table(lines):
    """The rows of a status table, by name."""
    assert lines[0].split() == ["Task", "Status", "PID", "Uptime", "Restarts", "Command"]
    return {line.split()[0]: line.split() for line in lines[1:]}


def test_status_lists_everything_in_the_order_of_the_configuration(box):
    supervisor = box.shell(tasks(zebra=SLEEP, web={**SLEEP, "instances": 11}, alpha=SLEEP))
    rows = table(supervisor.send("status"))
    assert list(rows) == ["zebra", *(f"web_{n}" for n in range(1, 12)), "alpha"]
    assert rows["zebra"] == ["zebra", "STOPPED", "-", "-", "0", "sleep", "600"]


def test_status_shows_pid_and_uptime_of_what_runs(box):
    supervisor = box.shell(tasks(web=SLEEP))
    pids = supervisor.start("web")
    row = table(supervisor.send("status web"))["web"]
    assert row[1:3] == ["RUNNING", str(pids["web"])]
    assert re.fullmatch(r"\d+s", row[3])
    assert Process(pids["web"]).alive()


def test_status_without_tasks_is_only_the_heading(box):
    assert table(box.shell(tasks()).send("status")) == {}


def test_status_v_adds_last_exit_cpu_and_memory(box):
    supervisor = box.shell(tasks(web=SLEEP, bad={"command": "false"}))
    supervisor.start("web")
    supervisor.send("start bad --wait")
    lines = supervisor.send("status -v")
    heading = lines[0].lower()
    assert "exit" in heading and "cpu" in heading and "mem" in heading
    assert "1" in [line for line in lines if line.startswith("bad ")][0]


def test_status_json_has_the_promised_shape(box):
    supervisor = box.shell(tasks(web={**SLEEP, "instances": 2},
                                 bad={"command": ["sh", "-c", "exit 3"]}))
    supervisor.start("web_2")
    supervisor.send("start bad --wait")
    status = supervisor.status()
    assert list(status) == ["web_1", "web_2", "bad"]
    for task in status.values():
        assert set(task) == {"name", "task", "instance", "status", "pid", "uptime", "restarts",
                             "command", "exit", "description"}
    stopped, running, bad = status.values()
    assert (stopped["task"], stopped["instance"], stopped["status"]) == ("web", 1, "STOPPED")
    assert (stopped["pid"], stopped["uptime"], stopped["exit"]) == (None, None, None)
    assert (running["instance"], running["status"]) == (2, "RUNNING")
    assert isinstance(running["pid"], int) and running["uptime"] >= 0
    assert running["command"] == "sleep 600"
    assert bad["status"] == "FATAL" and bad["pid"] is None
    assert bad["exit"]["code"] == 3 and "signal" not in bad["exit"]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", bad["exit"]["at"])
    os.kill(running["pid"], signal.SIGKILL)
    task = supervisor.wait_state("web_2", "FATAL")
    assert task["exit"]["signal"] == "SIGKILL" and "code" not in task["exit"]


@pytest.mark.parametrize("target, expected", [
    ("web", ["web_1", "web_2"]), ("web_2", ["web_2"]), ("w*", ["web_1", "web_2", "worker"]),
    ("*_2", ["web_2"]), ("worker web_1", ["web_1", "worker"]),
    ("web web_1 web*", ["web_1", "web_2"]),
    ("all", ["web_1", "web_2", "worker", "db"]), ("w[e]b_?", ["web_1", "web_2"])])
def test_targets_are_tasks_instances_and_globs(box, target, expected):
    supervisor = box.shell(tasks(web={**SLEEP, "instances": 2}, worker=SLEEP, db=SLEEP))
    assert sorted(supervisor.status(*target.split())) == sorted(expected)
    assert sorted(supervisor.start(target)) == sorted(expected)
    running = {name for name, task in supervisor.status().items() if task["status"] == "RUNNING"}
    assert running == set(expected)


@pytest.mark.parametrize("command", ["status", "start", "stop", "restart", "pid", "describe",
                                     "logs", "signal USR1"])
def test_a_target_that_is_not_there_is_said(box, command):
    supervisor = box.shell(tasks(web=SLEEP))
    assert "Task 'nope' not found." in supervisor.send(f"{command} nope")


def test_other_targets_are_still_served(box):
    supervisor = box.shell(tasks(web=SLEEP))
    lines = supervisor.send("start nope web")
    assert lines[0] == "Task 'nope' not found."
    assert lines[1] == f"Process 'web' started with PID {supervisor.pid_of('web')}"


@pytest.mark.parametrize("command", ["start", "stop", "restart", "signal", "signal USR1",
                                     "describe", "logs", "start --frob web",
                                     "start --timeout", "start --timeout x web",
                                     "signal FOO web", "signal 65 web", "logs web many"])
def test_wrong_arguments_are_said_and_do_nothing(box, command):
    supervisor = box.shell(tasks(web=SLEEP))
    assert supervisor.send(command)
    assert supervisor.state("web") == "STOPPED"


def test_start_and_stop_say_one_line_for_each_instance(box):
    supervisor = box.shell(tasks(web={**SLEEP, "instances": 3}))
    pids = supervisor.start("web")
    assert sorted(pids) == ["web_1", "web_2", "web_3"]
    assert all(Process(pid).alive() for pid in pids.values())
    assert sorted(supervisor.send("stop web")) == [
        f"Process 'web_{n}' stopped gracefully" for n in (1, 2, 3)]
    assert not any(Process(pid).state for pid in pids.values())


def test_starting_what_runs_and_stopping_what_does_not(box):
    supervisor = box.shell(tasks(web=SLEEP))
    pid = supervisor.start("web")["web"]
    assert supervisor.send("start web") == ["Process 'web' is already running"]
    assert supervisor.pid_of("web") == pid
    supervisor.send("stop web")
    assert supervisor.send("stop web") == ["Process 'web' is not running"]


def test_stop_that_had_to_kill_says_so(box):
    supervisor = box.shell(tasks(web={
        "command": helper("stubborn", box.path("pids"), 0), "gracefulStopTimeout": 1}))
    supervisor.start("web")
    wait_lines(box.path("pids"))
    assert supervisor.send("stop web") == ["Process 'web' did not stop in 1s, killed"]
    assert supervisor.state("web") == "STOPPED"


def test_restart_replaces_what_runs_and_starts_what_does_not(box):
    supervisor = box.shell(tasks(web=SLEEP, db=SLEEP))
    before = supervisor.start("web")["web"]
    assert supervisor.send("restart web") == [
        f"Process 'web' restarted with PID {supervisor.pid_of('web')}"]
    assert supervisor.pid_of("web") != before and Process(before).state is None
    lines = supervisor.send("restart db")
    assert re.fullmatch(r"Process 'db' (re)?started with PID \d+", lines[0]) and len(lines) == 1
    assert supervisor.state("db") == "RUNNING"


def test_start_wait_answers_once_it_is_running(box):
    supervisor = box.shell(tasks(web={"command": "sleep 600", "successfulStartTimeout": 0.3}))
    lines = supervisor.send("start web --wait")
    assert lines == [f"Process 'web' started with PID {supervisor.pid_of('web')}"]
    assert supervisor.state("web") == "RUNNING"


def test_start_wait_answers_once_it_has_given_up(box):
    supervisor = box.shell(tasks(web={"command": "false", "restart": "on-failure",
                                      "restartsAttempts": 2, "restartDelay": 0.05}))
    lines = supervisor.send("start web --wait")
    assert any(line.startswith("Process 'web' failed to start: ") for line in lines), lines
    assert supervisor.state("web") == "FATAL"


def test_restart_wait_answers_once_it_is_running(box):
    supervisor = box.shell(tasks(web={"command": "sleep 600", "successfulStartTimeout": 0.3}))
    supervisor.start("web")
    supervisor.send("restart web --wait")
    assert supervisor.state("web") == "RUNNING"


def test_a_timeout_stops_waiting_and_cancels_nothing(box):
    supervisor = box.shell(tasks(web={
        "command": helper("tick", box.path("ticks"), 0, 1), "restart": "on-failure",
        "restartDelay": 1.5, "restartsAttempts": 1}))
    assert supervisor.send("start web --wait --timeout 1s") == [
        "Process 'web' is still BACKOFF after 1s"]
    wait_lines(box.path("ticks"), 2)
    supervisor.wait_state("web", "FATAL")


def test_a_timeout_of_stop(box):
    supervisor = box.shell(tasks(web={
        "command": helper("stubborn", box.path("pids"), 0), "gracefulStopTimeout": 2}))
    supervisor.start("web")
    wait_lines(box.path("pids"))
    assert supervisor.send("stop web --timeout 1s") == ["Process 'web' is still STOPPING after 1s"]
    supervisor.wait_state("web", "STOPPED")


@pytest.mark.parametrize("spelling", ["USR1", "SIGUSR1", "10"])
def test_signal_goes_to_the_process(box, spelling):
    supervisor = box.shell(tasks(web={"command": helper("record", box.path("signals"), "TERM")}))
    supervisor.start("web")
    wait_lines(box.path("signals"))
    supervisor.send(f"signal {spelling} web")
    assert wait_lines(box.path("signals"), 2) == ["ready", "USR1"]


def test_signal_goes_to_the_whole_group(box):
    script = f"{helper('record', box.path('one'))[0]} {box.path('one')} TERM & " \
             f"exec {helper('record')[0]} {box.path('two')} TERM"
    supervisor = box.shell(tasks(web={"command": script}))
    supervisor.start("web")
    wait_lines(box.path("one")), wait_lines(box.path("two"))
    supervisor.send("signal USR2 web")
    assert wait_lines(box.path("one"), 2) == wait_lines(box.path("two"), 2) == ["ready", "USR2"]


def test_signal_to_what_does_not_run(box):
    assert box.shell(tasks(web=SLEEP)).send("signal USR1 web") == ["Process 'web' is not running"]


def test_pid_is_the_supervisors_or_the_instances(box):
    supervisor = box.shell(tasks(web=SLEEP))
    assert supervisor.send("pid") == [str(supervisor.pid)]
    pid = supervisor.start("web")["web"]
    assert supervisor.send("pid web") == [str(pid)]


def test_unknown_commands_are_said_exactly(box):
    assert box.shell(tasks()).send("frob web") == [
        "Unknown command: frob. Type 'help' for a list of commands."]


def test_help_lists_every_command(box):
    supervisor = box.shell(tasks())
    listed = "\n".join(supervisor.send("help"))
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b", listed), command
        assert command in "\n".join(supervisor.send(f"help {command}"))
    assert supervisor.send("help frob")


def test_logs_shows_the_last_lines(box):
    script = "for i in $(seq 12); do echo out $i; echo err $i >&2; done; exec sleep 600"
    supervisor = box.shell(tasks(web={"command": script, "stdout": str(box.path("logs/out")),
                                      "stderr": str(box.path("logs/err"))}))
    supervisor.start("web")
    wait_lines(box.path("logs/out"), 12), wait_lines(box.path("logs/err"), 12)
    assert supervisor.send("logs web") == [f"out {n}" for n in range(3, 13)]
    assert supervisor.send("logs web 2") == ["out 11", "out 12"]
    assert supervisor.send("logs web 500") == [f"out {n}" for n in range(1, 13)]
    assert supervisor.send("logs web 1 --stderr") == ["err 12"]


def test_logs_of_a_task_without_a_log_says_so(box):
    assert box.shell(tasks(web=SLEEP)).send("logs web")


def test_describe_tells_configuration_state_and_history(box):
    supervisor = box.shell(tasks(web={"command": ["sh", "-c", "exit 7"], "stopingSignal": "USR2",
                                      "environment": {"COLOUR": "blue"}}))
    supervisor.send("start web --wait")
    page = "\n".join(supervisor.send("describe web"))
    for text in ("FATAL", "STARTED", "7", "USR2", "COLOUR", "blue", "gracefulStopTimeout",
                 "restart", "never"):
        assert text in page, text


def test_describe_shows_the_last_lines_of_stderr(box):
    script = "for i in 1 2 3 4 5 6 7; do echo oops $i >&2; done; exit 1"
    supervisor = box.shell(tasks(web={"command": script, "stderr": str(box.path("err"))}))
    supervisor.send("start web --wait")
    page = "\n".join(supervisor.send("describe web"))
    assert all(f"oops {n}" in page for n in (3, 4, 5, 6, 7)) and "oops 2" not in page


def test_events_are_the_state_changes(box):
    supervisor = box.shell(tasks(web={**SLEEP, "successfulStartTimeout": 0.1}))
    supervisor.send("start web --wait")
    supervisor.send("stop web")
    lines = [line for line in supervisor.send("events") if "web" in line]
    for line, state in zip(lines, ("STARTED", "RUNNING", "STOPPING", "STOPPED"), strict=True):
        assert state in line
    objects = [json.loads(line) for line in supervisor.send("events --json")]
    assert len(objects) == 4 and all("web" in map(str, event.values()) for event in objects)


def test_describe_remembers_32_changes(box):
    supervisor = box.shell(tasks(web=SLEEP))
    for _ in range(12):  # 48 changes
        supervisor.send("start web --wait")
        supervisor.send("stop web")
    history = [line for line in supervisor.send("describe web") if "STOPPING" in line]
    assert 8 <= len(history) <= 17


def test_long_answers_to_many_commands_all_come(box):
    """The output of each fills the pipe, and the next has to wait for room."""
    supervisor = box.shell(tasks(web={**SLEEP, "instances": 1000}))
    for _ in range(10):
        supervisor.tell("status --json\nfrob")
    for _ in range(10):
        lines = supervisor.read_until(lambda line: line.startswith("Unknown command: frob."))
        assert len(lines) == 1 and lines[0].endswith("]}")


@pytest.mark.valgrind
def test_one_session_with_every_command(box):
    log = str(box.path("log"))
    supervisor = box.shell(tasks(
        web={**SLEEP, "instances": 3, "stdout": log, "stderr": "stdout"},
        flaky={"command": "false", "restart": "on-failure", "restartDelay": 0.1,
               "restartsAttempts": 2},
        missing={"command": "/no/such"}, auto={**SLEEP, "autoLaunch": True}))
    for command in ("status", "status -v", "start all --wait", "status --json web*",
                    "restart web_2", "signal WINCH web", "pid", "pid web_1", "describe all",
                    "logs web_1 3",
                    "events", "events --json", "help", "help start", "frob", "start nope",
                    "reload --dry-run", "reload", "stop web --timeout 5s", "stop all"):
        assert supervisor.send(command) or command.startswith(("logs", "signal")), command
    box.write("tasks: [")
    assert supervisor.send("reload")
    supervisor.reload(tasks(web={**SLEEP, "instances": 2, "umask": "077"},
                            other={**SLEEP, "autoLaunch": True}))
    supervisor.wait_state("other", "RUNNING", timeout=20)
    supervisor.tell("exit")
    assert supervisor.wait_exit(30) == 0
    assert lines_of(log) == []
    wait_for(lambda: not box.left())

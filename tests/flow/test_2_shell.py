"""Section 2: the interactive shell, on a terminal."""
import os
import signal

import pytest

from harness import STARTED_LINE, helper, lines_of, wait_for, wait_lines
from processes import Process

UP, CTRL_BACKSLASH = "\x1b[A", "\x1c"
CTRL_C, CTRL_D, CTRL_U, CTRL_Z = "\x03", "\x04", "\x15", "\x1a"
CONFIG = {"tasks": {
    "nginx": {"command": "sleep 600", "successfulStartTimeout": 0},
    "worker": {"command": "sleep 600", "instances": 3, "successfulStartTimeout": 0},
    "slow": {"command": "sleep 600", "successfulStartTimeout": 60},
}}


def start(terminal, target):
    """Starts one instance and returns its pid."""
    lines = terminal.send(f"start {target}")
    match = STARTED_LINE.match(lines[0])
    assert match, lines
    return int(match[2])


def test_the_prompt(box):
    terminal = box.terminal(CONFIG)
    assert terminal.rows() == ["Taskmaster>"]
    assert terminal.screen.cursor.x == len("Taskmaster> ")
    assert terminal.send("pid") == [str(terminal.pid)]


@pytest.mark.parametrize("typed, completed", [
    ("rel", "reload "), ("stat", "status "), ("descr", "describe "), ("start ng", "start nginx "),
    ("start wo", "start worker"), ("stop worker_", "stop worker_"),
    ("stop nginx sl", "stop nginx slow "),
    ("pid worker_2", "pid worker_2 "), ("help shut", "help shutdown "), ("frob", "frob")])
def test_tab_completes_commands_and_names(box, typed, completed):
    terminal = box.terminal(CONFIG)
    terminal.type(typed + "\t")
    # An echo of what follows shows that the completion is over.
    terminal.type("!")
    terminal.wait_screen(lambda rows: "!" in rows[-1])
    assert terminal.last() == "Taskmaster> " + completed + "!"
    terminal.type(CTRL_U)


def test_two_tabs_list_the_instances(box):
    terminal = box.terminal(CONFIG)
    terminal.type("stop worker_\t\t")
    rows = terminal.wait_screen(lambda rows: any("worker_3" in row for row in rows))
    assert any("worker_1" in row and "worker_2" in row for row in rows)
    terminal.wait_prompt("stop worker_")
    terminal.type(CTRL_U)


def test_completion_knows_the_tasks_of_a_reload(box):
    terminal = box.terminal(CONFIG)
    box.write({"tasks": {"fresh": {"command": "sleep 600"}}})
    terminal.send("reload")
    terminal.type("start fr\t")
    terminal.wait_prompt("start fresh")
    terminal.type(CTRL_U)


@pytest.mark.parametrize("state_home", [True, False])
def test_history_is_kept_across_runs(box, state_home):
    if state_home:
        path = box.path("state/taskmaster/history")
    else:
        del box.env["XDG_STATE_HOME"]
        path = box.path("home/.local/state/taskmaster/history")
    terminal = box.terminal(CONFIG)
    terminal.send("pid nginx")
    terminal.type(CTRL_D)
    assert terminal.wait_exit() == 0
    assert "pid nginx" in lines_of(path)
    terminal = box.terminal(CONFIG)
    terminal.type(UP)
    terminal.wait_prompt("pid nginx")
    terminal.type(CTRL_U)


def test_ctrl_c_drops_the_line(box):
    terminal = box.terminal(CONFIG)
    pid = start(terminal, "nginx")
    terminal.type("stop nginx")
    terminal.wait_prompt("stop nginx")
    terminal.type(CTRL_C)
    terminal.wait_prompt()
    terminal.send("pid")
    assert terminal.send("pid nginx") == [str(pid)]
    assert Process(pid).alive()


def test_ctrl_c_stops_waiting_and_nothing_else(box):
    terminal = box.terminal(CONFIG)
    terminal.type("start slow --wait\r")
    wait_for(lambda: Process(terminal.pid).children())
    terminal.type(CTRL_C)
    terminal.wait_prompt()
    rows = terminal.send("status slow")
    assert rows[-1].split()[1] == "STARTED"
    assert terminal.send("pid slow") == [rows[-1].split()[2]]


def test_ctrl_c_never_reaches_a_task_that_is_just_being_started(box):
    """Before its setsid() a child is still one of the terminal's foreground group."""
    terminal = box.terminal({"tasks": {"web": {"command": "sleep 600", "instances": 200,
                                               "successfulStartTimeout": 60}}}, rows=250)
    terminal.type("start web --wait\r")
    wait_for(lambda: Process(terminal.pid).children())

    def interrupted():
        terminal.type(CTRL_C)
        return len(Process(terminal.pid).children()) == 200
    wait_for(interrupted)
    terminal.wait_prompt()
    rows = wait_for(lambda: [row for row in terminal.send("status") if row.startswith("web_")])
    assert [row.split()[1] for row in rows] == ["STARTED"] * 200


def test_ctrl_c_while_a_stop_is_waited_for(box):
    terminal = box.terminal({"tasks": {"web": {
        "command": helper("stubborn", box.path("pids"), 0), "gracefulStopTimeout": 2}}})
    pid = start(terminal, "web")
    wait_lines(box.path("pids"))
    terminal.type("stop web\r")
    terminal.wait_screen("stop web")
    terminal.type(CTRL_C)
    terminal.wait_prompt()
    wait_for(lambda: terminal.send("status web")[-1].split()[1] == "STOPPED")
    assert Process(pid).state is None


@pytest.mark.parametrize("command", ["logs nginx -f", "events -f"])
def test_ctrl_c_ends_what_follows(box, command):
    log = box.path("log")
    script = "while [ ! -e go ]; do sleep 0.05; done; echo a new line; exec sleep 600"
    terminal = box.terminal({"tasks": {"nginx": {"command": script, "stdout": str(log),
                                                 "successfulStartTimeout": 0, "autoLaunch": True}}})
    wait_for(log.exists)
    terminal.type(command + "\r")
    terminal.wait_screen(command)
    if command.startswith("logs"):
        box.write("", "go")
        terminal.wait_screen("a new line")
    else:
        wait_for(lambda: Process(terminal.pid).children())[0].kill()
        terminal.wait_screen(lambda rows: any("FATAL" in row for row in rows))
    terminal.type(CTRL_C)
    terminal.wait_prompt()
    assert terminal.send("pid") == [str(terminal.pid)]


def test_ctrl_d_is_exit(box):
    terminal = box.terminal(CONFIG)
    pid = start(terminal, "nginx")
    terminal.type(CTRL_D)
    assert terminal.wait_exit() == 0
    assert Process(pid).state is None
    box.assert_nothing_left()


def test_ctrl_z_does_nothing_but_say_so(box):
    terminal = box.terminal(CONFIG)
    before = len(terminal.rows())
    terminal.type(CTRL_Z)
    rows = terminal.wait_screen(lambda rows: len(rows) > before and rows[-1] == "Taskmaster>")
    assert any(row and row != "Taskmaster>" for row in rows)
    assert Process(terminal.pid).state != "T"
    assert terminal.send("pid") == [str(terminal.pid)]


def test_ctrl_backslash_does_not_end_it(box):
    terminal = box.terminal(CONFIG)
    terminal.type(CTRL_BACKSLASH)
    assert terminal.send("pid")[-1] == str(terminal.pid)


def test_sigint_does_not_end_a_shell_on_a_terminal(box):
    terminal = box.terminal(CONFIG)
    pid = start(terminal, "nginx")
    terminal.signal(signal.SIGINT)
    terminal.wait_screen("^C")  # what is typed before that is dropped
    terminal.wait_prompt()
    assert terminal.send("pid")[-1] == str(terminal.pid)
    assert Process(pid).alive()


def test_resizing(box):
    terminal = box.terminal(CONFIG, columns=60, rows=30)
    terminal.resize(140, 30)
    line = "status " + "nginx " * 18 + "slow"
    terminal.type(line)
    terminal.wait_prompt(line)
    terminal.type(CTRL_U)
    terminal.wait_prompt()
    terminal.resize(80, 20)
    assert [row.split()[0] for row in terminal.send("status")] == [
        "Task", "nginx", "worker_1", "worker_2", "worker_3", "slow"]


@pytest.mark.parametrize("task", ["restart: never", "on-failure"])
def test_news_come_above_the_line_being_typed(box, task):
    restart = "never" if task == "restart: never" else "on-failure"
    terminal = box.terminal({"tasks": {"web": {
        "command": "echo oops >&2; while [ ! -e go ]; do sleep 0.05; done; exit 3",
        "stderr": str(box.path("err")), "restart": restart, "restartsAttempts": 0,
        "autoLaunch": True}}})
    wait_lines(box.path("err"))
    terminal.type("stat")
    terminal.wait_prompt("stat")
    box.write("", "go")
    rows = terminal.wait_screen(
        lambda rows: any("web" in row and "FATAL" in row for row in rows)
        and rows[-1] == "Taskmaster> stat")
    assert any("oops" in row for row in rows[:-1])
    terminal.type("us web\r")
    terminal.wait_screen(lambda rows: rows[-1] == "Taskmaster>" and rows[-2].startswith("web"))


def test_states_have_colours(box):
    terminal = box.terminal({"tasks": {
        "a": {"command": "sleep 600", "successfulStartTimeout": 0},
        "b": {"command": "sleep 600", "successfulStartTimeout": 60},
        "c": {"command": "false"}, "d": {"command": "true"},
        "e": {"command": "false", "restart": "on-failure", "restartDelay": 60}}})
    terminal.send("start a b c e")
    wait_for(lambda: [row.split()[1] for row in terminal.send("status")][1:] == [
        "RUNNING", "STARTED", "FATAL", "STOPPED", "BACKOFF"])
    terminal.send("status")
    for state, colour in {"RUNNING": "green", "STARTED": "brown", "BACKOFF": "brown",
                          "STOPPED": "magenta", "FATAL": "red"}.items():
        assert terminal.colours_of(state) == {colour}, state


def test_no_color_means_none(box):
    terminal = box.terminal(CONFIG, env={"NO_COLOR": "1"})
    start(terminal, "nginx")
    terminal.send("status")
    for state in ("RUNNING", "STOPPED"):
        assert terminal.colours_of(state) == {"default"}
    assert b"\x1b[3" not in terminal.raw


def test_a_pipe_gets_no_colours(box):
    supervisor = box.shell(CONFIG)
    supervisor.start("nginx")
    supervisor.send("status")
    assert b"\x1b" not in supervisor.said


def test_exit_stops_what_runs(box):
    terminal = box.terminal(CONFIG)
    pid = start(terminal, "nginx")
    terminal.type("exit\r")
    assert terminal.wait_exit() == 0
    assert Process(pid).state is None


def test_sigterm_while_a_line_is_typed(box):
    terminal = box.terminal(CONFIG)
    terminal.type("start ngi")
    terminal.wait_prompt("start ngi")
    terminal.signal(signal.SIGTERM)
    assert terminal.wait_exit() == 0


def test_sigwinch_and_sigcont_harm_nothing(box):
    terminal = box.terminal(CONFIG)
    for signo in (signal.SIGWINCH, signal.SIGCONT) * 3:
        os.kill(terminal.pid, signo)
    assert terminal.send("pid")[-1] == str(terminal.pid)

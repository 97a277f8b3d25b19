"""Section 7: the shell of taskmaster ctl, on a terminal."""
import os
import re
import signal

import pytest

from client import LONG, Client, serve, stubborn
from harness import taskmaster, wait_for, wait_lines
from processes import Process, reap
from terminal import PROMPT


@pytest.mark.valgrind
def test_the_shell_is_the_supervisors(box):
    supervisor = serve(box, {"web": {**LONG, "instances": 2}})
    client = Client(box, supervisor.socket)
    assert client.send("pid") == [str(supervisor.pid)]
    assert [re.sub(r"\d+$", "N", line) for line in sorted(client.send("start all"))] == [
        "Process 'web_1' started with PID N", "Process 'web_2' started with PID N"]
    rows = client.send("status")
    assert rows[0].split()[:2] == ["Task", "Status"] and len(rows) == 3
    supervisor.wait_all("RUNNING")
    client.send("status")
    assert client.colours_of("RUNNING") == {"green"}
    assert client.send("frob")[0].startswith("Unknown command: frob.")
    client.type("\x10\x10\x10")  # back in the history
    client.wait_prompt("start all")
    client.type("\x03")
    client.wait_prompt()


def test_tab_completes_commands_and_names(box):
    supervisor = serve(box, {"frontend": {**LONG, "instances": 2}, "db": LONG})
    client = Client(box, supervisor.socket)
    client.type("sto\tfr\t")
    client.wait_prompt("stop frontend")
    client.type("_\t\t")
    client.wait_screen("frontend_1  frontend_2")
    client.type("2\r")
    client.wait_screen("Process 'frontend_2' is not running")
    client.type("na\t\t")
    client.wait_prompt("na")  # for programs, not for people
    client.type("\x03")


def test_ctrl_c_stops_waiting_and_cancels_nothing(box):
    task, ready = stubborn(box)
    supervisor = serve(box, {"web": task})
    wait_lines(ready)
    client = Client(box, supervisor.socket)
    client.type("stop web\r")
    client.wait_screen("(waiting for web to stop; Ctrl-C stops waiting)")
    client.type("\x03")
    client.wait_screen("(no longer waiting; nothing was cancelled)")
    client.wait_prompt()
    assert supervisor.state("web") == "STOPPING"
    os.kill(supervisor.pid_of("web"), signal.SIGKILL)
    supervisor.wait_state("web", "STOPPED")


def test_ctrl_c_ends_following(box):
    log = box.path("web.log")
    log.write_text("one\n")
    supervisor = serve(box, {"web": {**LONG, "stdout": str(log)}})
    client = Client(box, supervisor.socket)
    client.type("logs web -f\r")
    client.wait_screen(lambda rows: rows[-1] == "one")
    with open(log, "a") as out:
        out.write("two\n")
    client.wait_screen(lambda rows: rows[-1] == "two")
    client.type("\x03")
    client.wait_prompt()
    assert client.send("pid") == [str(supervisor.pid)]


def test_news_come_above_what_is_being_typed(box):
    supervisor = serve(box, {"bad": {"command": "/no/such", "restartsAttempts": 0}})
    client = Client(box, supervisor.socket)
    assert client.send("pid") == [str(supervisor.pid)]
    client.type("status b")
    client.wait_prompt("status b")
    supervisor.send("start bad")
    client.wait_screen("Process 'bad' is FATAL: exec /no/such: No such file or directory")
    client.wait_prompt("status b")
    client.type("ad\r")
    client.wait_screen(lambda rows: any(row.startswith("bad   FATAL") for row in rows))


@pytest.mark.parametrize("how", ["exit\r", "quit\r", "\x04"])
def test_leaving_leaves_the_supervisor_alone(box, how):
    supervisor = serve(box, {"web": LONG})
    pid = supervisor.start("web")["web"]
    client = Client(box, supervisor.socket)
    client.type(how)
    assert client.wait_exit() == 0
    assert supervisor.pid_of("web") == pid


def test_shutdown_ends_both(box):
    task, ready = stubborn(box)
    supervisor = serve(box, {"web": task})
    wait_lines(ready)
    pid = supervisor.pid_of("web")
    client = Client(box, supervisor.socket)
    client.type("shutdown\r")
    client.wait_screen("waiting for web to stop")
    os.kill(pid, signal.SIGKILL)
    assert client.wait_exit() == 0
    assert Process(supervisor.pid).state in (None, "Z")
    assert supervisor.wait_exit() == 0


@pytest.mark.parametrize("signo, said", [
    (signal.SIGTERM, "taskmaster is shutting down"),
    (signal.SIGKILL, "connection lost: the supervisor at "),
])
def test_a_lost_supervisor_is_said_and_found_again(box, signo, said):
    supervisor = serve(box, {})
    client = Client(box, supervisor.socket)
    supervisor.signal(signo)
    supervisor.wait_exit()
    client.wait_screen(said)
    client.wait_prompt()
    assert "no supervisor answers at" in client.send("pid")[0]
    again = serve(box, {"bad": {"command": "/no/such", "restartsAttempts": 0}})
    assert client.send("pid") == [str(again.pid)]
    again.send("start bad")
    client.wait_screen("Process 'bad' is FATAL")


def test_a_supervisor_that_goes_while_a_command_waits_is_said_once(box):
    task, ready = stubborn(box)
    supervisor = serve(box, {"web": task})
    wait_lines(ready)
    pid = supervisor.pid_of("web")
    client = Client(box, supervisor.socket)
    client.type("stop web\r")
    client.wait_screen("waiting for web to stop")
    os.kill(supervisor.pid, signal.SIGKILL)
    assert supervisor.wait_exit() == -signal.SIGKILL
    os.kill(pid, signal.SIGKILL)
    client.wait_prompt()
    assert len([row for row in client.rows() if "connection lost" in row]) == 1
    wait_for(lambda: Process(pid).state == "Z")
    reap([Process(pid)])  # it fell to us


def test_ctrl_z_and_resizing_are_as_in_the_supervisors_shell(box):
    supervisor = serve(box, {})
    client = Client(box, supervisor.socket)
    client.type("sta")
    client.wait_prompt("sta")
    client.type("\x1a")
    client.wait_screen("Ctrl-Z does nothing here")
    client.wait_prompt("sta")
    client.resize(60, 20)
    client.type("tus\r")
    client.wait_screen("Uptime")


def test_a_terminal_that_hangs_up_ends_the_client_only(box):
    supervisor = serve(box, {})
    client = Client(box, supervisor.socket)
    client.hang_up()
    assert client.wait_exit() in (0, 128 + signal.SIGHUP)
    assert supervisor.alive()


def test_sigterm_ends_the_client_and_restores_the_terminal(box):
    supervisor = serve(box, {})
    outer = box.outer_shell()
    before = outer.settings()
    outer.type(" ".join(map(str, [*taskmaster(), "ctl", "-s", supervisor.socket])) + "\r")
    outer.wait_screen(lambda rows: rows and rows[-1] == PROMPT.rstrip())
    Process(outer.pid).children()[0].kill(signal.SIGTERM)
    outer.wait_outer()
    assert outer.run("echo status $?") == [f"status {128 + signal.SIGTERM}"]
    assert outer.settings() == before
    assert supervisor.alive()

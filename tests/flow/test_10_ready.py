"""Section 10: readiness. STARTED becomes RUNNING when the instance is ready, and not before."""
import ctypes.util
import json
import os
import shutil
import signal
import socket
import sys

import pytest

from harness import lines_of, patience, wait_for, wait_lines
from notifying import needs_root, open_place, page, reasons, say, variables
from processes import Process

FOREVER = "sleep 1000"
SOON = 0.05  # an interval


def task(ready, **keys):
    return {"tasks": {"web": {"command": FOREVER, "ready": ready, **keys}}}


# ---- exec ----

def test_it_is_started_until_its_probe_succeeds(box):
    flag, tried = box.path("flag"), box.path("tried")
    supervisor = box.shell(task({"exec": f"echo x >> {tried}; test -e {flag}", "interval": SOON}))
    supervisor.start("web")
    wait_lines(tried, 3)
    assert supervisor.state("web") == "STARTED"
    assert page(supervisor, "web")["ready"].endswith("(not ready, last failure: exit code 1)")
    flag.touch()
    supervisor.wait_state("web", "RUNNING")
    assert "(ready after " in page(supervisor, "web")["ready"]
    count = len(lines_of(tried))
    supervisor.send("status")
    assert len(lines_of(tried)) == count, "it is ready: nobody asks any more"


def test_start_wait_waits_for_readiness(box):
    flag, tried = box.path("flag"), box.path("tried")
    supervisor = box.shell(task({"exec": f"echo x >> {tried}; test -e {flag}", "interval": SOON}))
    supervisor.tell("start web --wait")
    wait_lines(tried, 3)
    flag.touch()
    lines = supervisor.send("status web --json")
    assert lines[0].startswith("Process 'web' started with PID"), lines
    assert json.loads(lines[1])["tasks"][0]["status"] == "RUNNING"


def test_the_first_probe_comes_at_once(box):
    supervisor = box.shell(task({"exec": "true", "interval": 30}))
    supervisor.start("web")
    supervisor.wait_state("web", "RUNNING")


def test_not_ready_in_time_is_a_failed_start(box):
    supervisor = box.shell(task({"exec": "exit 7", "interval": SOON, "timeout": 0.3},
                                restart="on-failure", restartsAttempts=1, restartDelay=0.1))
    lines = supervisor.send("start web --wait")
    assert len(lines) == 1
    assert lines[0].startswith("Process 'web' failed to start: not ready within ")
    assert lines[0].endswith(": exit code 7")
    steps = [(old, new) for old, new, _why in reasons(supervisor, "web")]
    once = [("STARTED", "STOPPING"), ("STOPPING", "BACKOFF"), ("BACKOFF", "STARTED"),
            ("STARTED", "STOPPING"), ("STOPPING", "FATAL")]
    assert steps == [("STOPPED", "STARTED"), *once]
    assert not supervisor.children()


def test_without_restarts_not_ready_in_time_is_fatal(box):
    supervisor = box.shell(task({"notify": True, "timeout": 0.2}))
    assert supervisor.send("start web --wait")[0].startswith(
        "Process 'web' failed to start: not ready within ")
    assert supervisor.state("web") == "FATAL"


def test_an_exit_before_it_is_ready_is_a_failed_start_however_long_it_took(box):
    supervisor = box.shell(task({"exec": "false", "interval": SOON}, successfulStartTimeout=0,
                                command="sh -c 'sleep 0.3; exit 3'"))
    assert supervisor.send("start web --wait") == [
        "Process 'web' failed to start: exited with code 3"]


def test_a_probe_that_cannot_be_run_is_a_failure_that_says_so(box):
    supervisor = box.shell(task({"exec": "/no/such --ready", "interval": SOON, "timeout": 0.3}))
    assert supervisor.send("start web --wait")[0].endswith(
        ": exec /no/such: No such file or directory")


def test_a_probe_runs_as_its_task_does(box):
    out = box.path("out")
    where = box.path("here")
    where.mkdir()
    probe = (f"(env; echo cwd=$(pwd) umask=$(umask); ps -o sid= -p $$; echo $$;"
             f" ls -l /proc/self/fd/1) > {out}.new && mv {out}.new {out}")
    supervisor = box.shell(task({"exec": probe}, workingDirectory=str(where), umask="077",
                                health={"watchdog": 100},
                                environment={"COLOUR": "red", "NOTIFY_SOCKET": "@mine"}))
    supervisor.start("web")
    lines = wait_lines(out, 3)
    assert {"COLOUR=red", "TASKMASTER_NAME=web", "TASKMASTER_TASK=web",
            f"cwd={where} umask=0077"} <= set(lines)
    assert "NOTIFY_SOCKET=@mine" in lines, "the task's own; the one we made is for its process"
    assert not [line for line in lines if line.startswith("WATCHDOG_")]
    session, pid = [line.strip() for line in lines if line.strip().isdigit()]
    assert session == pid


@pytest.mark.skipif(needs_root[0], reason=needs_root[1])
def test_a_probe_runs_as_the_user_of_its_task(box):
    with open_place() as place:
        supervisor = box.shell(task({"exec": f"id -u > {place}/out"}, user="65534", group="65534",
                                    workingDirectory=str(place)))
        supervisor.start("web")
        assert wait_lines(place / "out") == ["65534"]


HANGING = "echo $$ >> {tried}; sleep 999 & exec sleep 998"


def probes(supervisor):
    """The processes of probes, and what they started."""
    return [p for p in supervisor.box.left()
            if Process(p.pid).alive() and b"sleep\0" + b"99" in cmdline(p.pid)]


def cmdline(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


def test_a_stop_ends_a_probe_that_hangs_and_all_that_it_started(box):
    tried = box.path("tried")
    supervisor = box.shell(task({"exec": HANGING.format(tried=tried)}))
    supervisor.start("web")
    wait_for(lambda: len(probes(supervisor)) == 2)
    assert supervisor.send("stop web") == ["Process 'web' stopped gracefully"]
    assert not probes(supervisor)
    wait_for(lambda: not supervisor.children())  # one was killed as an orphan, and is reaped as one


def test_an_exit_ends_a_probe_that_hangs(box):
    tried = box.path("tried")
    supervisor = box.shell(task({"exec": HANGING.format(tried=tried)}))
    pid = supervisor.start("web")["web"]
    wait_for(lambda: len(probes(supervisor)) == 2)
    os.kill(pid, signal.SIGKILL)
    supervisor.wait_state("web", "FATAL")
    assert not probes(supervisor)


# ---- tcp ----

@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_is_ready_once_it_can_be_connected_to(box, host):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        supervisor = box.shell(task({"tcp": host + ":${PORT}", "interval": SOON},
                                    environment={"PORT": port}))
        supervisor.start("web")
        wait_for(lambda: page(supervisor, "web")["ready"].endswith(
            f"last failure: connect to {host}:{port}: Connection refused)"))
        assert supervisor.state("web") == "STARTED"
        server.listen()
        supervisor.wait_state("web", "RUNNING")
        connection = server.accept()[0]
        with connection:
            assert connection.recv(1) == b"", "it is closed at once"


def test_a_name_that_is_not_known_is_not_ready(box):
    supervisor = box.shell(task({"tcp": "no-such-host.invalid:80", "interval": SOON}))
    supervisor.start("web")
    wait_for(lambda: "connect to no-such-host.invalid:80: " in page(supervisor, "web")["ready"], 30)
    assert supervisor.state("web") == "STARTED"


# ---- notify ----

def test_it_is_ready_when_it_says_so(box):
    supervisor = box.shell(task({"notify": True}))
    pid = supervisor.start("web")["web"]
    assert page(supervisor, "web")["ready"] == "notify (not ready yet)"
    say(pid, "STATUS=warming \x1b[31mup")
    wait_for(lambda: page(supervisor, "web").get("notify status") == '"warming \\x1b[31mup"')
    assert supervisor.state("web") == "STARTED"
    say(pid, "READY=1\nSTATUS=serving")
    supervisor.wait_state("web", "RUNNING")
    assert page(supervisor, "web")["notify status"] == '"serving"'
    say(pid, "STOPPING=1")
    wait_for(lambda: page(supervisor, "web")["notify status"] == '"serving" (stopping)')


def test_each_instance_has_a_socket_of_its_own_and_each_life_another(box):
    supervisor = box.shell(task({"notify": True}, instances=2))
    pids = supervisor.start("web")
    names = {name: variables(pid)["NOTIFY_SOCKET"] for name, pid in pids.items()}
    assert len(set(names.values())) == 2
    say(pids["web_1"], "READY=1")
    supervisor.wait_state("web_1", "RUNNING")
    assert supervisor.state("web_2") == "STARTED"
    supervisor.send("restart web_1")
    again = supervisor.pid_of("web_1")
    assert variables(again)["NOTIFY_SOCKET"] not in names.values()
    assert supervisor.state("web_1") == "STARTED"
    assert "notify status" not in page(supervisor, "web_1")


def test_a_task_that_does_not_notify_has_no_socket(box):
    supervisor = box.shell(task({"exec": "true"}), env={"NOTIFY_SOCKET": "@above"})
    pid = supervisor.start("web")["web"]
    assert "NOTIFY_SOCKET" not in variables(pid)


@pytest.mark.skipif(not shutil.which("systemd-notify"), reason="needs systemd-notify")
def test_what_it_said_before_its_exit_counts(box):
    supervisor = box.shell(task({"notify": True}, command="sh -c 'systemd-notify --ready; exit 0'"))
    assert supervisor.send("start web --wait")[0].startswith("Process 'web' started with PID")
    supervisor.wait_state("web", "STOPPED")
    assert [new for _old, new, _why in reasons(supervisor, "web")] == [
        "STARTED", "RUNNING", "STOPPED"]


@pytest.mark.skipif(not shutil.which("systemd-notify"), reason="needs systemd-notify")
def test_the_real_systemd_notify(box):
    """It ends by sending BARRIER=1, and waits until that has been taken."""
    done = box.path("done")
    script = f"systemd-notify --ready --status='all is well' && echo ok > {done}; exec {FOREVER}"
    supervisor = box.shell(task({"notify": True}, command=script))
    assert supervisor.send("start web --wait")[0].startswith("Process 'web' started with PID")
    assert wait_lines(done) == ["ok"]
    assert page(supervisor, "web")["notify status"] == '"all is well"'


@pytest.mark.skipif(not ctypes.util.find_library("systemd"), reason="needs libsystemd")
def test_the_real_sd_notify(box):
    program = box.write(
        "import ctypes, signal\n"
        "sd = ctypes.CDLL('libsystemd.so.0')\n"
        "assert sd.sd_notify(0, b'READY=1\\nSTATUS=from the library\\nMAINPID=1') > 0\n"
        "assert sd.sd_notify_barrier(0, ctypes.c_uint64(30000000)) > 0\n"
        "sd.sd_notify(0, b'STATUS=past the barrier')\n"
        "signal.pause()\n", "program.py")
    supervisor = box.shell(task({"notify": True}, command=[sys.executable, str(program)]))
    assert supervisor.send("start web --wait")[0].startswith("Process 'web' started with PID")
    wait_for(lambda: page(supervisor, "web")["notify status"] == '"past the barrier"')
    assert supervisor.pid_of("web") > 1
    log = box.path("taskmaster.log")
    wait_for(lambda: any("MAINPID= is ignored" in line for line in lines_of(log)))


@pytest.mark.skipif(needs_root[0], reason=needs_root[1])
def test_another_users_word_counts_for_nothing(box):
    supervisor = box.shell(task({"notify": True}))
    pid = supervisor.start("web")["web"]
    say(pid, "READY=1\nSTATUS=forged", "READY=1", uid=65534)
    say(pid, "STATUS=true")
    wait_for(lambda: page(supervisor, "web").get("notify status") == '"true"')
    assert supervisor.state("web") == "STARTED"
    logged = [line for line in lines_of(box.path("taskmaster.log")) if "of user 65534" in line]
    assert len(logged) == 1, "once, however many there are"


@pytest.mark.skipif(needs_root[0], reason=needs_root[1])
def test_the_word_of_the_tasks_own_user_counts(box):
    supervisor = box.shell(task({"notify": True}, user="65534", group="65534",
                                workingDirectory="/"))
    pid = supervisor.start("web")["web"]
    say(pid, "READY=1", uid=65534)
    supervisor.wait_state("web", "RUNNING")


def test_rubbish_does_no_harm(box):
    supervisor = box.shell({"tasks": {
        "web": {"command": FOREVER, "ready": {"notify": True}},
        "other": {"command": FOREVER, "successfulStartTimeout": 0}}})
    pid = supervisor.start("web")["web"]
    rubbish = [b"", b"\n\n\n", b"READY", b"=", b"\0" * 100, b"STATUS=\xff\xfe\0x", os.urandom(2000),
               b"STATUS=" + b"x" * 3000, b"READY=1" + b"\n" * 5000, b"WATCHDOG_USEC=x"]
    for _ in range(200):
        say(pid, *rubbish)
    assert supervisor.start("other")
    assert supervisor.state("web") == "STARTED", "a message that was cut means nothing"
    say(pid, "READY=1")
    supervisor.wait_state("web", "RUNNING")
    assert len(page(supervisor, "web")["notify status"]) <= 258


def test_it_may_ask_for_more_time(box):
    supervisor = box.shell(task({"notify": True, "timeout": 0.5 * patience()}))
    pid = supervisor.start("web")["web"]
    say(pid, "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=this will take long")
    wait_for(lambda: page(supervisor, "web")["uptime"] not in ("0s",), 20)
    assert supervisor.state("web") == "STARTED"
    say(pid, "READY=1")
    supervisor.wait_state("web", "RUNNING")

"""Section 7: taskmaster ctl with one command, or with commands from a pipe."""
import fcntl
import json
import os
import signal
import subprocess

import pytest

from client import (DONE, FAILED, LONG, NO_ANSWER, NOT_RUNNING, USAGE, Running, serve, stubborn)
from harness import lines_of, patience, taskmaster, wait_for, wait_lines


# ---- one command ----


def test_every_command_prints_what_the_shell_prints(box):
    log = box.path("web.log")
    log.write_text("one\ntwo\nthree\n")
    supervisor = serve(box, {"web": {**LONG, "stdout": str(log)}, "db": LONG})

    def ctl(*args):
        result = box.ctl(*args)
        assert (result.returncode, result.stderr) == (DONE, "")
        return result.stdout.splitlines()

    web = ctl("start", "web")
    assert web == [f"Process 'web' started with PID {supervisor.pid_of('web')}"]
    assert ctl("start", "web") == ["Process 'web' is already running"]
    assert ctl("restart", "web") == [
        f"Process 'web' restarted with PID {supervisor.pid_of('web')}"]
    assert ctl("pid") == [str(supervisor.pid)]
    assert ctl("pid", "web") == [str(supervisor.pid_of("web"))]
    assert ctl("signal", "CONT", "web") == supervisor.send("signal CONT web")
    assert ctl("logs", "web", "2") == ["two", "three"]
    assert ctl("help") == supervisor.send("help")
    assert ctl("help", "stop") == supervisor.send("help stop")
    assert ctl("events") == supervisor.send("events")
    assert ctl("describe", "db") == supervisor.send("describe db")
    assert sorted(ctl("stop", "web", "db")) == [
        "Process 'db' is not running", "Process 'web' stopped gracefully"]
    assert ctl("status")[0].split() == ["Task", "Status", "PID", "Uptime", "Restarts", "Command"]
    assert ctl("status") == supervisor.send("status")
    assert json.loads("".join(ctl("status", "--json"))) == json.loads(
        "".join(supervisor.send("status --json")))
    assert ctl("reload")[-1] == "Configuration reloaded."
    assert ctl("exit") == []
    assert supervisor.alive()


@pytest.mark.parametrize("args, status, said", [
    ("start nope", FAILED, "Task 'nope' not found."),
    ("start bad", FAILED, "Process 'bad' failed to start: exec /no/such: No such file or directory"),
    ("status web", NOT_RUNNING, None),
    ("status web nope", FAILED, None),
    ("status", DONE, None),
    ("stop web", DONE, "Process 'web' is not running"),
    ("signal FOO web", USAGE, None),
    ("signal TERM web", FAILED, "Process 'web' is not running"),
    ("stop", USAGE, None),
    ("logs web -x", USAGE, None),
    ("frob", USAGE, "Unknown command: frob. Type 'help' for a list of commands."),
    ("pid nope", FAILED, "Task 'nope' not found."),
])
def test_the_exit_status_tells_how_it_went(box, args, status, said):
    serve(box, {"web": LONG, "bad": {"command": "/no/such", "restartsAttempts": 0}})
    result = box.ctl(*args.split())
    assert (result.returncode, result.stderr) == (status, "")
    if said:
        assert result.stdout.splitlines()[0] == said


def test_a_timeout_fails_and_cancels_nothing(box):
    task, ready = stubborn(box)
    supervisor = serve(box, {"web": task})
    wait_lines(ready)
    result = box.ctl("stop", "web", "--timeout", "100ms")
    assert (result.returncode, result.stdout) == (
        FAILED, "Process 'web' is still STOPPING after 100ms\n")
    os.kill(supervisor.pid_of("web"), signal.SIGKILL)
    supervisor.wait_state("web", "STOPPED")


def test_an_answer_may_be_long(box):
    serve(box, {"web": {**LONG, "instances": 3000}})
    tasks = json.loads(box.ctl("status", "--json").stdout)["tasks"]
    assert [task["name"] for task in tasks] == [f"web_{i + 1}" for i in range(3000)]
    assert len(box.ctl("status").stdout.splitlines()) == 3001


def test_words_arrive_as_they_were_given(box):
    serve(box, {})
    for word in ["a b", "'", '"', "\\", "ü", "{}", "\n", ""]:
        assert box.ctl("start", word).stdout.startswith("Task '"), word
    assert box.ctl("start", "--", "-f").stdout == "Task '-f' not found.\n"


def test_following_prints_at_once_until_ctrl_c(box):
    log = box.path("web.log")
    log.write_text("one\n")
    supervisor = serve(box, {"web": {**LONG, "stdout": str(log)}})
    with Running(box, supervisor.socket, "logs", "web", "-f") as client:
        wait_for(lambda: client.lines() == ["one"])
        with open(log, "a") as out:
            out.write("two\n")
        wait_for(lambda: client.lines() == ["one", "two"])
        client.process.send_signal(signal.SIGINT)
        assert client.wait_exit() == -signal.SIGINT
    assert box.ctl("pid").stdout == f"{supervisor.pid}\n"


def test_a_reader_that_has_had_enough_ends_what_follows(box):
    supervisor = serve(box, {"web": LONG})
    with Running(box, supervisor.socket, "events", "-f") as client:
        supervisor.start("web")
        wait_for(client.lines)
        client.process.stdout.close()
        assert client.process.wait(10 * patience()) == DONE


def test_output_that_cannot_be_written_is_a_failure(box):
    serve(box, {})
    with open("/dev/full", "w") as full:
        result = subprocess.run([*taskmaster(), "ctl", "-s", box.path("s.sock"), "pid"],
                                env=box.env, stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == FAILED
    assert "No space left on device" in result.stderr


def test_standard_descriptors_may_be_closed(box):
    serve(box, {})
    result = box.run("ctl", "-s", box.path("s.sock"), "pid",
                     command=["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"])
    assert (result.returncode, result.stdout, result.stderr) == (DONE, "", "")


def test_two_clients_at_once_do_not_wait_for_each_other(box):
    task, ready = stubborn(box)
    supervisor = serve(box, {"web": task, "db": LONG})
    wait_lines(ready)
    with Running(box, supervisor.socket, "stop", "web") as client:
        wait_for(lambda: "STOPPING" in box.ctl("status", "web").stdout)
        assert box.ctl("start", "db").returncode == DONE
        assert client.process.poll() is None
        os.kill(supervisor.pid_of("web"), signal.SIGKILL)
        assert client.wait_exit() == DONE
        assert client.lines() == ["Process 'web' stopped gracefully"]


def test_shutdown_returns_when_the_supervisor_is_gone(box):
    supervisor = serve(box, {"web": {**LONG, "autoLaunch": True}})
    supervisor.wait_state("web", "STARTED", "RUNNING")
    result = box.ctl("shutdown")
    with open(f"{supervisor.socket}.lock", encoding="ascii") as lock:  # so the next one may start
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert (result.returncode, result.stdout) == (DONE, "Process 'web' stopped gracefully\n")
    assert not supervisor.socket.exists()
    assert supervisor.wait_exit() == 0


def test_help_about_shutdown_shuts_nothing_down(box):
    supervisor = serve(box, {})
    assert box.ctl("shutdown", "--help").stdout.startswith("usage: shutdown")
    assert supervisor.send("shutdown --help")[0].startswith("usage: shutdown")
    assert supervisor.alive()


# ---- where the supervisor is ----


def test_no_supervisor_is_4_and_says_where_none_is(box):
    for args in (["pid"], []):
        result = box.run("ctl", "-s", "none.sock", *args)
        assert (result.returncode, result.stdout) == (NO_ANSWER, "")
        assert result.stderr.startswith(
            "taskmaster ctl: no supervisor answers at 'none.sock': No such file or directory (")
    box.path("file").write_text("")
    result = box.run("ctl", "-s", "file", "pid")
    assert result.returncode == NO_ANSWER
    assert "'file': Connection refused" in result.stderr


def test_help_needs_no_supervisor(box):
    result = box.run("ctl", "-s", "none.sock", "help")
    assert (result.returncode, result.stderr) == (DONE, "")
    assert "shutdown" in result.stdout
    assert box.run("ctl", "-s", "none.sock", "stop", "--help").stdout.startswith("usage: stop")
    assert box.run("ctl", "--help").stdout.startswith("Usage: taskmaster ctl")


@pytest.mark.parametrize("args", [["-x"], ["-s"], ["-s", ""], ["-s", "a", "-c", "b", "pid"]])
def test_bad_usage_is_2(box, args):
    result = box.run("ctl", *args)
    assert (result.returncode, result.stdout) == (USAGE, "")
    assert result.stderr.startswith("taskmaster ctl: ")


def test_the_configuration_tells_where_the_socket_is(box):
    socket = str(box.path("own.sock"))
    supervisor = box.shell({"tasks": {}, "supervisor": {"socket": socket}})
    assert box.run("ctl", "-c", "config.yaml", "pid").stdout == f"{supervisor.pid}\n"
    box.write("supervisor: 7", "bad.yaml")
    # While the file is being edited, only what says where the supervisor is has to be right.
    edited = f"supervisor: {{socket: {socket}}}\ntasks: {{web: {{comand: x}}}}\n"
    box.write(edited, "edited.yaml")
    assert box.run("ctl", "-c", "edited.yaml", "pid").stdout == f"{supervisor.pid}\n"
    result = box.run("ctl", "-c", "bad.yaml", "pid")
    assert result.returncode == USAGE
    assert result.stderr.startswith("bad.yaml:1:")


def as_nobody(box):
    """What to put before ctl to be another user."""
    command = ["setpriv", "--reuid=65534", "--clear-groups"]
    if os.geteuid() != 0:
        pytest.skip("needs root, to be another user")
    if subprocess.run([*command, *taskmaster(), "--version"], capture_output=True).returncode:
        pytest.skip("another user may not execute this taskmaster")
    box.directory.chmod(0o755)
    return command


def test_the_default_place_is_in_the_users_runtime_directory(box):
    command = as_nobody(box)
    result = box.run("ctl", "pid", command=command, env={"XDG_RUNTIME_DIR": "/no/such"})
    assert result.returncode == NO_ANSWER
    assert "'/no/such/taskmaster.sock'" in result.stderr
    result = box.run("ctl", "pid", command=command)
    assert result.returncode == USAGE
    assert "-s" in result.stderr


def test_another_user_is_refused(box):
    command = as_nobody(box)
    serve(box, {})
    result = box.run("ctl", "-s", "s.sock", "pid", command=command)
    assert (result.returncode, result.stdout) == (NO_ANSWER, "")
    # The directory of the test may keep them out as well: both say the same.
    assert "Permission denied" in result.stderr


# ---- commands from a pipe ----


@pytest.mark.valgrind
def test_commands_are_read_from_a_pipe(box):
    supervisor = serve(box, {"web": LONG})
    result = box.ctl(stdin="pid\nstop web\n\nexit\nnever\n")
    assert (result.returncode, result.stderr) == (DONE, "")
    assert result.stdout.splitlines() == [str(supervisor.pid), "Process 'web' is not running"]
    assert box.ctl(stdin="").returncode == DONE
    assert supervisor.alive()


def test_a_script_ends_as_the_last_command_that_failed(box):
    serve(box, {"web": LONG})
    assert box.ctl(stdin="frob\nstart nope\npid").returncode == FAILED
    assert box.ctl(stdin="start nope\nstatus web\npid").returncode == NOT_RUNNING
    assert box.ctl(stdin="pid\nstart 'web").returncode == USAGE


def test_a_script_may_shut_down(box):
    supervisor = serve(box, {})
    result = box.ctl(stdin="shutdown\npid\n")
    assert (result.returncode, result.stdout) == (DONE, "")
    assert supervisor.wait_exit() == 0


def test_a_script_whose_supervisor_goes_away_goes_on(box):
    supervisor = serve(box, {})
    client = subprocess.Popen([*taskmaster(), "ctl", "-s", supervisor.socket], env=box.env,
                              text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    client.stdin.write("pid\n")
    client.stdin.flush()
    assert client.stdout.readline() == f"{supervisor.pid}\n"
    assert supervisor.terminate() == 0
    said, _ = client.communicate("pid\npid\n", 10 * patience())
    assert client.returncode == NO_ANSWER
    assert said.count("no supervisor answers at") == 2


def test_sixty_clients_at_once_get_their_answers(box):
    supervisor = serve(box, {"web": {**LONG, "instances": 10}})
    clients = [subprocess.Popen([*taskmaster(), "ctl", "-s", supervisor.socket, "status"],
                                env=box.env, text=True, stdout=subprocess.PIPE)
               for _ in range(60)]
    for client in clients:
        said, _ = client.communicate(timeout=20 * patience())
        assert client.returncode == DONE
        assert len(said.splitlines()) == 11
    assert not lines_of(supervisor.stderr_path)

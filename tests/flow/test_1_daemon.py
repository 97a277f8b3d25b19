"""Sections 1, 5 and 7: -d, the pid file, and which control socket is served."""
import os
import re
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from harness import helper, patience, taskmaster, wait_for

EMPTY = {"tasks": {}}


def sleeper(**keys):
    return {"tasks": {"web": {"command": ["sleep", "600"], "autoLaunch": True, **keys}}}


def ticker(box):
    """What a supervisor that must not start anything would leave a trace of."""
    return {"tasks": {"web": {"command": helper("tick", box.path("ticks")), "autoLaunch": True}}}


def answers(path):
    """Does somebody listen at the socket?"""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5 * patience())
        try:
            client.connect(str(path))
        except OSError:
            return False
        return True


def usable(command):
    """`command`, which runs the one behind it in a namespace."""
    if command and subprocess.run([*command, "true"], capture_output=True,
                                  check=False).returncode != 0:
        pytest.skip(f"needs {' '.join(command[:2])}")
    return command


def as_nobody():
    """Makes who runs the command behind it no root; files are as accessible as before."""
    return usable(["unshare", "-U"] if os.geteuid() == 0 else [])


# ---- coming up -----------------------------------------------------------------------------------

def test_it_returns_when_the_supervisor_is_up_and_says_nothing(box):
    daemon = box.daemon(sleeper())
    assert (daemon.started.stdout, daemon.started.stderr) == ("", "")
    assert answers(daemon.socket)
    wait_for(lambda: any(line.endswith(f"pid {daemon.pid}") for line in daemon.log()))
    child, = wait_for(daemon.children)
    assert child.alive()


@pytest.mark.parametrize("broken, named", [
    ({"tasks": {"bad": {"command": "x", "instances": -1}}}, "config.yaml:"),
    ({"supervisor": {"logFile": "home"}}, "'home'"),  # a directory
    ({"supervisor": {"pidFile": "nowhere/pid"}}, "nowhere/pid"),
    ({"supervisor": {"socket": "nowhere/socket"}}, "nowhere/socket")])
def test_what_cannot_start_says_why_and_returns_1(box, broken, named):
    config = ticker(box)
    config["tasks"].update(broken.get("tasks", {}))
    config["supervisor"] = {"socket": str(box.path("s.sock")), **broken.get("supervisor", {})}
    result = box.run("-d", box.write(config))
    assert (result.returncode, result.stdout) == (1, "")
    assert named in result.stderr
    box.assert_nothing_left()
    assert not box.path("ticks").exists() and not box.path("s.sock").exists()


def test_it_has_a_session_of_its_own_and_no_terminal(box):
    shell = box.outer_shell()
    config = box.write({**EMPTY, "supervisor": {"pidFile": "pid", "socket": "socket"}})
    shell.type(f"{' '.join(taskmaster())} -d {config}; echo returned $?\n")
    shell.wait_screen("returned 0")
    pid = int(box.path("pid").read_text())
    assert os.getsid(pid) == pid
    tty = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[4]
    assert tty == "0"
    for fd in (0, 1, 2):
        assert os.readlink(f"/proc/{pid}/fd/{fd}") == "/dev/null"
    shell.hang_up()
    shell.wait_exit()
    assert answers(box.path("socket"))  # it has not even noticed
    os.kill(pid, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_it_gives_all_pipes_of_the_caller_back(box):
    read, write = os.pipe()
    with open(read, "rb") as end, open(write, "wb") as other:
        # The harness captures stdout and stderr, and so has waited for the end of these.
        daemon = box.daemon(sleeper(stdout="/dev/stdout", stderr="/dev/stderr"), pass_fds=[write])
        other.close()
        assert end.read() == b""
    assert daemon.alive()


def test_paths_are_relative_to_where_it_was_started(box):
    daemon = box.daemon({**EMPTY, "supervisor": {"pidFile": "pid", "logFile": "log"}},
                        "-s", "socket")
    assert os.readlink(f"/proc/{daemon.pid}/cwd") == str(box.directory)
    assert answers(box.path("socket"))
    wait_for(daemon.log)


def test_one_that_is_told_to_end_leaves_nothing_but_the_lock(box):
    before = set(os.listdir(box.directory))
    daemon = box.daemon(sleeper())
    assert daemon.terminate() == 0
    box.assert_nothing_left()
    left = set(os.listdir(box.directory)) - before
    assert left == {"config.yaml", "taskmaster.log", Path(daemon.socket).name + ".lock"}


def test_it_is_asked_and_ended_through_ctl(box):
    daemon = box.daemon(sleeper())
    assert box.ctl("pid").stdout == f"{daemon.pid}\n"
    assert box.ctl("shutdown").returncode == 0
    assert daemon.wait_exit() == 0
    assert not daemon.socket.exists() and not daemon.pid_path.exists()


# ---- the pid file --------------------------------------------------------------------------------

def test_the_pid_file_of_another_is_left_alone(box):
    daemon = box.daemon(EMPTY)
    daemon.pid_path.write_text("1\n")
    assert daemon.terminate() == 0
    assert daemon.pid_path.read_text() == "1\n"


def test_the_pid_file_of_one_that_runs_is_refused_and_kept(box):
    daemon = box.daemon(EMPTY)
    config = {**ticker(box), "supervisor": {"pidFile": str(daemon.pid_path)}}
    result = box.run("-n", "-s", box.path("other.sock"), box.write(config, "2.yaml"))
    assert result.returncode == 1 and str(daemon.pid_path) in result.stderr
    assert daemon.pid_path.read_text() == f"{daemon.pid}\n"
    assert not box.path("ticks").exists() and not box.path("other.sock").exists()
    assert daemon.terminate() == 0
    assert not daemon.pid_path.exists()


@pytest.mark.parametrize("kind", ["text", "link", "fifo"])
def test_what_is_no_pid_file_is_refused_and_kept(box, kind):
    path = box.path("precious")
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(box.path("elsewhere"))
    else:
        path.write_text("42 reasons\n")
    before = path.lstat()
    config = {**ticker(box), "supervisor": {"pidFile": str(path)}}
    result = box.run("-n", "-s", box.path("s.sock"), box.write(config))
    assert result.returncode == 1 and str(path) in result.stderr
    after = path.lstat()
    assert (after.st_ino, after.st_size, after.st_mtime) == (
        before.st_ino, before.st_size, before.st_mtime)
    assert not box.path("elsewhere").exists() and not box.path("ticks").exists()


# ---- the socket ----------------------------------------------------------------------------------

@pytest.mark.parametrize("mode", [["-d"], ["-n"], []])
def test_a_socket_that_is_served_refuses_a_second_supervisor(box, mode):
    daemon = box.daemon(EMPTY)
    second = box.write({**ticker(box), "supervisor": {"pidFile": str(daemon.pid_path)}}, "2.yaml")
    result = box.run(*mode, "-s", daemon.socket, second)
    assert result.returncode == 1
    assert re.search(rf"\b{daemon.pid}\b", result.stderr) and str(daemon.socket) in result.stderr
    assert not box.path("ticks").exists()
    assert answers(daemon.socket)
    assert daemon.pid_path.read_text() == f"{daemon.pid}\n"


def test_the_socket_of_one_that_was_killed_is_taken_over(box):
    first = box.daemon(EMPTY, "-s", "socket")
    first.signal(signal.SIGKILL)
    assert first.wait_exit() == -signal.SIGKILL
    assert stat.S_ISSOCK(box.path("socket").stat().st_mode) and first.pid_path.exists()
    second = box.daemon({**EMPTY, "supervisor": {"pidFile": str(first.pid_path)}}, "-s", "socket")
    assert second.pid != first.pid and answers(box.path("socket"))


def test_a_file_that_is_no_socket_is_refused_and_kept(box):
    box.path("s.sock").write_text("precious\n")
    result = box.run("-d", "-s", box.path("s.sock"), box.write(ticker(box)))
    assert result.returncode == 1 and "s.sock" in result.stderr
    assert box.path("s.sock").read_text() == "precious\n"
    assert not box.path("ticks").exists()


def test_s_wins_over_the_configuration(box):
    box.daemon({**EMPTY, "supervisor": {"socket": "other"}}, "-s", "socket")
    assert answers(box.path("socket"))
    assert not box.path("other").exists()


def test_a_shell_serves_a_socket_only_where_it_is_told_to(box):
    box.shell({**EMPTY, "supervisor": {"socket": "socket"}})
    assert answers(box.path("socket"))
    box.shell(EMPTY, command=as_nobody(), env={"XDG_RUNTIME_DIR": str(box.directory)})
    assert not box.path("taskmaster.sock").exists()


# ---- the default place ---------------------------------------------------------------------------

def test_a_default_place_that_is_taken_stops_a_daemon_and_nobody_else(box):
    place = box.path("taskmaster.sock")
    here = {"command": as_nobody(), "env": {"XDG_RUNTIME_DIR": str(box.directory)}}
    first = box.daemon(EMPTY, serve=False, **here)
    assert answers(place)

    refused = box.run("-d", box.write(ticker(box), "2.yaml"), **here)
    assert refused.returncode == 1
    assert str(place) in refused.stderr and re.search(rf"\b{first.pid}\b", refused.stderr)
    assert not box.path("ticks").exists()

    third = box.foreground(sleeper(), serve=False, **here)
    wait_for(lambda: "started with" in third.stderr())
    warning, = [line for line in third.stderr().splitlines() if " warn " in line]
    assert str(place) in warning and re.search(rf"\b{first.pid}\b", warning)
    assert third.terminate() == 0
    assert answers(place)
    assert first.terminate() == 0
    assert not place.exists()


def test_foreground_serves_the_default_place(box):
    supervisor = box.foreground(EMPTY, serve=False, command=as_nobody(),
                                env={"XDG_RUNTIME_DIR": str(box.directory)})
    wait_for(lambda: answers(box.path("taskmaster.sock")))
    assert supervisor.terminate() == 0
    assert not box.path("taskmaster.sock").exists()


def test_without_a_default_place_a_daemon_asks_for_s_and_foreground_goes_on(box):
    config = box.write(EMPTY)
    refused = box.run("-d", config, command=as_nobody())
    assert refused.returncode == 1 and "-s" in refused.stderr
    supervisor = box.foreground(EMPTY, serve=False, command=as_nobody())
    wait_for(lambda: "started with" in supervisor.stderr())
    assert re.search(r" warn .*-s", supervisor.stderr())


@pytest.mark.skipif(os.geteuid() != 0, reason="root's default place is in /run")
def test_roots_default_place_is_in_run(box):
    own_run = usable(["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh"])
    daemon = box.daemon(EMPTY, serve=False, command=own_run)
    assert answers(Path("/proc", str(daemon.pid), "root", "run/taskmaster.sock"))

"""Section 1: options, exit statuses, and where commands come from."""
import os
import signal
import socket
import subprocess
import tempfile

import pytest

from harness import Supervisor, helper, lines_of, patience, wait_for, wait_lines
from processes import Process

EMPTY = {"tasks": {}}


def sleeper(**keys):
    return {"tasks": {"web": {"command": "sleep 600", "autoLaunch": True, **keys}}}


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_the_options_and_exits_0(box, option):
    result = box.run(option)
    assert result.returncode == 0
    for name in ("--foreground", "--daemon", "--test", "--socket", "--help", "--version", "CONFIG",
                 "taskmaster ctl"):
        assert name in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_version_is_one_line_and_exits_0(box, option):
    result = box.run(option)
    assert result.returncode == 0
    assert result.stdout.startswith("taskmaster ") and result.stdout.count("\n") == 1


@pytest.mark.parametrize("args", [
    ["--frob"], ["-x"], ["one.yaml", "two.yaml"], ["-t", "-x"], ["-n", "-d"], ["-d", "-t"],
    ["-t", "-n"], ["-s"], ["-s", ""]])
def test_bad_usage_exits_2_and_says_why_on_stderr(box, args):
    result = box.run(*args)
    assert result.returncode == 2
    assert result.stderr and not result.stdout


def test_a_good_configuration_is_ok(box):
    result = box.check(sleeper())
    assert (result.returncode, result.stdout) == (0, f"{box.path('config.yaml')}: ok\n")


def test_checking_starts_nothing_and_writes_nothing(box):
    config = {"tasks": {"web": {"command": helper("tick", box.path("ticks")), "autoLaunch": True,
                                "stdout": str(box.path("logs/out"))}}}
    assert box.check(config).returncode == 0
    assert sorted(os.listdir(box.directory)) == ["config.yaml", "home"]


def test_checking_a_bad_configuration_prints_every_error_and_exits_1(box):
    result = box.check("tasks:\n  a:\n    instances: 0\n  b:\n    command: x\n    frob: 1\n")
    assert result.returncode == 1
    printed = result.stdout + result.stderr
    for line in (2, 3, 6):
        assert f"config.yaml:{line}:" in printed
    assert ": ok" not in printed


@pytest.mark.parametrize("args", [[], ["-n"]])
def test_a_configuration_that_is_not_there_exits_1(box, args):
    result = box.run(*args, "nowhere.yaml")
    assert result.returncode == 1
    assert "nowhere.yaml" in result.stderr and "No such file or directory" in result.stderr


def test_a_bad_configuration_exits_1_and_starts_nothing(box):
    config = {"tasks": {"web": {"command": helper("tick", box.path("ticks")), "autoLaunch": True},
                        "bad": {"command": "x", "instances": -1}}}
    result = box.run(box.write(config))
    assert result.returncode == 1
    assert "config.yaml:" in result.stderr
    assert not box.path("ticks").exists()


def test_without_a_configuration_the_example_is_written_and_used(box):
    result = box.run(stdin="status\n")
    assert result.returncode == 0
    example = box.path("config-example.yaml").read_text()
    assert "tasks:" in example
    assert box.run("-t", "config-example.yaml").stdout == "config-example.yaml: ok\n"
    for name in result.stdout.split("\n")[1:3]:
        assert name.split()[0].rsplit("_")[0] in example


def test_an_example_that_is_there_is_never_overwritten(box):
    box.write("tasks: {mine: {command: sleep 600}}\n", "config-example.yaml")
    result = box.run(stdin="status\n")
    assert result.returncode == 0 and "mine" in result.stdout
    assert box.path("config-example.yaml").read_text() == "tasks: {mine: {command: sleep 600}}\n"


def test_the_status_is_0_after_commands_that_failed(box):
    config = {"tasks": {"bad": {"command": "/no/such"}}}
    result = box.run(box.write(config), stdin="frob\nstart nope\nstart bad\nexit\n")
    assert result.returncode == 0
    assert "Unknown command: frob. Type 'help' for a list of commands." in result.stdout


def test_from_a_pipe_there_is_no_prompt_and_no_echo(box):
    result = box.run(box.write(EMPTY), stdin="frob\n\n   \nfrab\n")
    assert result.stdout.splitlines()[:2] == [
        "Unknown command: frob. Type 'help' for a list of commands.",
        "Unknown command: frab. Type 'help' for a list of commands."]
    assert "Taskmaster>" not in result.stdout
    assert result.returncode == 0


def test_a_last_line_without_an_end_is_a_command(box):
    assert "Unknown command: frob." in box.run(box.write(EMPTY), stdin="frob").stdout


def test_the_end_of_input_is_exit(box):
    supervisor = box.shell(sleeper())
    supervisor.wait_state("web", "STARTED", "RUNNING")
    supervisor.process.stdin.close()
    supervisor.process.stdin = None
    assert supervisor.wait_exit() == 0
    box.assert_nothing_left()


@pytest.mark.parametrize("command", ["exit", "quit", "shutdown"])
def test_exit_quit_and_shutdown_end_it_gracefully(box, command):
    supervisor = box.shell({"tasks": {"web": {
        "command": helper("record", box.path("signals"), "TERM"), "autoLaunch": True}}})
    wait_lines(box.path("signals"))
    supervisor.tell(command)
    assert supervisor.wait_exit() == 0
    assert lines_of(box.path("signals")) == ["ready", "TERM"]
    box.assert_nothing_left()


@pytest.mark.parametrize("how", ["closed", "/dev/null"])
def test_stdin_closed_or_dev_null_is_foreground(box, how):
    config = box.write({"tasks": {"web": {
        "command": helper("tick", box.path("ticks"), 50), "autoLaunch": True, "restart": "always",
        "restartDelay": 0.1, "successfulStartTimeout": 0}}})
    supervisor = Supervisor(box, [config], stdin=subprocess.DEVNULL,
                            preexec_fn=(lambda: os.close(0)) if how == "closed" else None)
    wait_lines(box.path("ticks"), 3)  # it lives on, although there is nothing to read
    assert supervisor.alive()
    assert "web" in supervisor.stderr()
    assert supervisor.terminate() == 0


def test_foreground_logs_to_stderr_and_reads_no_commands(box):
    supervisor = Supervisor(box, ["-n", box.write(sleeper())], stdin=subprocess.PIPE)
    wait_for(lambda: "web" in supervisor.stderr())
    supervisor.tell("shutdown")
    supervisor.process.stdin.close()
    supervisor.process.stdin = None
    child, = wait_for(supervisor.children)
    assert child.alive() and supervisor.alive()
    assert supervisor.terminate() == 0
    assert supervisor.said == b""
    assert not box.path("taskmaster.log").exists()


def test_the_shell_logs_to_a_file(box):
    supervisor = box.shell(sleeper())
    supervisor.wait_state("web", "STARTED", "RUNNING")
    wait_for(lambda: any("web" in line for line in lines_of(box.path("taskmaster.log"))))
    assert supervisor.stderr() == ""


def test_it_starts_with_all_three_descriptors_closed(box):
    config = box.write({"tasks": {"web": {"command": helper("dump", box.path("dump"), "stay"),
                                          "autoLaunch": True}}})

    def close_all():
        for fd in (0, 1, 2):
            os.close(fd)
    supervisor = Supervisor(box, [config], stdin=subprocess.DEVNULL, preexec_fn=close_all)
    wait_for(box.path("dump").exists)
    descriptors = [line for line in lines_of(box.path("dump")) if line.startswith("fd ")]
    assert descriptors == ["fd 0 /dev/null", "fd 1 /dev/null", "fd 2 /dev/null"]
    assert supervisor.terminate() == 0


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_foreground_reports_to_systemd(box, abstract):
    with tempfile.TemporaryDirectory() as short, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        address = f"{short}/notify"
        notify.bind("\0" + address[1:] if abstract else address)
        notify.settimeout(10 * patience())
        supervisor = box.foreground(
            EMPTY, env={"NOTIFY_SOCKET": "@" + address[1:] if abstract else address})
        assert b"READY=1" in notify.recv(4096).split(b"\n")
        supervisor.signal(signal.SIGTERM)
        while b"STOPPING=1" not in notify.recv(4096).split(b"\n"):
            pass
        assert supervisor.wait_exit() == 0


def test_a_name_with_spaces_is_just_a_name(box):
    box.write(EMPTY, "a config.yaml")
    assert box.run("a config.yaml", stdin="pid\n").returncode == 0


def test_commands_are_answered_while_others_still_come(box):
    supervisor = box.shell(sleeper())
    supervisor.process.stdin.write(b"sta")
    supervisor.process.stdin.flush()
    supervisor.process.stdin.write(b"tus\npid\n")
    supervisor.process.stdin.flush()
    lines = supervisor.read_until(lambda line: line == str(supervisor.pid))
    assert lines[0].split()[0] == "Task" and Process(supervisor.pid).alive()

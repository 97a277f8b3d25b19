"""Section 2: the terminal before, after, and while the shell is in the background."""
import os
import signal

import pytest

from harness import VARIANT, lines_of, helper, taskmaster, wait_for, wait_lines
from processes import Process, marked
from terminal import PROMPT

SANITIZED = VARIANT not in ("release", "clang", "cov")


def command(box, config):
    return " ".join([*taskmaster(), str(box.write(config))])


def supervisor_of(box, outer):
    """The supervisor among the children of a shell."""
    def found():
        return [process for process in Process(outer.pid).children()
                if os.path.realpath(f"/proc/{process.pid}/exe") == taskmaster()[-1]]
    return wait_for(found)[0]


def in_foreground(outer):
    outer.wait_screen(lambda rows: rows and rows[-1] == PROMPT.rstrip())


@pytest.mark.parametrize("how", ["exit", "ctrl-d", "SIGTERM"])
def test_the_terminal_is_as_it_was(box, how):
    outer = box.outer_shell()
    before = outer.settings()
    outer.type(command(box, {"tasks": {}}) + "\r")
    in_foreground(outer)
    if how == "exit":
        outer.type("exit\r")
    elif how == "ctrl-d":
        outer.type("\x04")
    else:
        supervisor_of(box, outer).kill(signal.SIGTERM)
    outer.wait_outer()
    assert outer.settings() == before


@pytest.mark.skipif(SANITIZED, reason="sanitizers and valgrind have their own word in a crash")
@pytest.mark.parametrize("signo", [signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT])
def test_the_terminal_is_as_it_was_after_a_crash(box, signo):
    outer = box.outer_shell()
    outer.run("ulimit -c 0; cd /")
    before = outer.settings()
    outer.type(f"cd {box.directory}; " + command(box, {"tasks": {}}) + "\r")
    in_foreground(outer)
    supervisor_of(box, outer).kill(signo)
    outer.wait_outer()
    assert outer.run("echo status $?") == [f"status {128 + signo}"]
    assert outer.settings() == before


def test_a_terminal_without_readline_says_what_is_missing(box):
    """It is loaded when it is needed."""
    outer = box.outer_shell()
    before = outer.settings()
    for name in ("libreadline.so.8", "libreadline.so.9"):
        box.write("no library", name)
    said = "".join(outer.run(f"LD_LIBRARY_PATH={box.directory} {command(box, {'tasks': {}})}"))
    assert "libreadline.so." in said and "install it, or go without a shell (-n, -d)" in said
    assert outer.run("echo status $?") == ["status 1"]
    assert outer.settings() == before


def test_odd_settings_of_the_terminal_come_back_too(box):
    outer = box.outer_shell()
    outer.run("stty intr ^G eof ^E time 3 -ixon -echok")
    before = outer.settings()
    outer.type(command(box, {"tasks": {}}) + "\r")
    in_foreground(outer)
    outer.type("exit\r")
    outer.wait_outer()
    assert outer.settings() == before


def test_in_the_background_the_terminal_is_left_alone(box):
    ticks = box.path("ticks")
    config = {"tasks": {"web": {"command": helper("tick", ticks, "stay"), "autoLaunch": True}}}
    outer = box.outer_shell()
    before = outer.settings()
    outer.type(command(box, config) + " &\r")
    outer.wait_outer()
    wait_lines(ticks)
    assert outer.settings() == before
    assert outer.run("echo one; echo two") == ["one", "two"]
    assert "Running" in " ".join(outer.run("jobs"))
    assert PROMPT.encode() not in outer.raw
    outer.screen.reset()
    outer.type("fg\r")
    in_foreground(outer)
    outer.type("status\r")
    outer.wait_screen(lambda rows: rows[-1] == PROMPT.rstrip() and rows[-2].startswith("web"))
    outer.type("exit\r")
    outer.wait_outer()
    assert outer.settings() == before
    assert not marked_tasks(box)


def marked_tasks(box):
    return [process for process in marked("TASKMASTER_NAME=web") if process in box.left()]


def test_in_the_background_it_obeys_sigterm(box):
    outer = box.outer_shell()
    outer.type(command(box, {"tasks": {}}) + " &\r")
    outer.wait_outer()
    supervisor = supervisor_of(box, outer)
    wait_for(box.path("taskmaster.log").exists)
    supervisor.kill(signal.SIGTERM)
    wait_for(lambda: not supervisor.alive())
    outer.run("true")
    assert "all done" in outer.run("wait; echo all done")  # its shell may say what has become of it


def test_its_history_and_log_are_not_on_the_terminal(box):
    outer = box.outer_shell()
    outer.type(command(box, {"tasks": {"web": {"command": "sleep 600",
                                               "autoLaunch": True}}}) + "\r")
    in_foreground(outer)
    wait_for(lambda: any("web" in line for line in lines_of(box.path("taskmaster.log"))))
    assert not [row for row in outer.rows()[1:] if "web" in row and "config" not in row]
    outer.type("exit\r")
    outer.wait_outer()


def test_stopped_from_outside_and_continued_the_prompt_is_back(box):
    outer = box.outer_shell()
    before = outer.settings()
    outer.type(command(box, {"tasks": {}}) + "\r")
    in_foreground(outer)
    supervisor_of(box, outer).kill(signal.SIGSTOP)
    outer.wait_outer()
    outer.type("fg\n")  # dash leaves the terminal as the supervisor had it: raw
    wait_for(lambda: supervisor_of(box, outer).state != "T")
    outer.type("pid\r")
    outer.wait_screen(lambda rows: rows[-1] == PROMPT.rstrip() and rows[-2].isdigit())
    outer.type("exit\r")
    outer.wait_outer()
    assert outer.settings() == before

"""Section 5: what signals do to the supervisor."""
import os
import signal

import pytest

from harness import Supervisor, helper, lines_of, wait_for, wait_lines
from processes import Process

EMPTY = {"tasks": {}}


def recorder(box, *names, **keys):
    return {"tasks": {name: {"command": helper("record", box.path(name), "TERM"),
                             "autoLaunch": True,
                             **keys} for name in names}}


def ticker(box, name="ticks"):
    return {"command": helper("tick", box.path(name), "stay"), "autoLaunch": True}


@pytest.mark.parametrize("how", ["shell", "foreground"])
def test_sighup_reloads(box, how):
    supervisor = getattr(box, how)({"tasks": {"old": ticker(box, "old")}})
    wait_lines(box.path("old"))
    box.write({"tasks": {"old": ticker(box, "old"), "new": ticker(box, "new")}})
    supervisor.signal(signal.SIGHUP)
    wait_lines(box.path("new"))
    assert len(lines_of(box.path("old"))) == 1


def test_sighup_with_a_bad_file_changes_nothing(box):
    supervisor = box.foreground({"tasks": {"old": ticker(box, "old")}})
    wait_lines(box.path("old"))
    box.write("tasks:\n  old:\n    frob: 1\n")
    supervisor.signal(signal.SIGHUP)
    wait_for(lambda: "config.yaml:3:5: unknown key 'frob'" in supervisor.stderr())
    assert [child.alive() for child in supervisor.children()] == [True]
    assert len(lines_of(box.path("old"))) == 1


def test_sighup_to_a_shell_whose_terminal_is_there_reloads(box):
    terminal = box.terminal(EMPTY)
    box.write({"tasks": {"new": ticker(box)}})
    terminal.signal(signal.SIGHUP)
    wait_lines(box.path("ticks"))
    assert terminal.alive()
    terminal.wait_prompt()


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
@pytest.mark.parametrize("how", ["shell", "foreground"])
def test_graceful_shutdown(box, how, signo):
    supervisor = getattr(box, how)(recorder(box, "a", "b"))
    wait_lines(box.path("a")), wait_lines(box.path("b"))
    supervisor.signal(signo)
    assert supervisor.wait_exit() == 0
    assert lines_of(box.path("a")) == lines_of(box.path("b")) == ["ready", "TERM"]
    box.assert_nothing_left()


def test_sigterm_with_a_shell_on_a_terminal(box):
    terminal = box.terminal(recorder(box, "a"))
    wait_lines(box.path("a"))
    terminal.signal(signal.SIGTERM)
    assert terminal.wait_exit() == 0
    assert lines_of(box.path("a")) == ["ready", "TERM"]


def test_each_group_gets_its_own_signal_and_grace(box):
    config = recorder(box, "a", "b", "c")
    config["tasks"]["b"] |= {"stopingSignal": "USR1",
                             "command": helper("record", box.path("b"), "USR1")}
    config["tasks"]["c"] |= {"gracefulStopTimeout": 0.3, "command": helper("record", box.path("c"))}
    supervisor = box.foreground(config)
    for name in "abc":
        wait_lines(box.path(name))
    assert supervisor.terminate() == 0
    assert lines_of(box.path("a")) == ["ready", "TERM"]
    assert lines_of(box.path("b")) == ["ready", "USR1"]
    assert lines_of(box.path("c"))[:3] == ["ready", "TERM", "CONT"]
    box.assert_nothing_left()


def test_all_are_told_at_once(box):
    """The first has a long grace; the second is told without waiting for it."""
    config = recorder(box, "b")
    config["tasks"] = {"a": {"command": helper("stubborn", box.path("a"), 0), "autoLaunch": True,
                             "gracefulStopTimeout": 60}} | config["tasks"]
    supervisor = box.foreground(config)
    wait_lines(box.path("a")), wait_lines(box.path("b"))
    supervisor.signal(signal.SIGTERM)
    assert wait_lines(box.path("b"), 2) == ["ready", "TERM"]
    assert supervisor.alive()
    supervisor.signal(signal.SIGTERM)
    assert supervisor.wait_exit() == 1


@pytest.mark.parametrize("how", ["shell", "foreground"])
def test_a_second_sigterm_kills_at_once(box, how):
    supervisor = getattr(box, how)({"tasks": {"web": {
        "command": helper("record", box.path("signals")), "autoLaunch": True,
        "gracefulStopTimeout": 300}}})
    wait_lines(box.path("signals"))
    supervisor.signal(signal.SIGTERM)
    wait_lines(box.path("signals"), 2)
    supervisor.signal(signal.SIGTERM)
    assert supervisor.wait_exit() == 1
    box.assert_nothing_left()


def test_a_tree_that_ignores_sigterm_is_gone_after_the_grace(box):
    supervisor = box.foreground({"tasks": {"web": {
        "command": helper("stubborn", box.path("pids"), 4), "autoLaunch": True,
        "gracefulStopTimeout": 0.5}}})
    tree = [Process(pid) for pid in wait_lines(box.path("pids"), 5)]
    assert supervisor.terminate() == 0
    assert not any(process.state for process in tree)


def test_sigusr1_reopens_the_log(box):
    log = box.path("taskmaster.log")
    supervisor = box.shell({"tasks": {"web": {"command": "sleep 600"}}})
    supervisor.start("web")
    wait_for(lambda: any("web" in line for line in lines_of(log)))
    os.rename(log, box.path("moved.log"))
    supervisor.signal(signal.SIGUSR1)
    wait_for(log.exists)
    supervisor.send("stop web")
    wait_for(lambda: any("web" in line for line in lines_of(log)))
    held = [os.readlink(fd.path) for fd in os.scandir(f"/proc/{supervisor.pid}/fd")]
    assert str(log) in held and str(box.path("moved.log")) not in held


@pytest.mark.parametrize("signo", [signal.SIGUSR1, signal.SIGPIPE, signal.SIGALRM, signal.SIGUSR2,
                                   signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGWINCH])
def test_other_signals_do_not_end_it(box, signo):
    supervisor = box.shell(EMPTY)
    supervisor.send("pid")
    supervisor.signal(signo)
    assert supervisor.send("pid") == [str(supervisor.pid)]
    assert Process(supervisor.pid).state != "T"


# ---- the terminal hangs up ----

def test_a_hang_up_is_exit_and_no_reload(box):
    terminal = box.terminal(recorder(box, "a"))
    wait_lines(box.path("a"))
    box.write({"tasks": {**recorder(box, "a")["tasks"], "new": ticker(box)}})
    terminal.hang_up()
    assert terminal.wait_exit() == 0
    assert lines_of(box.path("a")) == ["ready", "TERM"]
    assert not box.path("ticks").exists()
    box.assert_nothing_left()


def test_a_hang_up_while_a_command_waits(box):
    terminal = box.terminal({"tasks": {"slow": {"command": "sleep 600",
                                                "successfulStartTimeout": 60}}})
    terminal.type("start slow --wait\r")
    wait_for(lambda: Process(terminal.pid).children())
    terminal.hang_up()
    assert terminal.wait_exit() == 0
    box.assert_nothing_left()


def test_a_reader_that_goes_away_does_not_end_it(box):
    """stdout is closed by whoever read it: nothing is lost but the output."""
    read, write = os.pipe()
    supervisor = Supervisor(box, [box.write({"tasks": {"web": ticker(box)}})], stdout=write)
    os.close(write)
    os.close(read)
    supervisor.tell("status\nstatus\npid")
    wait_lines(box.path("ticks"))
    supervisor.tell("stop web\nstart web")
    wait_lines(box.path("ticks"), 2)
    assert supervisor.terminate() == 0

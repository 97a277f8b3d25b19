"""Section 5: a shutdown, whenever it comes, leaves nothing."""
import signal
import threading
import time

import pytest

from harness import helper, lines_of, patience, wait_for, wait_lines


def pause(ms):
    """The moment is what these tests vary; it is no wait for anything."""
    threading.Event().wait(ms / 1000)


def assert_ended(box, supervisor, early=False):
    """Ended in order; or, when the signal may have come before main() did, by the signal."""
    status = supervisor.wait_exit(20)
    unseen = not supervisor.stderr() and not box.path("taskmaster.log").exists()
    assert status == 0 or (early and unseen and status == -signal.SIGTERM), supervisor.stderr()
    box.assert_nothing_left()


@pytest.mark.parametrize("after_ms", [0, 1, 2, 5, 10, 20, 50, 100])
@pytest.mark.parametrize("how", ["shell", "foreground"])
def test_shortly_after_the_start(box, how, after_ms):
    options = {"up": False} if how == "shell" else {}
    supervisor = getattr(box, how)({"tasks": {
        "web": {"command": "sleep 600", "instances": 20, "autoLaunch": True},
        "tree": {"command": helper("stubborn", box.path("pids"), 2), "autoLaunch": True,
                 "gracefulStopTimeout": 0.2},
        "flap": {"command": "false", "restart": "always", "restartDelay": 0.01,
                 "autoLaunch": True}}}, **options)
    pause(after_ms)
    supervisor.signal(signal.SIGTERM)
    assert_ended(box, supervisor, early=after_ms <= 20 * patience())


@pytest.mark.parametrize("after_ms", [0, 10, 50, 200])
def test_while_many_are_being_started(box, after_ms):
    supervisor = box.shell({"tasks": {"web": {"command": "sleep 600", "instances": 300}}})
    supervisor.tell("start web")
    pause(after_ms)
    supervisor.signal(signal.SIGTERM)
    assert_ended(box, supervisor)


@pytest.mark.parametrize("config", [
    {"command": "false", "restart": "always", "restartDelay": 300},
    {"command": "/no/such", "restart": "on-failure", "restartDelay": 300},
    {"command": "false", "fatalRetryDelay": 300},
    {"command": "sleep 600", "successfulStartTimeout": 300}])
def test_during_a_delay(box, config):
    supervisor = box.shell({"tasks": {"web": config}})
    supervisor.send("start web")
    supervisor.wait_state("web", "BACKOFF" if "restart" in config else
                          "FATAL" if "fatalRetryDelay" in config else "STARTED")
    supervisor.signal(signal.SIGTERM)
    assert_ended(box, supervisor)


@pytest.mark.parametrize("after_ms", [0, 1, 5, 20, 60])
def test_during_a_reload(box, after_ms):
    task = {"command": "sleep 600", "instances": 30, "autoLaunch": True}
    supervisor = box.foreground({"tasks": {"a": task, "b": task}})
    wait_for(lambda: len(supervisor.children()) == 60)
    box.write({"tasks": {"b": {**task, "umask": "077"}, "c": task}})
    supervisor.signal(signal.SIGHUP)
    pause(after_ms)
    supervisor.signal(signal.SIGTERM)
    assert_ended(box, supervisor)


def test_nothing_that_arrives_later_undoes_it(box):
    """Commands, reloads and exits while it waits for the last task to obey."""
    path = box.path("ticks")
    supervisor = box.shell({"tasks": {
        "slow": {"command": helper("record", box.path("signals")), "autoLaunch": True,
                 "gracefulStopTimeout": 1.5},
        "web": {"command": helper("tick", path, "stay"), "restart": "always", "autoLaunch": True}}})
    wait_lines(box.path("signals")), wait_lines(path)
    supervisor.signal(signal.SIGTERM)
    wait_lines(box.path("signals"), 2)
    box.write({"tasks": {"new": {"command": helper("tick", box.path("new")), "autoLaunch": True}}})
    supervisor.signal(signal.SIGHUP)
    try:
        supervisor.tell("start web\nrestart all\nreload")
    except BrokenPipeError:
        pass
    assert_ended(box, supervisor)
    assert len(lines_of(path)) == 1 and not box.path("new").exists()


def test_while_a_stop_is_under_way(box):
    supervisor = box.shell({"tasks": {"web": {
        "command": helper("stubborn", box.path("pids"), 1), "gracefulStopTimeout": 1}}})
    supervisor.start("web")
    wait_lines(box.path("pids"), 2)
    supervisor.tell("stop web")
    supervisor.signal(signal.SIGTERM)
    assert_ended(box, supervisor)


def test_while_what_is_left_of_a_group_is_waited_for(box):
    supervisor = box.shell({"tasks": {"web": {
        "command": helper("sole", box.path("lock"), "linger", 1), "restart": "always",
        "gracefulStopTimeout": 1}}})
    supervisor.start("web")
    supervisor.wait_state("web", "STOPPING")
    supervisor.signal(signal.SIGTERM)
    assert_ended(box, supervisor)
    assert lines_of(box.path("lock")) == ["alone"]


def test_the_end_of_input_while_commands_are_waiting(box):
    """`exit` comes after the commands before it."""
    result = box.run(box.write({"tasks": {"web": {"command": "sleep 600",
                                                  "successfulStartTimeout": 0.2}}}),
                     stdin="start web --wait\nstatus web\n")
    assert result.returncode == 0
    assert "RUNNING" in result.stdout
    box.assert_nothing_left()


def test_a_shutdown_that_nobody_listens_to(box):
    """Output that nobody reads does not hold it up."""
    supervisor = box.shell({"tasks": {"web": {"command": "sleep 600", "instances": 300}}})
    for _ in range(50):
        supervisor.tell("status -v\nstatus\nhelp")
    supervisor.signal(signal.SIGTERM)
    wait_for(lambda: not supervisor.alive(), 15)
    assert supervisor.wait_exit() == 0


@pytest.mark.valgrind
@pytest.mark.parametrize("after_ms", [0, 300])
def test_a_small_one(box, after_ms):
    supervisor = box.foreground({"tasks": {
        "web": {"command": "sleep 600", "instances": 5, "autoLaunch": True},
        "tree": {"command": helper("stubborn", box.path("pids"), 1), "autoLaunch": True,
                 "gracefulStopTimeout": 0.5}}})
    if after_ms:
        wait_for(lambda: len(supervisor.children()) >= 6)
    pause(after_ms)
    supervisor.signal(signal.SIGTERM)
    assert_ended(box, supervisor, early=after_ms == 0)


def test_one_request_that_comes_as_two_signals_is_one(box):
    """As that of timeout(1) does: to the program, and at once to its whole group."""
    slow = "trap 'sleep 0.5; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    supervisor = box.foreground({"tasks": {"slow": {
        "command": ["sh", "-c", slow], "autoLaunch": True, "stdout": "out"}}})
    wait_lines(box.path("out"))
    began = time.monotonic()
    for _ in range(3):
        supervisor.signal(signal.SIGTERM)
    if time.monotonic() - began > 0.0002:
        pytest.skip("this machine is too busy to send them at once")
    assert supervisor.wait_exit(20) == 0, supervisor.stderr()
    assert "killing" not in supervisor.stderr()

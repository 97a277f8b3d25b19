"""Section 3: stopping, down to the last process of a group."""
import os
import signal
import time

import pytest

from harness import helper, lines_of, patience, wait_for, wait_lines
from processes import Process


def one(command, **keys):
    return {"tasks": {"web": {"command": command, "successfulStartTimeout": 0, **keys}}}


def generations(path, count):
    return [Process(line) for line in wait_lines(path, count)]


def test_a_tree_that_ignores_sigterm_is_gone_after_its_grace(box):
    path = box.path("pids")
    supervisor = box.shell(one(helper("stubborn", path, 3), gracefulStopTimeout=1))
    supervisor.start("web")
    tree = generations(path, 4)
    assert supervisor.send("stop web") == [
        "Process 'web' did not stop in 1s, killed (4 processes)"]
    assert not any(process.state for process in tree)
    assert supervisor.state("web") == "STOPPED"


def test_stopping_is_a_state_that_can_be_seen(box):
    path = box.path("pids")
    supervisor = box.shell(one(helper("stubborn", path, 0), gracefulStopTimeout=2))
    pid = supervisor.start("web")["web"]
    wait_lines(path)
    supervisor.send("stop web --timeout 0.1s")
    task = supervisor.status()["web"]
    assert (task["status"], task["pid"]) == ("STOPPING", pid)
    assert len(supervisor.send("stop web")) == 1  # waits with it
    assert supervisor.state("web") == "STOPPED"


def test_stop_waits_for_the_rest_of_the_group(box):
    """The main process obeys, its descendant does not."""
    path = box.path("pids")
    stubborn = " ".join(helper("stubborn", path, 0))
    supervisor = box.shell(one(f"{stubborn} & exec sleep 600", gracefulStopTimeout=1))
    supervisor.start("web")
    rest, = generations(path, 1)
    assert supervisor.send("stop web") == ["Process 'web' did not stop in 1s, killed"]
    assert rest.state is None


def test_stop_reaches_descendants_that_obey(box):
    supervisor = box.shell(one(f"{' '.join(helper('record', box.path('child'), 'TERM'))} & "
                               f"{' '.join(helper('record', box.path('main'), 'TERM'))}"))
    supervisor.start("web")
    wait_lines(box.path("child")), wait_lines(box.path("main"))
    assert supervisor.send("stop web") == ["Process 'web' stopped gracefully"]
    assert lines_of(box.path("child"))[:2] == lines_of(box.path("main"))[:2] == ["ready", "TERM"]


@pytest.mark.parametrize("code, restart, state", [
    (0, "never", "STOPPED"), (3, "never", "FATAL"), (0, "on-failure", "STOPPED")])
def test_what_is_left_of_a_group_is_ended_and_then_the_exit_decides(box, code, restart, state):
    path = box.path("lock")
    supervisor = box.shell(one(helper("sole", path, "linger", code), restart=restart,
                               gracefulStopTimeout=0.5))
    supervisor.start("web")
    assert supervisor.wait_state("web", state)["exit"]["code"] == code
    assert lines_of(path) == ["alone"] and supervisor.children() == []


def test_a_restart_waits_until_the_group_is_empty(box):
    path = box.path("lock")
    supervisor = box.shell(one(helper("sole", path, "linger", 1), restart="on-failure",
                               gracefulStopTimeout=0.3, restartDelay=0.01))
    supervisor.start("web")
    assert set(wait_lines(path, 4)) == {"alone"}


def test_what_is_left_gets_the_stop_signal_first(box):
    path = box.path("signals")
    rest = " ".join(helper("record", path, "USR1"))
    supervisor = box.shell(one(f"{rest} & while [ ! -s {path} ]; do sleep 0.01; done; exit 0",
                               stopingSignal="USR1", gracefulStopTimeout=30))
    supervisor.start("web")
    supervisor.wait_state("web", "STOPPED")
    assert lines_of(path)[:2] == ["ready", "USR1"]


def test_a_stop_wins_over_an_exit_that_would_restart(box):
    path = box.path("lock")
    supervisor = box.shell(one(helper("sole", path, "linger", 1), restart="always",
                               gracefulStopTimeout=1))
    supervisor.start("web")
    supervisor.wait_state("web", "STOPPING")
    supervisor.send("stop web")
    assert supervisor.state("web") == "STOPPED"
    assert lines_of(path) == ["alone"]


def test_a_group_that_was_left_empty_is_no_matter(box):
    supervisor = box.shell(one("sleep 0.2 & wait; exit 0"))
    supervisor.start("web")
    supervisor.wait_state("web", "STOPPED")


@pytest.mark.parametrize("spelling", ["SIGINT", "INT", 2, "SIGUSR2", "KILL"])
def test_the_stop_signal_is_the_one_asked_for(box, spelling):
    path = box.path("signals")
    name = {2: "INT", "KILL": None}.get(spelling, str(spelling).removeprefix("SIG"))
    supervisor = box.shell(one(helper("record", path, name or "TERM"), stopingSignal=spelling))
    supervisor.start("web")
    wait_lines(path)
    assert supervisor.send("stop web") == ["Process 'web' stopped gracefully"]
    assert lines_of(path) == (["ready", name] if name else ["ready"])


def test_a_stopped_task_can_obey(box):
    """SIGCONT follows the stop signal."""
    path = box.path("ready")
    supervisor = box.shell(one(helper("tick", path, "stay"), gracefulStopTimeout=60))
    process = Process(supervisor.start("web")["web"])
    wait_lines(path)
    process.kill(signal.SIGSTOP)
    wait_for(lambda: process.state == "T")
    assert supervisor.send("stop web") == ["Process 'web' stopped gracefully"]


def test_sigcont_comes_after_the_stop_signal(box):
    path = box.path("signals")
    supervisor = box.shell(one(helper("record", path, "CONT")))
    supervisor.start("web")
    wait_lines(path)
    supervisor.send("stop web")
    assert set(lines_of(path)) <= {"ready", "TERM", "CONT"} and lines_of(path)[0] == "ready"
    assert "CONT" in lines_of(path)


def test_a_grace_of_0_kills_at_once(box):
    path = box.path("pids")
    supervisor = box.shell(one(helper("stubborn", path, 1), gracefulStopTimeout=0))
    supervisor.start("web")
    generations(path, 2)
    line, = supervisor.send("stop web", timeout=5)
    assert line.startswith("Process 'web' ")
    assert supervisor.state("web") == "STOPPED"


def test_stops_run_side_by_side(box):
    path = str(box.path("pids")) + ".${INSTANCE}"
    supervisor = box.shell({"tasks": {"web": {
        "command": [*helper("stubborn"), path, "0"], "instances": 8, "gracefulStopTimeout": 1}}})
    supervisor.start("web")
    for n in range(1, 9):
        wait_lines(f"{box.path('pids')}.{n}")
    begun = time.monotonic()
    assert len(supervisor.send("stop web")) == 8
    assert time.monotonic() - begun < 4 * patience()


def test_a_process_that_ends_by_itself_before_its_stop_is_stopped(box):
    supervisor = box.shell(one("sleep 0.1"))
    supervisor.start("web")
    line, = supervisor.send("stop web")
    assert line in ("Process 'web' stopped gracefully", "Process 'web' is not running")
    assert supervisor.state("web") == "STOPPED"


def test_nobody_else_is_hit(box):
    """What left the group of one task belongs to no other."""
    supervisor = box.shell({"tasks": {"a": {"command": "sleep 600"},
                                      "b": {"command": "sleep 600"}}})
    pids = supervisor.start("all")
    supervisor.send("stop a")
    assert Process(pids["b"]).alive() and os.getpgid(pids["b"]) == pids["b"]

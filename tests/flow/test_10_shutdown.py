"""Section 10: SIGTERM at any moment of a start in order. KILL_STEP_MS (50) apart, for half a
second."""
import os
import signal

import pytest

from harness import helper, lines_of, now_ms, patience, wait_lines
from test_5_shutdown import assert_ended, pause

STEP_MS = int(os.environ.get("KILL_STEP_MS") or 50)
GRACE_S = 1


def slow_chain(box):
    """db and cache take a while to be RUNNING, and so does all that needs them; what nothing needs
    does not obey."""
    obeys = {"autoLaunch": True, "gracefulStopTimeout": GRACE_S, "instances": 2,
             "command": helper("stamp", box.path("stamps"), "${NAME}"),
             "successfulStartTimeout": 0.15}
    return {"tasks": {
        "web": {**obeys, "dependsOn": ["api"]},
        "db": obeys,
        "migrate": {"command": "sleep 0.1", "successfulStartTimeout": 0,
                    "dependsOn": {"db": {"condition": "started"}}},
        "cache": obeys,
        "api": {**obeys, "dependsOn": {"db": {"condition": "running"},
                                       "cache": {"condition": "started"},
                                       "migrate": {"condition": "completed"}}},
        "stubborn": {**obeys, "command": helper("stubborn", box.path("pids"), 1), "instances": 1,
                     "dependsOn": ["db"]}}}


@pytest.mark.parametrize("after_ms", range(0, 501, STEP_MS))
def test_all_is_gone_within_the_grace(box, after_ms):
    supervisor = box.foreground(slow_chain(box))
    pause(after_ms)
    told_ms = now_ms()
    supervisor.signal(signal.SIGTERM)
    assert_ended(box, supervisor, early=after_ms <= 20 * patience())
    assert now_ms() - told_ms < (GRACE_S + 1) * 1000 * patience()


def test_a_second_signal_kills_what_waits_for_its_turn(box):
    never = {"command": helper("stubborn", box.path("pids"), 1), "gracefulStopTimeout": 600,
             "successfulStartTimeout": 0, "autoLaunch": True}
    supervisor = box.shell({"tasks": {
        "db": never, "api": {**never, "dependsOn": ["db"]}, "web": {**never, "dependsOn": ["api"]}}})
    supervisor.wait_all("RUNNING")
    supervisor.signal(signal.SIGTERM)
    supervisor.wait_state("web", "STOPPING")
    assert supervisor.state("db") == "RUNNING"
    pause(20)  # two at once are taken for one
    supervisor.signal(signal.SIGTERM)
    assert supervisor.wait_exit() == 1
    box.assert_nothing_left()


def test_what_waits_for_its_turn_does_not_start_again(box):
    """db waits to be started again while web takes its time to stop."""
    slow = {"command": helper("stamp", box.path("stamps"), "web", 700), "dependsOn": ["db"],
            "successfulStartTimeout": 0}
    supervisor = box.shell({"tasks": {
        "db": {"command": helper("tick", box.path("ticks"), "stay"), "restart": "always",
               "restartDelay": 0.3, "successfulStartTimeout": 0},
        "web": slow}})
    supervisor.start("web")
    wait_lines(box.path("ticks"))
    wait_lines(box.path("stamps"))
    supervisor.send("signal KILL db")
    supervisor.wait_state("db", "BACKOFF")
    supervisor.signal(signal.SIGTERM)
    assert supervisor.wait_exit() == 0
    assert len(lines_of(box.path("ticks"))) == 1

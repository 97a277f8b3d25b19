"""Section 10: what depends on something, when the configuration changes."""
import signal

import pytest

from test_10_order import chain, stamp, stamps, started, states, stopped


def test_what_is_removed_stops_in_reverse(box):
    supervisor = box.shell({"tasks": chain(box)})
    supervisor.start("web")
    stamps(box, 3)
    supervisor.reload({"tasks": {}})
    assert stopped(box, 3) == ["web", "api", "db"]


def test_what_is_changed_restarts_in_order(box):
    supervisor = box.shell({"tasks": chain(box)})
    supervisor.start("web")
    stamps(box, 3)
    supervisor.reload({"tasks": chain(box, umask="077")})
    assert stopped(box, 3) == ["web", "api", "db"]
    assert started(supervisor)[3:] == ["db", "api", "web"]


def test_what_is_new_starts_in_order(box):
    supervisor = box.shell({"tasks": {}})
    supervisor.reload({"tasks": chain(box, autoLaunch=True)})
    assert started(supervisor) == ["db", "api", "web"]


def test_a_dependency_that_is_dropped_is_waited_for_no_more(box):
    slow = {"command": "sleep 600", "successfulStartTimeout": 300}
    web = {"command": "sleep 600", "dependsOn": ["db"]}
    supervisor = box.shell({"tasks": {"db": slow, "web": web}})
    supervisor.tell("start web --timeout 10ms")
    supervisor.wait_state("web", "WAITING")
    supervisor.reload({"tasks": {"db": slow, "web": {**web, "dependsOn": []}}})
    supervisor.wait_state("web", "STARTED", "RUNNING")


def test_a_dependency_that_is_added_counts_from_then_on(box):
    web = stamp(box, "web", 100)
    supervisor = box.shell({"tasks": {"db": stamp(box, "db"), "web": web}})
    supervisor.start("all")
    stamps(box, 2)
    supervisor.reload({"tasks": {"db": stamp(box, "db"), "web": {**web, "dependsOn": ["db"]}}})
    supervisor.send("stop all")
    assert stopped(box, 2) == ["web", "db"]


@pytest.mark.parametrize("how", ["restarts", "waits"])
def test_a_reload_starts_what_it_makes_others_need(box, how):
    """Which is stopped, has failed, or is new and not started by itself."""
    slow = {"command": "sleep 600", "successfulStartTimeout": 300}
    up = {"command": "sleep 600", "successfulStartTimeout": 0}
    bad = {**up, "command": ["sh", "-c", "test -e up || exit 3; exec sleep 600"]}
    old = {"slow": slow, "db": up, "bad": bad, "worse": {**up, "command": "false"},
           "web": {**up, "dependsOn": ["slow"] if how == "waits" else []}}
    supervisor = box.shell({"tasks": old})
    supervisor.send("start bad worse")
    supervisor.wait_state("bad", "FATAL")
    box.path("up").touch()
    supervisor.tell("start web --timeout 10ms")
    supervisor.wait_state("web", "WAITING" if how == "waits" else "RUNNING")
    supervisor.reload({"tasks": {
        "slow": slow, "db": {**up, "gracefulStopTimeout": 7},
        "bad": {**bad, "gracefulStopTimeout": 7}, "worse": up,
        "base": up, "new": {**up, "dependsOn": ["base"]},
        "web": {**up, "umask": "077" if how == "restarts" else "022",
                "dependsOn": ["db", "bad", "worse", "new"]}}})
    for name in ["db", "bad", "worse", "base", "new", "web"]:
        supervisor.wait_state(name, "RUNNING")
    assert started(supervisor)[-1] == "web"


def test_a_reload_starts_nothing_for_what_is_up_nor_what_a_user_stopped(box):
    up = {"command": "sleep 600", "successfulStartTimeout": 0}
    web = {**up, "dependsOn": ["db"]}
    supervisor = box.shell({"tasks": {"db": up, "other": up, "web": web}})
    supervisor.start("web")
    supervisor.reload({"tasks": {"db": up, "other": up,
                                 "web": {**web, "dependsOn": ["db", "other"]}}})
    assert states(supervisor, "other", "web") == ["STOPPED", "RUNNING"]
    supervisor.send("stop db --force")
    box.write({"tasks": {"db": up, "other": up, "web": {**web, "umask": "077"}}})
    supervisor.signal(signal.SIGHUP)
    assert supervisor.wait_state("web", "WAITING")["description"] == \
        "waits for 'db' to be RUNNING"
    assert states(supervisor, "db") == ["STOPPED"]
    supervisor.send("start web")
    assert states(supervisor, "db", "web") == ["RUNNING", "RUNNING"]


def test_the_newest_configuration_wins_while_a_restart_waits_for_its_turn(box):
    def tasks(mask, grace):
        return {"tasks": {"db": stamp(box, "db", umask=mask, gracefulStopTimeout=grace),
                          "web": stamp(box, "web", 500, umask=mask, dependsOn=["db"])}}
    supervisor = box.shell(tasks("022", "10s"))
    supervisor.start("web")
    stamps(box, 2)
    box.write(tasks("077", "10s"))
    supervisor.signal(signal.SIGHUP)
    supervisor.wait_state("web", "STOPPING")
    assert "changed: db (live)" in supervisor.reload(tasks("077", "7s"))
    supervisor.wait_state("web", "RUNNING")
    assert "  gracefulStopTimeout: 7s" in supervisor.send("describe db")

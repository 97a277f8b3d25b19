"""Section 10: health. So many failures in a row stop the instance, as an unexpected exit."""
import socket

import pytest

from harness import lines_of, wait_for, wait_lines
from notifying import page, reasons, say, variables
from processes import Process
from test_10_ready import FOREVER, HANGING, SOON, probes


def task(health, **keys):
    return {"tasks": {"web": {"command": FOREVER, "health": health, "successfulStartTimeout": 0,
                              **keys}}}


def failing_while(flag, **more):
    return {"exec": f"test ! -e {flag} || exit 7", "interval": SOON, **more}


# ---- what comes of it ----

def test_failures_in_a_row_restart_it_as_the_policy_says(box):
    flag = box.path("flag")
    supervisor = box.shell(task(failing_while(flag), restart="on-failure", restartDelay=0.01))
    before = supervisor.start("web")["web"]
    wait_for(lambda: page(supervisor, "web")["health"].startswith("3 checks, 0 failures in a row"))
    flag.touch()
    wait_for(lambda: supervisor.status()["web"]["restarts"] >= 1)
    flag.unlink()
    after = supervisor.wait_state("web", "RUNNING")["pid"]
    assert after != before
    assert Process(before).state is None
    why = "3 health checks in a row failed: exit code 7"
    assert ("RUNNING", "STOPPING", why) in reasons(supervisor, "web")


def test_without_restarts_failing_health_is_fatal(box):
    flag = box.path("flag")
    flag.touch()
    supervisor = box.shell(task(failing_while(flag, retries=2)))
    supervisor.start("web")
    status = supervisor.wait_state("web", "FATAL")
    assert status["description"] == "2 health checks in a row failed: exit code 7"
    assert status["exit"]["signal"] == "SIGTERM"


def test_fewer_failures_are_shown_and_logged_once_and_forgotten(box):
    tried = box.path("tried")
    probe = f"echo x >> {tried}; test $(($(wc -l < {tried}) % 4)) -gt 1"  # two good, two bad
    supervisor = box.shell(task({"exec": probe, "interval": SOON, "retries": 3}))
    pid = supervisor.start("web")["web"]
    wait_for(lambda: " in a row (of 3), last failure: exit code 1"
             in page(supervisor, "web")["health"])
    wait_lines(tried, 13)
    assert supervisor.pid_of("web") == pid
    log = lines_of(box.path("taskmaster.log"))
    failed = [line for line in log if "web: health check failed: exit code 1" in line]
    healthy = [line for line in log if "healthy again" in line]
    assert 2 <= len(failed) <= 4, log
    assert abs(len(failed) - len(healthy)) <= 1


def test_health_begins_when_it_is_running(box):
    flag, tried = box.path("flag"), box.path("tried")
    supervisor = box.shell(task({"exec": f"echo x >> {tried}", "interval": SOON},
                                ready={"exec": f"test -e {flag}", "interval": SOON}))
    supervisor.start("web")
    wait_for(lambda: "not ready, last failure" in page(supervisor, "web")["ready"])
    assert not tried.exists()
    flag.touch()
    wait_lines(tried, 2)


# ---- probes ----

def test_probes_never_pile_up_and_are_killed_at_their_timeout_with_all_they_started(box):
    tried = box.path("tried")
    supervisor = box.shell(task({"exec": HANGING.format(tried=tried), "interval": 0.01,
                                 "timeout": 0.2, "retries": 1000}))
    pid = supervisor.start("web")["web"]
    most = 0

    def enough():
        nonlocal most
        found = probes(supervisor)
        most = max(most, len({Process(p.pid).group for p in found}))
        return len(lines_of(tried)) >= 5
    wait_for(enough, 20)
    assert most == 1, "one probe at a time"
    assert "last failure: no answer within 200ms" in page(supervisor, "web")["health"]
    assert supervisor.send("stop web") == ["Process 'web' stopped gracefully"]
    assert not probes(supervisor)
    assert Process(pid).state is None


@pytest.mark.parametrize("cgroups", ["auto", "off"])
def test_what_escapes_from_a_probe_goes_with_its_instance(box, cgroups):
    tried = box.path("tried")
    escape = (f"setsid sh -c 'echo x > {tried}; exec sleep 999' &"
              f" until test -e {tried}; do :; done")
    config = task({"exec": f"test -e {tried} || {{ {escape}; }}", "interval": SOON})
    supervisor = box.shell({**config, "supervisor": {"cgroups": cgroups}})
    supervisor.start("web")
    wait_for(lambda: not page(supervisor, "web")["health"].startswith(("0 ", "1 ")))
    assert len(probes(supervisor)) == 1
    assert supervisor.send("stop web") == ["Process 'web' stopped gracefully"]
    assert not probes(supervisor)


def test_probes_cost_no_thread(box):
    supervisor = box.shell(task({"exec": HANGING.format(tried=box.path("tried")),
                                 "interval": 0.01}, instances=30))
    before = Process(supervisor.pid).threads()
    supervisor.start("web")
    wait_for(lambda: len(probes(supervisor)) == 60)
    assert Process(supervisor.pid).threads() == before


def test_a_port_that_is_closed_is_not_healthy(box):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        supervisor = box.shell(task({"tcp": f"127.0.0.1:{port}", "interval": SOON}))
        supervisor.start("web")
        wait_for(lambda: page(supervisor, "web")["health"].startswith("2 checks, 0 failures"))
    status = supervisor.wait_state("web", "FATAL")
    assert status["description"] == (
        f"3 health checks in a row failed: connect to 127.0.0.1:{port}: Connection refused")


def test_a_connection_that_nobody_answers_has_a_timeout(box):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        full = []
        for _ in range(8):  # what does not fit in the backlog stays under way
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            full.append(client)
        supervisor = box.shell(task({"tcp": f"127.0.0.1:{port}", "interval": SOON,
                                     "timeout": 0.2, "retries": 1}))
        supervisor.start("web")
        status = supervisor.wait_state("web", "FATAL")
        for client in full:
            client.close()
    assert status["description"] == "1 health check failed: no answer within 200ms"


# ---- watchdog ----

def test_a_missed_watchdog_restarts_it(box):
    supervisor = box.shell(task({"watchdog": 0.5}, restart="on-failure", restartDelay=0.01))
    before = supervisor.start("web")["web"]
    wait_for(lambda: supervisor.status()["web"]["restarts"] >= 1)
    assert Process(before).state is None
    assert ("RUNNING", "STOPPING", "1 health check failed: no WATCHDOG=1 for 500ms") in reasons(
        supervisor, "web")


def test_signs_of_life_keep_it_running(box):
    supervisor = box.shell(task({"watchdog": 2}))
    pid = supervisor.start("web")["web"]

    def is_old():
        say(pid, "WATCHDOG=1")
        return page(supervisor, "web")["uptime"] == "5s"
    wait_for(is_old, 20)
    assert supervisor.pid_of("web") == pid
    assert "signs of life, expected every 2s" in page(supervisor, "web")["health"]


def test_the_watchdog_is_in_the_environment_and_no_pid(box):
    mine = {"WATCHDOG_PID": "1", "WATCHDOG_USEC": "5"}
    supervisor = box.shell(task({"watchdog": 90}, environment=mine), env=mine)
    found = variables(supervisor.start("web")["web"])
    assert found["WATCHDOG_USEC"] == "90000000"
    assert "WATCHDOG_PID" not in found
    assert found["NOTIFY_SOCKET"].startswith("@")


def test_it_may_find_itself_broken_or_change_its_watchdog(box):
    supervisor = box.shell(task({"watchdog": 100}))
    pid = supervisor.start("web")["web"]
    say(pid, "WATCHDOG=trigger")
    assert supervisor.wait_state("web", "FATAL")["description"] == (
        "1 health check failed: it said WATCHDOG=trigger")
    pid = supervisor.start("web")["web"]
    say(pid, "WATCHDOG_USEC=100000")
    assert supervisor.wait_state("web", "FATAL")["description"] == (
        "1 health check failed: no WATCHDOG=1 for 100ms")


# ---- together ----

@pytest.mark.parametrize("command", ["restart web", "stop web"])
def test_orders_in_the_middle_of_probes(box, command):
    supervisor = box.shell(task({"exec": "true", "interval": 0.01}, ready={"exec": "true"},
                                instances=5))
    supervisor.start("web")
    for _ in range(10):
        supervisor.send(command)
        supervisor.send("start web")
    supervisor.wait_all("RUNNING")

"""Section 6: an instance that a reload removes may still be stopping when it is wanted again."""
import json
import os
import resource
import signal

import pytest

from harness import helper, lines_of, wait_for, wait_lines
from test_6_reload import tasks

STUBBORN = {"autoLaunch": True, "gracefulStopTimeout": 1.5, "successfulStartTimeout": 0}


def stubborn(box, instances):
    """Ignores SIGTERM, and notices two copies of the same number."""
    command = [*helper("sole"), f"{box.path('lock')}.${{INSTANCE}}", "stay"]
    return {**STUBBORN, "command": command, "instances": instances}


def states(supervisor):
    """In the order of `status`: two may have the same name, one of them on its way out."""
    lines = [line for line in supervisor.send("status --json") if line.startswith("{")]
    return [task["status"] for task in json.loads(lines[0])["tasks"]]


def hang_up(supervisor, config, *expected):
    """A reload that nobody waits for."""
    supervisor.box.write(config)
    supervisor.signal(signal.SIGHUP)
    wait_for(lambda: states(supervisor) == list(expected), 15,
             lambda: f"{expected}, but {states(supervisor)}")


@pytest.mark.parametrize("before, between, after", [(1, 1, 3), (3, 3, 1), (1, 2, 1), (3, 1, 3)])
def test_removed_added_again_and_scaled_all_run_in_the_end(box, before, between, after):
    supervisor = box.shell(tasks(web=stubborn(box, before)))
    for number in range(1, before + 1):
        wait_lines(box.path(f"lock.{number}"))
    hang_up(supervisor, tasks(), *["STOPPING"] * before)
    waiting = min(before, between)
    hang_up(supervisor, tasks(web=stubborn(box, between)), *["WAITING"] * waiting,
            *["RUNNING"] * (between - waiting), *["STOPPING"] * before)
    hang_up(supervisor, tasks(web=stubborn(box, after)), *["RUNNING"] * after)
    for number in range(1, after + 1):
        assert set(lines_of(box.path(f"lock.{number}"))) == {"alone"}


def test_what_is_stopping_for_good_can_be_named(box):
    web = {**STUBBORN, "command": helper("sole", box.path("lock"), "stay"),
           "gracefulStopTimeout": 600, "instances": 3}
    supervisor = box.shell(tasks(web=web))
    wait_lines(box.path("lock"), 3)
    hang_up(supervisor, tasks(), *["STOPPING"] * 3)
    assert list(supervisor.status()) == ["web_1", "web_2", "web_3"]
    assert list(supervisor.status("web_2")) == ["web_2"]
    assert supervisor.send("start web_2") == ["Process 'web_2': no longer in the configuration"]
    assert sorted(supervisor.send("signal KILL web")) == [
        f"Sent SIGKILL to process 'web_{n}'" for n in (1, 2, 3)]
    wait_for(lambda: not supervisor.status())
    assert supervisor.send("stop web") == ["Task 'web' not found."]


def test_a_waiting_one_says_what_for(box):
    supervisor = box.shell(tasks(web=stubborn(box, 1)))
    wait_lines(box.path("lock.1"))
    hang_up(supervisor, tasks(), "STOPPING")
    hang_up(supervisor, tasks(web=stubborn(box, 1)), "WAITING", "STOPPING")
    assert "predecessor" in "\n".join(supervisor.send("describe web"))
    wait_for(lambda: states(supervisor) == ["RUNNING"])


def test_scaled_up_while_it_restarts_the_new_ones_start_too(box):
    supervisor = box.shell(tasks(web={**stubborn(box, 2), "autoLaunch": False}))
    supervisor.start("web")
    wait_lines(box.path("lock.2"))
    supervisor.tell("restart web")
    wait_for(lambda: any("STOPPING" in line for line in lines_of(box.path("taskmaster.log"))))
    hang_up(supervisor, tasks(web={**stubborn(box, 4), "autoLaunch": False}), *["RUNNING"] * 4)


def test_a_shutdown_among_reloads_that_never_cease(box):
    supervisor = box.shell(tasks(web={"command": "sleep 600", "autoLaunch": True}))
    supervisor.wait_state("web", "STARTED", "RUNNING")
    supervisor.tell("reload\n" * 2000)
    supervisor.signal(signal.SIGTERM)
    assert supervisor.wait_exit() == 0


def test_without_descriptors_commands_still_work(box):
    supervisor = box.shell(tasks(many={"command": "sleep 600", "instances": 60}))
    hard = resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, (80, hard))
    lines = supervisor.send("start many")
    assert len(lines) == 60
    assert any("failed to start: cannot make a process: Too many open files" in line
               for line in lines)
    started = [line for line in lines if "started with PID" in line]
    assert len(started) > 20
    assert len(supervisor.status()) == 60
    assert len(supervisor.send("stop all")) == 60
    assert not supervisor.children()


def test_what_follows_for_nobody_ends(box):
    log = box.path("log")
    reader, writer = os.pipe()
    supervisor = box.shell(tasks(web={
        "command": "while :; do echo x; sleep 0.05; done", "stdout": str(log),
        "autoLaunch": True}), up=False, stdout=writer)
    os.close(writer)
    wait_lines(log)
    supervisor.tell("logs web -f")
    assert os.read(reader, 1) == b"x"
    os.close(reader)
    supervisor.process.stdin.close()
    wait_for(lambda: not supervisor.alive(), 15)
    assert supervisor.wait_exit() == 0

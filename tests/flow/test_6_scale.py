"""Section 6: a change of `instances`, and reloads that are refused, rehearsed or only reported."""
import os
import signal

import pytest

from harness import helper, lines_of, wait_for, wait_lines
from processes import Process
from test_4_keys import environment
from test_6_reload import WEB, pids, settled, tasks


def names(count):
    return ["web"] if count == 1 else [f"web_{n}" for n in range(1, count + 1)]


@pytest.mark.parametrize("before, after", [(1, 3), (3, 1), (3, 5), (5, 2), (2, 1), (1, 2), (1, 50),
                                           (50, 1)])
def test_only_the_difference_starts_or_stops(box, before, after):
    supervisor = box.shell(tasks(web={**WEB, "instances": before}))
    supervisor.start("web")
    old = list(pids(supervisor).values())
    lines = supervisor.reload(tasks(web={**WEB, "instances": after}))
    settled(supervisor, {name: "RUNNING" for name in names(after)})
    new = list(pids(supervisor).values())
    kept = min(before, after)
    assert new[:kept] == old[:kept]
    assert not any(Process(pid).state for pid in old[kept:])
    wait_for(lambda: len(supervisor.children()) == after)
    assert "web" in " ".join(lines)


def test_a_survivor_is_known_by_its_new_name_and_keeps_its_old_values(box):
    task = {**WEB, "command": [*helper("dump"), str(box.path("dump")) + ".${NAME}", "stay"]}
    supervisor = box.shell(tasks(web=task))
    pid = supervisor.start("web")["web"]
    wait_for(box.path("dump.web").exists)
    supervisor.reload(tasks(web={**task, "instances": 2}))
    wait_for(box.path("dump.web_2").exists)
    assert supervisor.send("pid web_1") == [str(pid)]
    assert not box.path("dump.web_1").exists()
    assert supervisor.send("restart web_1")
    wait_for(box.path("dump.web_1").exists)
    assert environment(box.path("dump.web_1"))["TASKMASTER_NAME"] == "web_1"
    assert supervisor.send("stop web_1") == ["Process 'web_1' stopped gracefully"]


def test_scaled_and_changed_at_once(box):
    supervisor = box.shell(tasks(web=WEB))
    pid = supervisor.start("web")["web"]
    supervisor.reload(tasks(web={**WEB, "instances": 3, "command": "sleep 601"}))
    settled(supervisor, {name: "RUNNING" for name in names(3)})
    assert pid not in pids(supervisor).values()
    assert {task["command"] for task in supervisor.status().values()} == {"sleep 601"}


def test_new_instances_of_a_stopped_task_stay_stopped(box):
    supervisor = box.shell(tasks(web={**WEB, "autoLaunch": True}))
    supervisor.wait_state("web", "RUNNING")
    supervisor.send("stop web")
    supervisor.reload(tasks(web={**WEB, "autoLaunch": True, "instances": 3}))
    assert {task["status"] for task in supervisor.status().values()} == {"STOPPED"}


def test_instances_that_go_while_they_ignore_sigterm_are_killed(box):
    path = box.path("pids")
    task = {"command": helper("stubborn", path, 1), "gracefulStopTimeout": 0.5}
    supervisor = box.shell(tasks(web={**task, "instances": 3}))
    supervisor.start("web")
    wait_lines(path, 6)
    kept = supervisor.pid_of("web_1")
    supervisor.reload(tasks(web=task))
    wait_for(lambda: [child.pid for child in supervisor.children()] == [kept])
    assert list(supervisor.status()) == ["web"]


# ---- refused, rehearsed, reported ----

@pytest.mark.parametrize("text", [
    "tasks:\n  web:\n    command: x\n    frob: 1\n", "tasks: [\n", "",
    "tasks:\n  all: {command: x}\n"])
def test_a_bad_file_changes_nothing_and_its_errors_are_printed(box, text):
    supervisor = box.shell(tasks(web=WEB))
    before = supervisor.start("web")
    path = box.write(text)
    lines = supervisor.send("reload")
    assert any(line.startswith(f"{path}:") for line in lines), lines
    assert "Configuration reloaded." not in lines
    assert pids(supervisor) == before
    supervisor.reload(tasks(web=WEB, more=WEB))
    assert list(supervisor.status()) == ["web", "more"]


def test_a_file_that_is_gone_changes_nothing(box):
    supervisor = box.shell(tasks(web=WEB))
    before = supervisor.start("web")
    os.unlink(box.path("config.yaml"))
    lines = supervisor.send("reload")
    assert "No such file or directory" in " ".join(lines)
    assert pids(supervisor) == before


def test_a_dry_run_prints_what_would_be_and_does_nothing(box):
    supervisor = box.shell(tasks(web={**WEB, "instances": 2}, gone=WEB, same=WEB, live=WEB))
    supervisor.start("all")
    before = pids(supervisor)
    box.write(tasks(web={**WEB, "instances": 4, "command": "sleep 601"}, same=WEB,
                    live={**WEB, "gracefulStopTimeout": 3}, fresh={**WEB, "autoLaunch": True}))
    lines = supervisor.send("reload --dry-run")
    text = "\n".join(lines)
    for word in ("web", "gone", "same", "live", "fresh", "added", "removed", "changed", "unchanged",
                 "command", "sleep 601", "gracefulStopTimeout"):
        assert word in text, word
    assert "Configuration reloaded." not in lines
    assert pids(supervisor) == before
    assert supervisor.send("reload --dry-run") == lines


def test_a_dry_run_of_a_bad_file_prints_its_errors(box):
    supervisor = box.shell(tasks(web=WEB))
    path = box.write("tasks:\n  web:\n    frob: 1\n")
    assert any(line.startswith(f"{path}:3:5: unknown key 'frob'")
               for line in supervisor.send("reload --dry-run"))


def test_a_reload_prints_what_it_does(box):
    supervisor = box.shell(tasks(web=WEB, gone=WEB, same=WEB))
    supervisor.start("all")
    text = "\n".join(supervisor.reload(tasks(web={**WEB, "umask": "077"}, same=WEB, fresh=WEB)))
    for word in ("web", "gone", "same", "fresh", "added", "removed", "changed", "unchanged"):
        assert word in text, word


def test_the_log_level_counts_at_once(box):
    log = box.path("taskmaster.log")
    config = {"supervisor": {"logLevel": "error"}, **tasks(web=WEB)}
    supervisor = box.shell(config)
    supervisor.start("web")
    supervisor.send("stop web")
    assert not any("web" in line for line in lines_of(log))
    config["supervisor"]["logLevel"] = "debug"
    lines = supervisor.reload(config)
    assert any("logLevel" in line for line in lines)
    supervisor.start("web")
    wait_for(lambda: any("web" in line for line in lines_of(log)))


def test_other_keys_of_the_supervisor_are_reported(box):
    supervisor = box.shell(tasks(web=WEB))
    lines = supervisor.reload({"supervisor": {"logFile": "elsewhere.log"}, **tasks(web=WEB)})
    assert any("logFile" in line for line in lines), lines
    supervisor.start("web")
    wait_for(lambda: any("web" in line for line in lines_of(box.path("taskmaster.log"))))
    assert not box.path("elsewhere.log").exists()


def test_an_included_file_is_read_again(box):
    box.write(tasks(web=WEB), "more/web.yaml")
    supervisor = box.shell({"include": ["more/*.yaml"], "tasks": {}})
    pid = supervisor.start("web")["web"]
    box.write(tasks(db=WEB), "more/db.yaml")
    assert "Configuration reloaded." in supervisor.send("reload")
    assert set(supervisor.status()) == {"web", "db"} and supervisor.pid_of("web") == pid


def test_many_reloads_in_a_row(box):
    task = {**WEB, "autoLaunch": True}
    supervisor = box.shell(tasks(web=task))
    supervisor.wait_state("web", "RUNNING")
    for n in range(20):
        box.write(tasks(web=task, **{f"extra-{n % 3}": {**task, "instances": n % 4 + 1}}))
        supervisor.signal(signal.SIGHUP)
    pid = supervisor.pid_of("web")
    supervisor.reload(tasks(web=task))
    wait_for(lambda: list(supervisor.status()) == ["web"] and len(supervisor.children()) == 1)
    assert supervisor.pid_of("web") == pid

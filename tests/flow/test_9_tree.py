"""Section 9: nothing that a task has started survives its stop."""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from harness import helper, lines_of, now_ms, wait_for, wait_lines
from processes import Process


@pytest.fixture(params=["auto", "off"])
def cgroups(request):
    return request.param


def tasks(cgroups, /, **commands):
    """A configuration of tasks, each a command or a map of keys."""
    keys = {name: task if isinstance(task, dict) else {"command": task}
            for name, task in commands.items()}
    return {"supervisor": {"cgroups": cgroups},
            "defaults": {"successfulStartTimeout": 0, "gracefulStopTimeout": 1},
            "tasks": keys}


def pids_in(path, count, timeout=20):
    return [Process(line) for line in wait_lines(path, count, timeout)]


def kill_mode(supervisor, name="web"):
    row, = [line for line in supervisor.send(f"describe {name}") if line.startswith("  kill:")]
    return row.partition(":")[2].strip()


def cgroup_of(pid):
    """Where it is, as the mount shows it: one that shows all."""
    mount = next(line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()
                 if line.split()[2] == "cgroup2")
    path, = re.findall("^0::/(.*)$", Path(f"/proc/{pid}/cgroup").read_text(), re.MULTILINE)
    return Path(mount) / path


def need_cgroup(supervisor, cgroups, name="web"):
    """In `auto`, skips where the machine gives no cgroup."""
    mode = kill_mode(supervisor, name)
    if cgroups == "auto" and mode != "cgroup":
        pytest.skip("no cgroup v2 that may be written to")
    assert mode == {"auto": "cgroup", "off": "group and orphans"}[cgroups]


def test_a_tree_of_50_is_gone_after_its_stop(box, cgroups):
    path = box.path("pids")
    supervisor = box.shell(tasks(cgroups, web=helper("tree", path, 50)))
    supervisor.start("web")
    need_cgroup(supervisor, cgroups)
    tree = pids_in(path, 50)
    assert len(tree) == 50 and len({os.getsid(process.pid) for process in tree}) > 20
    line, = supervisor.send("stop web")
    assert not [process for process in tree if process.state]
    assert line == "Process 'web' did not stop in 1s, killed (10 processes)"  # those who ignore TERM
    assert supervisor.children() == []


def test_a_tree_that_outlives_its_leader_is_gone_before_the_exit_decides(box, cgroups):
    path = box.path("pids")
    supervisor = box.shell(tasks(cgroups, web={
        "command": helper("tree", path, 20, "exit"), "gracefulStopTimeout": 0.5}))
    supervisor.start("web")
    supervisor.wait_state("web", "STOPPED")
    assert len(lines_of(path)) == 19
    assert not [process for process in pids_in(path, 19) if process.state]
    assert supervisor.status()["web"]["exit"]["code"] == 0


def test_a_restart_waits_for_what_left_the_session(box, cgroups):
    path = box.path("lock")
    sole = " ".join(helper("sole", path, "stay"))
    supervisor = box.shell(tasks(cgroups, web={
        "command": f"setsid {sole} & while [ ! -s {path} ]; do sleep 0.01; done; sleep 0.1; exit 1",
        "restart": "on-failure", "restartDelay": 0.01, "gracefulStopTimeout": 0.2}))
    supervisor.start("web")
    assert set(wait_lines(path, 3)) == {"alone"}
    supervisor.send("stop web")


def test_what_left_the_session_gets_the_stop_signal_once(box, cgroups):
    """Its parent is alive, and obeys: then it is an orphan, and there is time left."""
    path = box.path("signals")
    record = " ".join(helper("record", path, "QUIT"))
    supervisor = box.shell(tasks(cgroups, web={
        "command": f"setsid {record} & exec sleep 600", "gracefulStopTimeout": 1.5}))
    supervisor.start("web")
    wait_lines(path)
    supervisor.send("stop web")
    got = lines_of(path)
    assert (got[0], got.count("TERM"), got.count("CONT")) == ("ready", 1, 1), got


def test_an_orphan_of_a_living_leader_is_told_to_stop_at_once(box, cgroups):
    """The leader ignores SIGTERM, and so its exit is not what the orphan's signal waits for."""
    path = box.path("signals")
    record = " ".join(helper("record", path, "TERM"))
    supervisor = box.shell(tasks(cgroups, web={
        "command": f"(setsid {record} & ) ; trap '' TERM; while :; do sleep 1; done",
        "gracefulStopTimeout": 30}))
    supervisor.start("web")
    wait_lines(path)
    supervisor.send("stop web --timeout 0.1")
    wait_lines(path, 2, timeout=8)
    assert supervisor.state("web") == "STOPPING"
    Process(supervisor.pid_of("web")).kill()
    wait_for(lambda: supervisor.state("web") == "STOPPED")


def test_orphans_of_a_living_leader_are_let_be(box, cgroups):
    path = box.path("pids")
    supervisor = box.shell(tasks(cgroups, web=helper("tree", path, 10), other="exec sleep 600"))
    supervisor.start("all")
    tree = pids_in(path, 10)
    supervisor.send("stop other")
    assert all(process.alive() for process in tree)


def test_a_stop_signal_for_the_process_alone_reaches_the_rest_when_it_is_gone(box, cgroups):
    path = box.path("signals")
    record = " ".join(helper("record", path, "TERM"))
    supervisor = box.shell(tasks(cgroups, web={
        "command": f"setsid {record} & trap 'echo leader >>{path}; exit 0' TERM; "
                   "while :; do sleep 0.05; done",
        "stopSignalTo": "process", "gracefulStopTimeout": 20}))
    supervisor.start("web")
    wait_lines(path)
    assert supervisor.send("stop web") == ["Process 'web' stopped gracefully"]
    assert lines_of(path)[:3] == ["ready", "leader", "TERM"]


def test_what_cleared_its_environment(box, cgroups):
    """With a cgroup it ends with the others; else it is logged once, and ends with all."""
    path = box.path("pid")
    supervisor = box.shell(tasks(
        cgroups, other="exec sleep 600",
        web=f"setsid env -i sh -c 'echo $$ >>{path}; exec sleep 600' & exec sleep 600"))
    supervisor.start("all")
    need_cgroup(supervisor, cgroups)
    cleared, = pids_in(path, 1)
    wait_for(lambda: b"600" in open(f"/proc/{cleared.pid}/cmdline", "rb").read())
    assert supervisor.send("stop web") == ["Process 'web' stopped gracefully"]
    supervisor.send("stop other")
    log = box.path("taskmaster.log").read_text()
    if cgroups == "auto":
        assert cleared.state is None and "nothing says" not in log
        return
    assert cleared.alive() and log.count(f"process {cleared.pid} (sleep 600)") == 1
    assert supervisor.terminate() == 0
    assert cleared.state is None


def test_a_stranger_is_not_touched(box, cgroups):
    """One that has the name, and one that belongs to another supervisor, adopted by ours."""
    path = box.path("pids")
    marker = "1:1:1:0000000000000001:-"
    stranger = subprocess.Popen(["setsid", "sleep", "600"], env={**box.env,
                                                                 "TASKMASTER_NAME": "web"})
    nested = (f"TASKMASTER_SUPERVISOR={marker} TASKMASTER_NAME=web setsid "
              f"sh -c 'echo $$ >>{path}; exec sleep 600' &")
    supervisor = box.shell(tasks(cgroups, web="exec sleep 600", host=f"{nested} exec sleep 600"))
    supervisor.start("all")
    adopted, = pids_in(path, 1)
    supervisor.send("stop web")
    assert stranger.poll() is None and adopted.alive()
    stranger.kill()
    stranger.wait()


def test_a_name_that_was_anothers_is_told_apart(box):
    """'a_1' became 'a', and keeps what it has started; then a task of that name came."""
    path = box.path("signals")
    record = " ".join(helper("record", path, "QUIT"))
    task = {"command": f"(setsid {record} & ); exec sleep 600", "instances": 2}
    config = tasks("off", a=task)
    supervisor = box.shell(config)
    supervisor.start("a_1")
    wait_lines(path)
    task["instances"] = 1
    config["tasks"]["a_1"] = {"command": "exec sleep 600"}
    supervisor.reload(config)
    supervisor.start("a_1")
    assert supervisor.send("stop a_1") == ["Process 'a_1' stopped gracefully"]
    assert lines_of(path) == ["ready"]
    supervisor.send("stop a")
    assert "TERM" in lines_of(path)


def test_one_that_hops_from_pid_to_pid_is_caught(box, cgroups):
    path = box.path("pids")
    supervisor = box.shell(tasks(cgroups, web={"command": helper("tree", path, "hop"),
                                               "gracefulStopTimeout": 0.3}))
    supervisor.start("web")
    wait_lines(path)
    assert "killed" in supervisor.send("stop web")[0]
    assert supervisor.state("web") == "STOPPED"
    assert [process.pid for process in box.left()] == [supervisor.pid]


def test_one_that_was_killed_is_counted_in_json(box, cgroups):
    path = box.path("pids")
    supervisor = box.shell(tasks(cgroups, web=helper("stubborn", path, 2)))
    supervisor.start("web")
    pids_in(path, 3)
    said, = [json.loads(line) for line in supervisor.send("restart web --json")]
    assert (said["outcome"], said["killed"]) == ("restarted", 3)
    assert "killed (3 processes)" in said["text"]
    pids_in(path, 6)
    supervisor.send("stop web")
    assert re.search(r"'web' did not stop in time, killed \(3 processes\)",
                     box.path("taskmaster.log").read_text())


def test_an_exit_does_not_wait_for_what_other_tasks_left(box, cgroups):
    path = box.path("pids")
    supervisor = box.shell(tasks(cgroups, web=helper("tree", path, 20), job="exit 0"))
    supervisor.start("web")
    pids_in(path, 20)
    begun = now_ms()
    for _ in range(5):
        supervisor.send("start job")
        supervisor.wait_state("job", "STOPPED")
    assert now_ms() - begun < 5000 and supervisor.state("web") == "RUNNING"


def test_cgroups_are_gone_with_the_supervisor(box):
    supervisor = box.shell(tasks("auto", web="exec sleep 600"))
    pid = supervisor.start("web")["web"]
    need_cgroup(supervisor, "auto")
    row, = [line for line in open(f"/proc/{pid}/cgroup") if line.startswith("0::")]
    assert re.search(rf"/taskmaster-\d+:{supervisor.pid}:[^/]*/web-\d+$", row.strip())
    name = row.strip().split("/")[-2]
    assert supervisor.terminate() == 0
    assert not subprocess.run(["find", "/sys/fs/cgroup", "-maxdepth", "4", "-name", name],
                              capture_output=True).stdout


def test_cgroups_may_be_as_deep_as_a_task_makes_them(box):
    supervisor = box.shell(tasks("auto", web={"command": "exec sleep 600", "stoppingSignal": "URG"}))
    supervisor.start("web")
    need_cgroup(supervisor, "auto")
    place = cgroup_of(supervisor.pid_of("web"))
    with subprocess.Popen(["sleep", "600"]) as last:
        for _ in range(300):
            place /= "x"
            place.mkdir()
        (place / "cgroup.procs").write_text(str(last.pid))
        assert supervisor.send("stop web") == [
            "Process 'web' did not stop in 1s, killed (2 processes)"]
    assert supervisor.send("restart web")[0].startswith("Process 'web' started")


def test_one_without_a_main_thread_is_no_zombie(box, cgroups):
    path = box.path("pids")
    headless = " ".join(helper("headless", path))
    supervisor = box.shell(tasks(cgroups, web=f"(setsid {headless} & ); exec sleep 600"))
    supervisor.start("web")
    process, = pids_in(path, 1)
    assert supervisor.send("stop web") == ["Process 'web' stopped gracefully"]
    assert process.state is None

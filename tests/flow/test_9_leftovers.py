"""Section 9: what a supervisor that was killed has left behind."""
import json
import re
import signal

import pytest

from harness import helper, lines_of, now_ms, patience, wait_for, wait_lines
from processes import Process, adopted, reap


def killed(supervisor):
    """SIGKILL, so that all it has started is left behind."""
    supervisor.kill()
    supervisor.ends = True


def gone(*processes):
    """They fell to us, so it is we who reap them."""
    reap(adopted())
    return not any(process.state for process in processes)


def one(command, **supervisor):
    return {"supervisor": supervisor,
            "tasks": {"web": {"command": command, "autoLaunch": True,
                              "successfulStartTimeout": 0}}}


def started(box, config, path, count=1, timeout=10, **kwargs):
    supervisor = box.foreground(config, **kwargs)
    return supervisor, [Process(line) for line in wait_lines(path, count, timeout)]


@pytest.fixture(params=["auto", "off"])
def cgroups(request):
    return request.param


def test_they_are_stopped_and_named_before_anything_is_started(box, cgroups):
    path = box.path("signals")
    record = " ".join(helper("record", path, "TERM"))
    config = one(f"setsid {record} & exec sleep 600", cgroups=cgroups)
    before = box.foreground(config)
    wait_lines(path)
    left = [p for p in box.left() if p.pid != before.pid]
    assert len(left) == 2
    killed(before)
    after = box.foreground(config)
    assert wait_lines(path, 3) == ["ready", "TERM", "ready"]
    assert gone(*left)
    for process in left:
        assert f"left process {process.pid} (" in after.stderr()
    assert after.stderr().index("stopping it") < after.stderr().index("STOPPED -> STARTED")


def test_one_that_ignores_it_is_killed_after_10_seconds(box):
    path = box.path("pids")
    before, left = started(box, one(helper("stubborn", path, 1)), path, 2)
    killed(before)
    after = box.foreground({"tasks": {}})
    wait_for(lambda: gone(*left), 25)
    wait_for(lambda: "started with" in after.stderr())
    assert "killing it" in after.stderr()


def test_a_signal_ends_the_wait(box):
    path = box.path("pids")
    before, left = started(box, one(helper("stubborn", path, 0)), path)
    killed(before)
    after = box.foreground({"tasks": {}})
    wait_for(lambda: "stopping it" in after.stderr())
    assert after.terminate(timeout=5) == 0
    assert left[0].alive()
    left[0].kill()
    wait_for(lambda: gone(*left))


def test_they_can_be_a_reason_to_refuse(box):
    path = box.path("ticks")
    config = one(helper("tick", path, "stay"), leftovers="refuse")
    before = box.foreground(config)
    pid = int(wait_lines(path)[0].split()[1])
    killed(before)
    ended = box.run("-n", "-s", box.path("s.sock"), box.path("config.yaml"))
    assert ended.returncode == 1 and f"  {pid} (" in ended.stderr and "'web'" in ended.stderr
    assert Process(pid).alive() and len(lines_of(path)) == 1
    Process(pid).kill()
    wait_for(lambda: gone(Process(pid)))


def test_a_name_that_is_no_name_does_nothing_to_a_terminal(box):
    """Whoever was started may have changed its own."""
    path = box.path("ticks")
    shown = "\\x1b[31m\\nforged"
    tick = [str(word) for word in helper("tick", path, "stay")]
    before = box.foreground(one(["env", "TASKMASTER_NAME=\x1b[31m\nforged", *tick],
                                leftovers="refuse"))
    process = Process(wait_lines(path)[0].split()[1])
    killed(before)
    ended = box.run("-n", "-s", box.path("s.sock"), box.path("config.yaml"))
    assert ended.returncode == 1 and f" of '{shown}'\n" in ended.stderr
    process.kill()
    wait_for(lambda: gone(process))


def test_they_can_be_ignored(box):
    path = box.path("ticks")
    config = one(helper("tick", path, "stay"), leftovers="ignore")
    before = box.foreground(config)
    pid = int(wait_lines(path)[0].split()[1])
    killed(before)
    after = box.foreground(config)
    wait_lines(path, 2)
    assert Process(pid).alive() and f"process {pid} (" in after.stderr()
    Process(pid).kill()
    wait_for(lambda: gone(Process(pid)))


def test_the_same_socket_is_enough(box):
    """Another configuration, and the place that the dead one served."""
    path = box.path("ticks")
    before = box.foreground(one(helper("tick", path, "stay")))
    pid = int(wait_lines(path)[0].split()[1])
    killed(before)
    box.write({"tasks": {}}, "other.yaml")
    ended = box.run("-s", before.socket, box.path("other.yaml"), stdin="exit\n")
    assert ended.returncode == 0
    assert gone(Process(pid))


def test_another_configuration_is_another_matter(box):
    path = box.path("ticks")
    before = box.foreground(one(helper("tick", path, "stay")))
    pid = int(wait_lines(path)[0].split()[1])
    killed(before)
    box.write({"tasks": {}}, "other.yaml")
    assert box.run(box.path("other.yaml"), stdin="exit\n").returncode == 0
    assert Process(pid).alive()
    Process(pid).kill()
    wait_for(lambda: gone(Process(pid)))


def test_two_that_run_leave_each_other_alone(box, cgroups):
    config = one("exec sleep 600", cgroups=cgroups)
    first = box.shell(config)
    pid = first.wait_state("web", "RUNNING")["pid"]
    second = box.shell(config)
    other = second.wait_state("web", "RUNNING")["pid"]
    assert Process(pid).alive() and pid != other
    second.send("stop web")
    assert Process(pid).alive() and first.pid_of("web") == pid


def test_a_daemon_is_up_when_they_are_gone(box):
    path = box.path("ticks")
    config = one(helper("tick", path, "stay"))
    before = box.foreground(config)
    pid = int(wait_lines(path)[0].split()[1])
    killed(before)
    daemon = box.daemon(config)
    assert gone(Process(pid))
    wait_lines(path, 2)
    assert any(f"process {pid} (" in line for line in daemon.log())


def test_one_that_is_itself_a_task_leaves_its_siblings_alone(box):
    """It carries the mark of the outer one, as they do."""
    inner = box.write(one("exec sleep 600"), "inner.yaml")
    outer = box.shell({"defaults": {"successfulStartTimeout": 0}, "tasks": {
        "inner": {"command": [*taskmaster_words(), "-n", "-s", str(box.path("i.sock")), str(inner)],
                  "autoLaunch": True},
        "sibling": {"command": "exec sleep 600", "autoLaunch": True}}})
    sibling = outer.wait_state("sibling", "RUNNING")["pid"]
    def pid_inside():
        done = box.run("ctl", "-s", box.path("i.sock"), "status", "--json")
        return done.returncode == 0 and json.loads(done.stdout)["tasks"][0]["pid"]
    inside = wait_for(pid_inside)
    mark = [v for v in Process(inside).environ() if v.startswith(b"TASKMASTER_SUPERVISOR=")]
    assert len(mark) == 1 and f":{outer.pid_of('inner')}:".encode() in mark[0]
    assert Process(sibling).alive()
    inner_pid = outer.pid_of("inner")
    Process(inner_pid).kill(signal.SIGTERM)
    wait_for(lambda: outer.state("inner") == "STOPPED")
    assert Process(sibling).alive()


def taskmaster_words():
    from harness import taskmaster
    return taskmaster()


def test_hundreds_without_a_marker_are_soon_found(box):
    """Told by their cgroup alone; it took minutes where each was looked for in all of them."""
    path = box.path("pids")
    child = f"env -i setsid sh -c 'echo $$ >> {path}; exec sleep 600' &"
    config = one(child * 4 + " wait")
    config["tasks"]["web"]["instances"] = 300
    before, left = started(box, config, path, 1200, timeout=40)
    described = box.ctl("describe", "web_1", socket=before.socket).stdout
    killed(before)
    if not re.search("kill: +cgroup", described):
        for process in left:
            process.kill()
        pytest.skip("no cgroup v2 that may be written to")
    began = now_ms()
    after = box.foreground({"tasks": {}})
    wait_for(lambda: "started with" in after.stderr(), 50)
    assert now_ms() - began < 6000 * patience()
    assert gone(*left)


def test_one_without_a_main_thread_is_found(box):
    path = box.path("pids")
    before, left = started(box, one(helper("headless", path), cgroups="off"), path)
    killed(before)
    after = box.foreground({"tasks": {}})
    wait_for(lambda: "started with" in after.stderr())
    assert f"left process {left[0].pid} (" in after.stderr()
    reap(adopted())
    assert left[0].state is None

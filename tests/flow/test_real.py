"""configs/web-and-workers.yaml with its real nginx and real workers, from start to end."""
import os
import shutil
import signal
import socket
import urllib.error
import urllib.request

import pytest

from harness import ROOT, Supervisor, lines_of, wait_for, wait_lines
from processes import Process

NAMES = ["web", *(f"worker_{n}" for n in range(1, 6))]
CONFIG = ROOT / "configs/web-and-workers.yaml"
FILES = ROOT / "configs/web-and-workers"

pytestmark = pytest.mark.skipif(
    not shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin"), reason="needs nginx")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def real(box):
    box.port = free_port()
    box.env |= {"PORT": str(box.port), "RUN_DIR": str(box.path("run")), "FILES": str(FILES),
                "INTERVAL": "0.1"}
    return box


def page(box):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{box.port}/", timeout=5) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return None


def all_running(supervisor):
    wait_for(lambda: [task["status"] for task in supervisor.status().values()] == ["RUNNING"] * 6,
             20,
             lambda: supervisor.status())
    return {name: task["pid"] for name, task in supervisor.status().items()}


def log(box, name):
    return box.path("run/logs") / f"{name}.log"


def test_the_configuration_is_good_as_it_stands(box):
    assert box.run("-t", CONFIG).stdout == f"{CONFIG}: ok\n"


def test_a_day_in_the_life(real):
    supervisor = real.shell(CONFIG.read_text())
    pids = all_running(supervisor)
    assert list(pids) == NAMES

    # A page is served, by nginx with workers of its own.
    assert "Kept alive by taskmaster." in wait_for(lambda: page(real))
    assert len(Process(pids["web"]).children()) == 2

    # Each worker has its environment, working directory and umask, and logs.
    for name in NAMES[1:]:
        lines = wait_lines(log(real, name), 6)
        assert lines[0] == f"hello from {name}, in {FILES} with umask 027"
        assert lines[1] == f"{name} works: step 1"
    shown = supervisor.send("logs worker_1 5")
    assert len(shown) == 5 and all(line.startswith("worker_1 works: step ") for line in shown)

    # Killed, it is replaced; the others stay.
    os.kill(pids["worker_2"], signal.SIGKILL)
    wait_for(lambda: supervisor.pid_of("worker_2") not in (None, pids["worker_2"]))
    task = supervisor.wait_state("worker_2", "RUNNING")
    assert task["restarts"] == 1 and task["exit"]["signal"] == "SIGKILL"
    os.kill(pids["web"], signal.SIGKILL)
    wait_for(lambda: supervisor.pid_of("web") not in (None, pids["web"]))
    assert wait_for(lambda: page(real))
    now = all_running(supervisor)
    assert {name for name in NAMES if now[name] != pids[name]} == {"worker_2", "web"}

    # One that has nothing left to do is STOPPED; one that crashes at every start ends FATAL.
    supervisor.send("signal USR2 worker_3")
    assert supervisor.wait_state("worker_3", "STOPPED")["exit"]["code"] == 3
    crash_until_fatal(supervisor, "worker_4")
    supervisor.send("start worker_3 worker_4 --wait")
    before = all_running(supervisor)

    # A reload restarts what changed, and only that.
    lines = supervisor.reload(CONFIG.read_text().replace("hello from", "good evening from"))
    assert any("worker" in line for line in lines)
    wait_for(lambda: all(any(line.startswith("good evening") for line in lines_of(log(real, name)))
                         for name in NAMES[1:]))
    after = all_running(supervisor)
    assert after["web"] == before["web"]
    assert not {after[name] for name in NAMES[1:]} & {before[name] for name in NAMES[1:]}
    assert page(real)

    # The end: everything obeys, nothing is left, the port is free.
    tree = Process(after["web"]).children()
    assert supervisor.terminate() == 0
    real.assert_nothing_left()
    assert not any(process.alive() for process in tree)
    assert lines_of(log(real, "worker_1"))[-1] == "ends with code 0"
    assert page(real) is None


def crash_until_fatal(supervisor, name):
    hit = set()

    def crashed():
        task = supervisor.status(name)[name]
        if task["pid"] and task["pid"] not in hit:
            hit.add(task["pid"])
            supervisor.send(f"signal USR1 {name}")
        return task["status"] == "FATAL"
    wait_for(crashed, 20)
    # Running when it was hit first, and then one start and two retries.
    assert len(hit) in (4, 5)
    assert supervisor.status(name)[name]["exit"].get("code", 128 + signal.SIGUSR1) in (70, 138)


def test_in_the_foreground_it_is_the_same(real):
    config = real.write(CONFIG.read_text())
    supervisor = Supervisor(real, ["-n", config])
    assert "Kept alive" in wait_for(lambda: page(real), 20)
    wait_lines(log(real, "worker_5"), 3)
    assert len(supervisor.children()) == 6
    assert supervisor.terminate() == 0
    real.assert_nothing_left()
    assert lines_of(log(real, "worker_5"))[-1] == "ends with code 0"

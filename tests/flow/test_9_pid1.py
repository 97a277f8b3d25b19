"""Section 9: as PID 1 of a namespace, where all orphans are its own."""
import json
import os
import signal
import subprocess

import pytest

from harness import helper, patience, taskmaster, wait_for, wait_lines
from processes import Process

UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc"]


@pytest.fixture(scope="module")
def unshare():
    """The command that makes a namespace of pids here."""
    tried = ""
    for command in (UNSHARE, ["unshare", "-Ur", *UNSHARE[1:]]):
        done = subprocess.run([*command, "true"], capture_output=True, text=True)
        if done.returncode == 0:
            return command
        tried += done.stderr
    pytest.skip(f"no namespace of pids: {tried}")


class Init:
    """`taskmaster -n` as PID 1; its end is that of the namespace."""

    def __init__(self, box, unshare, config, stdin=subprocess.DEVNULL, close_stdin=False):
        self.box, self.socket = box, box.path("init.sock")
        self.log = box.path("init.log")
        shut = (lambda: os.close(0)) if close_stdin else None
        with open(self.log, "wb") as log:
            self.outer = subprocess.Popen(
                [*unshare, *taskmaster(), "-n", "-s", str(self.socket), str(box.write(config))],
                stdin=stdin, stdout=subprocess.DEVNULL, stderr=log, env=box.env,
                cwd=box.directory, preexec_fn=shut)
        self.init, = wait_for(lambda: [p for p in Process(self.outer.pid).children()
                                       if b"-n" in self.command_of(p)], 10, self.log.read_text)
        wait_for(lambda: "started with" in self.log.read_text(), 10, self.log.read_text)

    @staticmethod
    def command_of(process):
        with open(f"/proc/{process.pid}/cmdline", "rb") as file:
            return file.read()

    def ctl(self, *args):
        return self.box.ctl(*args, socket=self.socket)

    def status(self):
        return {task["name"]: task for task in json.loads(self.ctl("status", "--json").stdout)["tasks"]}

    def zombies(self):
        return [process for process in self.init.children() if process.state == "Z"]

    def end(self):
        self.init.kill(signal.SIGTERM)
        return self.outer.wait(15 * patience())


def test_sigterm_ends_it_and_all_it_has(box, unshare):
    path = box.path("pids")
    init = Init(box, unshare, {"tasks": {"web": {
        "command": helper("tree", path, 10), "autoLaunch": True, "gracefulStopTimeout": 1}}},
        close_stdin=True)
    wait_lines(path, 10)
    assert init.ctl("pid").stdout == "1\n"
    assert init.end() == 0, init.log.read_text()
    assert "all has ended" in init.log.read_text()


def test_10000_orphans_are_reaped_and_no_child_of_a_monitor(box, unshare):
    path = box.path("done")
    init = Init(box, unshare, {
        "supervisor": {"cgroups": "off"}, "defaults": {"successfulStartTimeout": 0},
        "tasks": {"burst": {"command": helper("tree", path, 10000, "burst"), "autoLaunch": True},
                  "other": {"command": "exec sleep 600", "autoLaunch": True},
                  "job": {"command": "exit 7"}, "again": {"command": "exit 0", "restart": "always",
                                             "restartDelay": "20ms", "autoLaunch": True}}})
    while not path.exists() or "done" not in path.read_text():
        init.ctl("start", "job")
        wait_for(lambda: init.status()["job"]["status"] == "FATAL")
        assert init.status()["job"]["exit"]["code"] == 7
    wait_for(lambda: not init.zombies(), 10, lambda: f"no zombies; {init.zombies()}")
    assert init.status()["other"]["status"] == init.status()["burst"]["status"] == "RUNNING"
    assert init.end() == 0


def test_an_orphan_that_came_from_elsewhere_is_let_be(box, unshare):
    """As one that `docker exec` leaves: in the namespace, but started by nobody in it."""
    path = box.path("pid")
    init = Init(box, unshare, {
        "supervisor": {"cgroups": "off"},
        "tasks": {"web": {"command": "exec sleep 600", "autoLaunch": True}}})
    enter = ["nsenter", "-t", str(init.init.pid), "-p", "-m"]
    if os.getuid() != 0:
        enter += ["-U", "--preserve-credentials"]
    subprocess.run([*enter, "sh", "-c", f"setsid sleep 601 & echo $! >{path}"], check=True)
    wait_lines(path)
    strays = wait_for(lambda: [p for p in init.init.children()
                               if b"601" in Init.command_of(p) and b"sleep" in Init.command_of(p)])
    assert init.ctl("stop", "web").stdout == "Process 'web' stopped gracefully\n"
    assert strays[0].alive() and "left alone until the shutdown" in init.log.read_text()
    assert init.end() == 0
    assert strays[0].state is None

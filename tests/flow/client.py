"""taskmaster ctl: a supervisor to talk to, and clients that go on."""
import os
import subprocess

from harness import helper, patience, taskmaster
from terminal import Terminal

DONE, FAILED, USAGE, NOT_RUNNING, NO_ANSWER = range(5)  # exit statuses
LONG = {"command": "sleep 600"}


def serve(box, tasks, *args, name="s.sock", **kwargs):
    """A supervisor that serves a socket in the box, and is up."""
    socket = box.path(name)
    supervisor = box.shell({"tasks": tasks}, "-s", socket, *args, **kwargs)
    supervisor.socket = socket
    return supervisor


def stubborn(box):
    """A task that does not stop until it is killed, and the file that says that it is there."""
    ready = box.path("ready")
    return {"command": helper("stubborn", ready, 0), "gracefulStopTimeout": 600,
            "autoLaunch": True}, ready


class Client(Terminal):
    """The shell of ctl on a terminal; ending it ends nothing else."""

    def __init__(self, box, socket, **kwargs):
        super().__init__(box, [*taskmaster(), "ctl", "-s", socket], **kwargs)

    def end(self):
        if not self.ends:
            self.type("exit\r")
            assert self.wait_exit() == 0


class Running:
    """ctl with one command that goes on; its stdout is a pipe."""

    def __init__(self, box, socket, *args):
        self.said = b""
        self.process = subprocess.Popen([*taskmaster(), "ctl", "-s", socket, *args], env=box.env,
                                        cwd=box.directory, stdout=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)

    def lines(self):
        self.said += self.process.stdout.read() or b""
        return self.said.decode().splitlines()

    def wait_exit(self):
        status = self.process.wait(10 * patience())
        self.lines()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

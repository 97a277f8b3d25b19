"""Saying things on behalf of a task: whoever has its user may send to its notify socket."""
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import wait_for
from processes import Process


def variables(pid):
    """The environment of a process, as a dict. In the middle of an exec there is none."""
    entries = wait_for(lambda: [e for e in Process(pid).environ() if b"=" in e])
    return dict(entry.decode(errors="replace").split("=", 1) for entry in entries)


def say(pid, *messages, uid=None):
    """Sends each message, text or bytes, to the socket of the task that `pid` is of; as user `uid`
    if one is given."""
    address = variables(pid)["NOTIFY_SOCKET"].replace("@", "\0", 1)
    if uid is not None:
        code = "import socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); " \
               "[s.sendto(m.encode(), chr(0) + sys.argv[1]) for m in sys.argv[2:]]"
        subprocess.run([sys.executable, "-c", code, address[1:], *messages], check=True, user=uid,
                       group=uid, cwd="/")
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for message in messages:
            sender.sendto(message if isinstance(message, bytes) else message.encode(), address)


def page(supervisor, name):
    """What `describe` says up to the configuration, as a dict."""
    rows = {}
    for line in supervisor.send(f"describe {name}"):
        if line == "configuration:":
            break
        label, _, text = line.strip().partition(": ")
        rows[label] = text.strip()
    return rows


def reasons(supervisor, name):
    """[(FROM, TO, reason)] of the state changes of an instance, the oldest first."""
    lines = supervisor.send(f"describe {name} --json")
    return [(change["from"], change["to"], change["reason"])
            for change in json.loads(lines[0])["history"]]


@contextlib.contextmanager
def open_place():
    """A directory that every user can enter and write in: a box is its owner's alone."""
    with tempfile.TemporaryDirectory(prefix="taskmaster-flow-", dir="/tmp") as name:
        Path(name).chmod(0o1777)
        yield Path(name)


needs_root = os.geteuid() != 0, "only root can be somebody else"

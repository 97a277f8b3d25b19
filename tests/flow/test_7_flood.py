"""The control socket under attack: as many clients as there may be, none of them well-behaved.
TASKMASTER_FLOOD_SECONDS (2) says for how long."""
import json
import os
import random
import threading
import time

import pytest

from control import Control
from harness import helper, lines_of, patience, wait_for

SECONDS = float(os.environ.get("TASKMASTER_FLOOD_SECONDS") or 2)
CLIENTS = 64
REQUESTS = [json.dumps({"id": 1, "command": command, "args": args}).encode() + b"\n"
            for command, args in (("status", []), ("status", ["--json"]), ("pid", ["web_1"]),
                                  ("frob", []), ("start", []), ("signal", ["USR2", "web_*"]),
                                  ("events", []), ("describe", ["all"]), ("help", []))]


def garbage(rng):
    """Bytes of any kind, with and without line ends, and requests among them."""
    return rng.choice([rng.randbytes(rng.randrange(5000)), b"\n" * 1000, b"x" * 70000, b'{"id":[',
                       b"[" * 3000 + b"\n", rng.choice(REQUESTS) * rng.randrange(1, 20)])


def noisy(client, rng, until):
    """Sends garbage, and reads only what is in the way."""
    client.settimeout(0.1)
    while time.monotonic() < until:
        try:
            client.sendall(garbage(rng))
            if rng.random() < 0.5:
                client.recv(1 << 20)
        except TimeoutError:
            pass
        except OSError:
            return  # it was closed, as a line was not finished


def silent(_client, _rng, until):
    wait_for(lambda: time.monotonic() >= until, 3 * SECONDS + 10)


def half_sent(client, rng, until):
    """Sends a byte of a line now and then."""
    client.settimeout(0.1)
    while time.monotonic() < until:
        try:
            client.sendall(b" ")
            client.recv(rng.randrange(1, 100))
        except TimeoutError:
            pass
        except OSError:
            return


def fickle(client, rng, until):
    """Sends something, and is gone."""
    client.settimeout(0.1)
    try:
        client.sendall(garbage(rng))
    except OSError:
        pass
    wait_for(lambda: time.monotonic() >= until or rng.random() < 0.1, 3 * SECONDS + 10)


def run_client(path, temper, seed, until):
    rng = random.Random(seed)
    while time.monotonic() < until:
        try:
            with Control(path) as client:
                temper(client.socket, rng, until)
        except OSError:
            pass


def attack(path, temper, most):
    """That many clients of a temper, each again and again; returns their threads."""
    until = time.monotonic() + SECONDS
    threads = [threading.Thread(target=run_client, args=(path, temper, seed, until), daemon=True)
               for seed in range(most)]
    for thread in threads:
        thread.start()
    return threads


def answered(path):
    """Is a status answered? Not where this client was one too many."""
    try:
        with Control(path) as client:
            client.request("status", "--json", json=True)
            return client.answer().error is None
    except OSError:
        return False


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def connections_and_calls(pid):
    """How many descriptors the supervisor has of the kinds that clients cause."""
    kinds = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            kinds.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            pass  # closed meanwhile
    return (sum(kind.startswith("socket:") for kind in kinds),
            sum(kind == "anon_inode:[eventpoll]" for kind in kinds))


def serve(box):
    """One task that ignores what it is sent, and one that is restarted all the time."""
    tick = {"command": helper("tick", "ticks", 20), "restart": "always", "autoLaunch": True,
            "restartDelay": 0.05, "restartDelayMax": 0.05, "successfulStartTimeout": 0}
    return box.daemon({"tasks": {"tick": tick, "web": {
        "command": ["/bin/sh", "-c", "trap '' USR2; exec sleep 600"], "instances": 20,
        "autoLaunch": True}}})


@pytest.mark.parametrize("temper", [noisy, silent, half_sent, fickle])
def test_a_flood_harms_nobody_and_leaves_nothing(box, temper):
    supervisor = serve(box)
    with Control(supervisor.socket) as client:
        client.wait_state("web_20", "STARTED", "RUNNING")
    ticks = box.path("ticks")
    wait_for(lambda: lines_of(ticks))
    assert answered(supervisor.socket)
    wait_for(lambda: connections_and_calls(supervisor.pid)[0] == 1)
    before = connections_and_calls(supervisor.pid)
    resident = resident_kib(supervisor.pid)

    # One place is left for the good, who comes again and again.
    threads = attack(supervisor.socket, temper, CLIENTS - 1)
    good = 0
    while any(thread.is_alive() for thread in threads):
        count = len(lines_of(ticks))
        wait_for(lambda: answered(supervisor.socket))
        good += 1
        wait_for(lambda: len(lines_of(ticks)) > count)
    assert good > 0

    # Then too many, and afterwards all is as it was.
    for thread in attack(supervisor.socket, temper, CLIENTS * 2):
        thread.join()
    wait_for(lambda: answered(supervisor.socket))
    wait_for(lambda: connections_and_calls(supervisor.pid) == before,
             what=lambda: f"{before} again, it is {connections_and_calls(supervisor.pid)}")
    if patience() == 1:  # a sanitizer keeps what was freed
        grown = resident_kib(supervisor.pid) - resident
        assert grown < 24 << 10, f"{grown} KiB more than before"

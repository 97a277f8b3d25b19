"""Section 10 under stress: many clients start, stop, restart and reload parts of one graph, where
tasks die and come back. ORDER_STORM_SECONDS (2) says for how long; ORDER_SEED repeats a run."""
import os
import random
import signal
import threading
import time

import pytest

from control import Control, connect
from harness import patience

SECONDS = float(os.environ.get("ORDER_STORM_SECONDS") or 2)
TASKS = 25
CLIENTS = 6


def graph(rng):
    """Tasks with other links each time; some die soon, some come back, some only complete."""
    tasks = {}
    for number in range(TASKS):
        some = rng.sample(range(number), min(number, rng.choice([0, 1, 1, 2, 4])))
        needs = {f"t{n}": {"condition": rng.choice(["running", "started"])} for n in some}
        tasks[f"t{number}"] = {"command": "sleep 600", "instances": rng.choice([1, 1, 1, 2]),
                               "successfulStartTimeout": rng.choice([0, 0, 0.02]),
                               "dependsOn": needs}
    tasks["dies"] = {"command": "sleep 0.01", "restart": "always", "restartDelay": 0.01,
                     "dependsOn": ["t1"], "restartsAttempts": 2}
    tasks["runs"] = {"command": "true", "dependsOn": ["t2"]}
    tasks["late"] = {"command": "sleep 600", "successfulStartTimeout": 0,
                     "dependsOn": {"runs": {"condition": "completed"}}}
    return {"tasks": tasks}


def random_request(box, rng, names):
    command = rng.choice(["start", "start", "stop", "restart", "signal", "reload"])
    targets = [rng.choice(names) for _ in range(rng.choice([1, 1, 2]))]
    if command == "reload":
        name = f"next{rng.random()}"
        os.replace(box.write(graph(rng), name), box.path("config.yaml"))
        return [command]
    if command == "signal":
        return [command, "KILL", *targets]
    force = ["--force"] if command == "stop" and rng.random() < 0.2 else []
    return [command, *targets, *force, *rng.choice([[], ["--timeout", "50ms"], ["--timeout", "5s"]])]


def client(box, supervisor, rng, until, failures):
    """Asks for this and that, waits for some of it, and is gone in the middle of other things."""
    names = [f"t{n}" for n in range(TASKS)] + ["dies", "runs", "late", "t1*", "all"]
    while time.monotonic() < until:
        try:
            with Control(supervisor.socket, timeout=30) as control:
                for _ in range(rng.randrange(1, 6)):
                    control.request(*random_request(box, rng, names))
                    if rng.random() < 0.7:
                        control.answer()
        except (AssertionError, OSError) as error:
            failures.append(error)
            return


def storm(box, supervisor, seed):
    failures = []
    until = time.monotonic() + SECONDS
    clients = [threading.Thread(target=client, args=(box, supervisor, random.Random(seed + number),
                                                     until, failures))
               for number in range(CLIENTS)]
    for thread in clients:
        thread.start()
    return clients, failures


@pytest.fixture
def seed():
    value = int(os.environ.get("ORDER_SEED") or random.randrange(1 << 32))
    print(f"ORDER_SEED={value}")
    return value


def test_all_commands_are_answered_and_all_can_be_up_in_the_end(box, seed):
    rng = random.Random(seed)
    supervisor = box.foreground(graph(rng))
    connect(supervisor.socket).close()
    clients, failures = storm(box, supervisor, seed)
    for thread in clients:
        thread.join(40 * patience())
    assert not failures and not any(thread.is_alive() for thread in clients)
    with Control(supervisor.socket, timeout=30) as control:
        def ask(*words):
            control.request(*words)
            return control.answer()
        box.write(graph(rng))
        assert ask("reload").exit == 0
        ask("stop", "all")
        assert {line.split()[1] for line in ask("status").lines[1:]} == {"STOPPED"}
        ask("start", *[f"t{n}" for n in range(TASKS)], "late", "--wait")
        lines = ask("status").lines[1:]
        assert {line.split()[1] for line in lines if line[0] in "tl"} == {"RUNNING"}, lines


def test_a_shutdown_in_the_middle_ends_all(box, seed):
    supervisor = box.foreground(graph(random.Random(seed)))
    connect(supervisor.socket).close()
    clients, _ = storm(box, supervisor, seed)
    threading.Event().wait(SECONDS / 4)
    supervisor.signal(signal.SIGTERM)
    assert supervisor.wait_exit(20) == 0
    box.assert_nothing_left()
    for thread in clients:
        thread.join(40 * patience())

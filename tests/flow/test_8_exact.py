"""Section 8: nothing is lost. Tasks write numbered lines through rotated logs while they are
restarted, stopped, reloaded and end by themselves; in the end every line is there, once, in order.
EXACT_MB (5) is what each task writes."""
import os
import random
import signal

from harness import helper, patience, wait_for

TASKS = 20
SIZE = int(float(os.environ.get("EXACT_MB") or 5) * 1024 * 1024)
MAX = 1024 * 1024


def config(box, version):
    """Half of the tasks change with the version."""
    def task(i):
        life = [600_000 + i * 50_000] if i % 4 == 0 else []
        return {"command": helper("lines", box.path(f"counter.{i}"), SIZE, *life),
                "stdout": f"logs/{i}/out.log", "stderr": "stdout", "logMaxSize": "1MB",
                "logBackups": 100, "restart": "always", "successfulStartTimeout": 0,
                "restartDelay": 0, "restartDelayMax": 0, "gracefulStopTimeout": 120,
                "autoLaunch": True, "environment": {"VERSION": version if i % 2 else 0}}
    return {"tasks": {f"t{i}": task(i) for i in range(TASKS)}}


def is_done(box, i):
    try:
        return int(box.path(f"counter.{i}").read_text().split()[1]) >= SIZE
    except FileNotFoundError:
        return False


def lines(size):
    """What helper/lines.c writes, until there are `size` bytes."""
    text, number, length = [], 0, 0
    while length < size:
        line = b"%010d %s\n" % (number, b"x" * (number * 7919 % 200))
        text.append(line)
        length += len(line)
        number += 1
    return b"".join(text)


def check(directory, expected):
    files = sorted(directory.iterdir(), key=lambda path: int("0" + path.suffix[1:].strip("log")))
    assert [path.name for path in files] == ["out.log", *(f"out.log.{n}"
                                                          for n in range(1, len(files)))]
    rest = memoryview(expected)
    for path in reversed(files):
        text = path.read_bytes()
        assert len(text) <= MAX and text.endswith(b"\n"), path
        if text != rest[:len(text)]:
            at = next(i for i, (a, b) in enumerate(zip(text, rest)) if a != b)
            raise AssertionError(f"{path} differs at {at}: {text[at - 20:at + 40]} instead of "
                                 f"{bytes(rest[at - 20:at + 40])}")
        rest = rest[len(text):]
    assert not rest, f"{len(rest)} of {len(expected)} bytes are missing in {directory}"


def test_every_byte_is_in_the_files_in_order(box):
    limit = 60 + SIZE * TASKS / 4_000_000
    signal.setitimer(signal.ITIMER_REAL, limit * patience())
    rng = random.Random(8)
    supervisor = box.shell(config(box, 0))
    version = 0
    while not all(is_done(box, i) for i in range(TASKS)):
        some = " ".join(f"t{i}" for i in rng.sample(range(TASKS), 5))
        action = rng.choice(["restart", "stop", "reload", "reopen"])
        if action == "restart":
            supervisor.send(f"restart {some}", timeout=limit)
        elif action == "stop":
            supervisor.send(f"stop {some}", timeout=limit)
            supervisor.send("start all", timeout=limit)
        elif action == "reload":
            version += 1
            supervisor.reload(config(box, version))
        else:
            supervisor.signal(signal.SIGUSR1)
    supervisor.send("stop all", timeout=limit)
    wait_for(lambda: all(t["status"] == "STOPPED" for t in supervisor.status().values()))
    expected = lines(SIZE)
    for i in range(TASKS):
        assert int(box.path(f"counter.{i}").read_text().split()[1]) == len(expected)
        check(box.path(f"logs/{i}"), expected)

"""Sections 7 and 8: nothing grows, however often it is done. CYCLES (40) are run."""
import os
import signal

from harness import helper, lines_of, patience, wait_for

CYCLES = int(os.environ.get("CYCLES") or 40)
WARM = min(100, CYCLES)  # until the rings of past events are full


def size_of(pid):
    """Descriptors, threads, and the KiB that are its own."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        own = sum(int(line.split()[1]) for line in rollup if line.startswith("Private_"))
    return len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task")), own


def config(version):
    return {"tasks": {
        "talk": {"command": ["sh", "-c", "head -c 3000 /dev/zero | tr '\\0' x; echo; exec sleep 600"],
                 "instances": 4, "stdout": "logs/${NAME}", "stderr": "stdout", "logMaxSize": "2KB",
                 "logBackups": 2, "autoLaunch": True, "successfulStartTimeout": 0,
                 "environment": {"VERSION": version}},
        "come": {"command": helper("tick", "ticks"), "instances": 1 + version % 3,
                 "stdout": "logs/come", "logTimestamps": True, "autoLaunch": True}}}


def cycle(box, supervisor, number):
    box.write(config(number))
    for command in (["restart", "talk"], ["reload"], ["status", "-v"], ["logs", "talk", "5"]):
        result = box.ctl(*command)
        assert result.returncode == 0, result.stdout + result.stderr
    supervisor.signal(signal.SIGUSR1)


def test_restarts_reloads_and_rotations_leave_nothing_behind(box):
    supervisor = box.foreground(config(0))
    wait_for(lambda: lines_of(box.path("ticks")))
    for number in range(WARM):
        cycle(box, supervisor, number)

    def settled():
        box.write(config(0))
        assert box.ctl("reload").returncode == 0
        return size_of(supervisor.pid)

    descriptors, threads, own_kib = settled()
    for number in range(CYCLES):
        cycle(box, supervisor, number)
    # No more than before, which may have counted a connection on its way out.
    wait_for(lambda: all(now <= then for now, then in zip(settled(), (descriptors, threads))), 20,
             lambda: f"{settled()} as {descriptors, threads}")
    grown = settled()[2] - own_kib
    assert patience() > 1 or grown < 1024, f"{grown} KiB more after {CYCLES} cycles"
    def names():
        return {path.name for path in box.path("logs").iterdir()}
    # One may be missing in the middle of a rotation.
    wait_for(lambda: names() >= {"talk_1", "talk_1.1", "talk_1.2"}, what=names)

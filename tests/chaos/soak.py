#!/usr/bin/python3
"""Soak: one supervisor restarts and reloads for long, and does not grow: descriptors, threads, maps and
memory are at the end what they were once everything had been done some times.

    soak.py [RESTARTS [RELOADS]]     100000 and 10000
        TASKMASTER, TASKMASTER_HELPERS, TASKMASTER_VARIANT as for the flow tests

Each round is a reload that changes, scales, adds and removes something, one in ten of a file that is
broken, and a restart of all instances of one task. Others end by themselves meanwhile; their restarts
are on top. At each tenth all is set back, and looked at."""
import os
import random
import re
import sys
import time

import life as lives
import promises
import talk
from run import Run

TENTHS = 10
WARM = 3         # the look from which on nothing grows: until then, past events are collected
GROWN_KIB = 512  # of private memory
GROWN_MAPS = 8   # a stack that a thread has left is kept for the next


def tasks_of(version, restarted):
    talk_task = {"command": ["/bin/sh", "-c", "echo ${NAME}; exec sleep 1000"], "autoLaunch": True}
    tasks = {
        "restarted": {**talk_task, "instances": restarted, "stdout": "logs/${NAME}.log",
                      "logMaxSize": "1KB", "logBackups": 2},
        "plain": {"command": ["sleep", "1000"], "instances": 5, "autoLaunch": True},
        "brief": {"command": ["true"], "restart": "always", "autoLaunch": True, "instances": 2,
                  "restartDelay": "50ms", "restartDelayMax": "50ms", "restartsAttempts": 0},
        "changed": {**talk_task, "environment": {"VERSION": version}, "stdout": "logs/changed.log"},
        "scaled": {**talk_task, "instances": 1 + version % 3, "stdout": "logs/${NAME}.log",
                   "logTimestamps": True},
    }
    if version % 2:
        tasks[f"added{version % 7}"] = {**talk_task, "dependsOn": ["plain"]}
    return tasks


def look(life):
    """Descriptors, threads, maps, private KiB, and all that is resident."""
    with open(f"/proc/{life.pid}/maps", encoding="ascii") as maps:
        count = sum(1 for _ in maps)
    with open(f"/proc/{life.pid}/smaps_rollup", encoding="ascii") as rollup:
        text = rollup.read()
    private = sum(int(kib) for kib in re.findall(r"Private_\w+:\s+(\d+)", text))
    return *life.size(), count, private, int(re.search(r"Rss:\s+(\d+)", text)[1])


class Soak:
    def __init__(self, restarts, reloads):
        self.restarts, self.reloads = restarts, reloads
        self.each = max(1, round(restarts / reloads))
        self.rng = random.Random(1)
        self.run = Run(1, False)
        self.run.supervisor = {"logMaxSize": "1MB", "logBackups": 1}
        self.run.tasks = tasks_of(0, self.each)
        self.run.number = 1
        self.done = [0, 0]
        self.looks = []
        self.begun = time.monotonic()

    def reload(self, version):
        self.run.tasks = tasks_of(version, self.each)
        self.run.write_config()
        call = self.run.life.ask("reload")
        if call.exit:
            raise lives.Breach("a reload works", call)
        self.done[1] += 1

    def reload_broken(self):
        self.run.write_text(self.run.config_text().replace('"tasks"', '"tsaks"'))
        call = self.run.life.ask("reload")
        if call.exit != 1:
            raise lives.Breach("a broken configuration is refused", call)
        self.done[1] += 1

    def restart(self):
        call = self.run.life.ask("restart", "restarted")
        started = call.output.count("restarted with PID")
        if call.exit or started != self.each:
            raise lives.Breach("a restart works", call)
        self.done[0] += started

    def settle(self):
        """Back to the first configuration, and look until two looks agree."""
        life = self.run.life
        self.reload(0)
        promises.configured(self.run, life)
        sizes = [life.size()]
        while len(sizes) < 5 or sizes[-5:] != sizes[-1:] * 5:
            time.sleep(0.05)
            sizes.append(life.size())
        self.looks.append(look(life))
        own = sum(task["restarts"] for task in life.status().values() if task["task"] == "brief")
        print(f"{self.done[0]:>9}{own:>9}{self.done[1]:>9}"
              + "".join(f"{figure:>9}" for figure in self.looks[-1])
              + f"{time.monotonic() - self.begun:>9.0f}", flush=True)

    def check(self):
        first, last = self.looks[WARM], self.looks[-1]
        grown = [now - then for now, then in zip(last, first)]
        limits = [0, 0, GROWN_MAPS, GROWN_KIB]
        if lives.PATIENCE > 1:
            limits = limits[:2]  # sanitizers keep what was freed
        for what, by, limit in zip(("descriptors", "threads", "maps", "KiB"), grown, limits):
            if by > limit:
                raise lives.Breach("nothing grows", f"{by} {what} more: {first}, then {last}")

    def main(self):
        life = self.run.life = lives.Life(self.run, 1, "foreground", False)
        life.wait_up()
        print("".join(f"{head:>9}" for head in ("restarts", "own", "reloads", "fds", "threads", "maps",
                                                 "private", "RSS KiB", "seconds")))
        self.settle()
        for number in range(1, self.reloads + 1):
            if number % 10 == 0:
                self.reload_broken()
            else:
                self.reload(self.rng.randrange(42))
            if self.done[0] < self.restarts:
                self.restart()
            if number % max(1, self.reloads // TENTHS) == 0:
                self.settle()
        self.check()
        status = lives.end(life, "SIGTERM")
        self.run.life = None
        if status:
            raise lives.Breach("the exit status is right", status)
        promises.left_nothing(self.run, False)
        promises.clean_log(self.run, life)


def main():
    sizes = [int(word) for word in sys.argv[1:3]] + [100000, 10000][len(sys.argv[1:3]):]
    soak = Soak(*sizes)
    failed = True
    try:
        soak.main()
        failed = False
    except (lives.Breach, talk.Late, talk.Gone) as error:
        print(f"soak: {error}: {getattr(error, 'evidence', '')}", file=sys.stderr)
    finally:
        soak.run.clean(failed)
    print(f"soak: {soak.done[0]} restarts and {soak.done[1]} reloads, uid {os.getuid()}: "
          + ("failed" if failed else "nothing has grown"))
    return failed


if __name__ == "__main__":
    sys.exit(main())

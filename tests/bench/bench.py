#!/usr/bin/python3
"""bench.py - measures taskmaster beside other supervisors, and beside the least that one has to do.

Contenders take turns within each repetition, so that what else happens on the machine happens to all."""
import argparse
import fnmatch
import os
import platform
import signal
import sys
import tempfile
import time

import contenders
import logs
import measures
import queues
import report
import world
from figures import Figures

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.path.join(ROOT, "build/release/tests/bench")
BINARY = os.path.join(ROOT, "bin/taskmaster")
RESULTS = os.path.join(ROOT, "tests/bench/results")
CHILD = [os.path.join(PROGRAMS, "child")]

OURS = ("limit", "taskmaster")
ALL = ("taskmaster with cgroups", "supervisord", "runit", "s6", *OURS)
QUICK = ("taskmaster with cgroups", "runit", "s6", *OURS)  # supervisord takes a minute for 1,000


class Size:
    """How lives with so many children are measured: repetitions of ours and of the others, who."""

    def __init__(self, ours, others, who):
        self.ours, self.others, self.who = ours, others, who


FULL = {0: Size(3, 3, ALL), 100: Size(5, 3, ALL), 1000: Size(5, 3, ALL),
        5000: Size(5, 1, ("supervisord", *OURS)), 10_000: Size(3, 0, OURS)}
SHORT = {0: Size(1, 1, ALL), 100: Size(2, 1, ALL), 1000: Size(2, 1, QUICK), 5000: Size(2, 0, OURS),
         10_000: Size(0, 0, OURS)}
RESTARTS = 20


class Bench:
    """What one run of the bench knows."""

    def __init__(self, options, base):
        self.quick, self.repeat, self.base = options.quick, options.repeat, base
        self.figures = Figures()
        self.began = time.monotonic()
        self.contenders = []
        for contender in contenders.everybody(PROGRAMS, BINARY):
            why = contender.missing()
            if why:
                self.say(f"{contender.name} is left out: {why}")
                self.figures.note("all", contender.name, why)
            else:
                self.contenders.append(contender)

    def say(self, text):
        print(f"{time.monotonic() - self.began:7.1f} s  {text}", file=sys.stderr, flush=True)

    def times(self, full, quick):
        return self.repeat or (quick if self.quick else full)

    def attempt(self, what, contender, work):
        """Does it. Returns whether that worked; where not, that is a figure, too."""
        try:
            work()
            return True
        except (world.TookTooLong, world.Broken, OSError) as error:
            self.say(f"{what}: {contender.name}: {error}")
            self.figures.note(what, contender.name, f"cannot: {error}")
            return False
        finally:
            world.kill_all()

    def lives(self, n):
        size = (SHORT if self.quick else FULL)[n]
        joining = [c for c in self.contenders if n <= c.most and c.name in size.who]
        for contender in self.contenders:
            if contender not in joining:
                self.figures.note(f"lives_{n}", contender.name,
                                  contender.beyond if n > contender.most else "not measured")
        ours, others = (self.repeat or count for count in (size.ours, size.others))
        for repetition in range(max(ours, others) if ours else 0):
            turn = repetition % max(1, len(joining))
            for contender in joining[turn:] + joining[:turn]:
                if repetition < (ours if contender.name in OURS else others):
                    self.life(n, contender, repetition, joining)
            self.say(f"{n} children, repetition {repetition + 1}")

    def life(self, n, contender, repetition, joining):
        idle_s = (3 if self.quick else 10) if n == 1000 and repetition == 0 else 0
        if not self.attempt(f"lives_{n}", contender, lambda: measures.whole_life(
                self.figures, contender, n, CHILD, self.base, RESTARTS if n else 0,
                statuses=5 if n >= 1000 else 0, idle_s=idle_s)):
            joining.remove(contender)

    def alone(self):
        for contender in self.contenders:
            if isinstance(contender, contenders.TaskmasterCgroups):
                self.figures.about["kill"] = measures.kill_method(contender, CHILD, self.base)
        measures.restarts_alone(self.figures, self.contenders, CHILD, self.base, self.times(30, 6))
        self.say("restarts of an only child")

    def logs(self):
        for measure, (rivals, chunk, megabytes) in logs.rivals(PROGRAMS, BINARY).items():
            size = megabytes * (250_000 if self.quick else 1_000_000)
            rivals = [rival for rival in rivals if isinstance(rival, logs.File) or not rival.missing()]
            for repetition in range(self.times(9, 3)):
                turn = repetition % len(rivals)
                for rival in rivals[turn:] + rivals[:turn]:
                    self.attempt(measure, rival, lambda: logs.capture(
                        self.figures, measure, rival, PROGRAMS, self.base, size, chunk))
            self.say(measure)

    def queues(self):
        for _ in range(self.times(5, 3)):
            queues.measure(self.figures, PROGRAMS, 0.2 if self.quick else 1)
        self.say("queues")


def parts(bench):
    """name: what to call."""
    return {
        "alone": bench.alone,
        **{f"lives-{n}": lambda n=n: bench.lives(n) for n in FULL},
        "logs": bench.logs,
        "queues": bench.queues,
    }


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="three minutes instead of twenty")
    parser.add_argument("--only", metavar="PART", action="append", default=[],
                        help="a glob of alone, lives-N, logs, queues")
    parser.add_argument("--repeat", type=int, metavar="N", help="repetitions of everything")
    parser.add_argument("--out", metavar="DIR", help="where the results go")
    return parser.parse_args(arguments)


def about(options):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return {"date": time.strftime("%Y-%m-%d"), "kernel": platform.release(), "processors": os.cpu_count(),
            "model": models[0] if models else platform.machine(), "quick": options.quick,
            "load": os.getloadavg()[0]}


def main():
    options = options_of(sys.argv[1:])
    out = options.out or (os.path.join(ROOT, "build/bench") if options.quick or options.only else RESULTS)
    os.makedirs(out, exist_ok=True)
    world.become_subreaper()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="bench-", dir=memory) as base:
        bench = Bench(options, base)
        bench.figures.about = about(options)
        try:
            for name, part in parts(bench).items():
                if not options.only or any(fnmatch.fnmatch(name, only) for only in options.only):
                    part()
        finally:
            world.kill_all()
    without = report.write(bench.figures, out)
    if without:
        bench.say(without)
    if out == RESULTS:
        report.into_readme(bench.figures, os.path.join(ROOT, "README.md"))
    bench.say(os.path.join(out, "figures.md"))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""bench.py - measures taskmaster beside other supervisors, and beside the least that one has to do.

Contenders take turns within each repetition, so that what else happens on the machine happens to all."""
import argparse
import os
import platform
import signal
import sys
import tempfile
import time

import contenders
import measures
import world
from figures import Figures

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.path.join(ROOT, "build/release/tests/bench")
BINARY = os.path.join(ROOT, "bin/taskmaster")
CHILD = [os.path.join(PROGRAMS, "child")]

# number of children: (repetitions, of the quick bench; restarts in each life; may peers join?)
SIZES = {
    0: (3, 1, 0, True),
    100: (5, 2, 20, True),
    1000: (5, 2, 20, True),
    5000: (5, 1, 20, False),
    10_000: (3, 0, 20, False),
}
OURS = ("limit", "taskmaster")


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
        full, quick, restarts, peers = SIZES[n]
        joining = [c for c in self.contenders if n <= c.most and (peers or c.name in OURS)]
        for repetition in range(self.times(full, quick)):
            turn = repetition % len(joining) if joining else 0
            for contender in joining[turn:] + joining[:turn]:
                idle_s = (3 if self.quick else 10) if n == 1000 and repetition == 0 else 0

                def work(contender=contender, idle_s=idle_s):
                    measures.whole_life(self.figures, contender, n, CHILD, self.base, restarts,
                                        statuses=5 if n >= 1000 else 0, idle_s=idle_s)
                if not self.attempt(f"lives_{n}", contender, work):
                    joining.remove(contender)
            self.say(f"{n} children: repetition {repetition + 1}")

    def alone(self):
        measures.restarts_alone(self.figures, self.contenders, CHILD, self.base, self.times(30, 8))
        self.say("restarts of one child")


def parts(bench):
    """name: what to call."""
    return {
        "alone": bench.alone,
        **{f"lives-{n}": lambda n=n: bench.lives(n) for n in SIZES},
    }


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="three minutes instead of twenty")
    parser.add_argument("--only", metavar="PART", action="append", default=[], help="parts that begin so")
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
    out = options.out or os.path.join(ROOT, "build/bench" if options.quick or options.only
                                      else "tests/bench/results")
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
                if not options.only or any(name.startswith(only) for only in options.only):
                    part()
        finally:
            world.kill_all()
    bench.figures.save(os.path.join(out, "figures.json"))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Chaos: supervisors live, one after the other, in a world that does at random what worlds do: kills
and freezes processes, edits and breaks the configuration, floods, fills disks, moves logs away, turns
the clock. After each step the promises are checked from outside.

    chaos.py [--seconds 120] [--steps N] [--seed N] [--keep]
        TASKMASTER, TASKMASTER_HELPERS, TASKMASTER_VARIANT as for the flow tests

The same seed gives the same sequence of actions; what comes of one depends on when it comes. A breach
ends the run: it prints what was seen, the last steps, and how to repeat them; its directory is kept."""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback

import life as lives
import promises
import talk
from run import Run
from world import World


def own_mounts():
    """Once more in a mount namespace of our own, where we may have one."""
    if os.geteuid() or os.environ.get("CHAOS_OWN_MOUNTS") or not shutil.which("unshare"):
        return
    own = ["unshare", "-m", "--propagation", "private"]
    if subprocess.run([*own, "true"], check=False, capture_output=True).returncode == 0:
        os.execvpe(own[0], [*own, sys.executable, *sys.argv], {**os.environ, "CHAOS_OWN_MOUNTS": "1"})


class Chaos:
    def __init__(self, options):
        self.options = options
        self.rng = random.Random(options.seed)
        self.run = Run(options.seed, options.keep)
        self.world = World(self.run)
        self.begun = time.monotonic()

    def over(self):
        if self.options.steps:
            return len(self.run.steps) >= self.options.steps
        return time.monotonic() - self.begun > self.options.seconds

    def live(self):
        """One life, up to its end. All that is drawn is drawn before it is known what comes of it."""
        run, rng = self.run, self.rng
        front = rng.choice(("foreground", "foreground", "shell", "daemon"))
        faked, steps = rng.random() < 0.4, rng.randrange(15, 60)
        how = rng.choices(list(lives.ENDS), [often for often, _ in lives.ENDS.values()])[0]
        seeds = [rng.getrandbits(64) for _ in range(steps)]
        run.number += 1
        run.life = lives.Life(run, run.number, front, faked and not run.clock.why_not)
        run.logs.append(run.life)
        run.life.wait_up()
        watch = promises.Watch(run)
        watch.look(run.life)
        self.world.new_life()
        for seed in seeds:
            if self.over():
                break
            self.world.step(seed)
            watch.look(run.life)
        self.end("SIGTERM" if self.over() else how)

    def end(self, how):
        run, life = self.run, self.run.life
        run.steps.append(f"{len(run.steps) + 1}: life {run.number}: ends by {how}")
        run.counts["ends by " + how] += 1
        if how == "SIGKILL":
            run.killed.add(life.pid)
        status = lives.end(life, how)
        if status not in lives.ENDS[how][1]:
            raise lives.Breach("the exit status is right", f"{status} after {how}; {life.said()}")
        for call in run.calls:
            call.close()
        for _, connection in run.guests:
            connection.close()
        run.calls.clear()
        run.guests.clear()
        if life.faked:
            run.clock.forget(life.process.pid)
        run.life = None
        run.reap()
        promises.left_nothing(run, how == "SIGKILL")
        promises.clean_log(run, life)
        promises.decisions_replay(run)
        if how != "SIGKILL":
            promises.logs_complete(run)
            run.forget_logs()

    def summary(self, breaches):
        run = self.run
        for name, count in sorted(run.counts.items()):
            print(f"  {name:<24}{count:>6}")
        print("  checks:")
        for name, count in sorted(run.checks.items()):
            print(f"    {name:<44}{count:>8}")
        if run.clock.why_not:
            print(f"  no false clock: {run.clock.why_not}")
        if not run.disk.small:
            print("  no disk of our own: limits on the size of files instead")
        if os.geteuid():
            print("  no other user: not root")
        print(f"chaos: {time.monotonic() - self.begun:.0f} s, {len(run.steps)} steps, {run.number} lives, "
              f"{sum(run.checks.values()):,} checks, {breaches} breaches, seed {run.seed}")

    def report(self, promise, evidence):
        run = self.run
        sys.stdout.flush()
        print(f"chaos: BREACH: {promise}\n  {evidence}", file=sys.stderr)
        print("  processes:", *run.census.take(run.life.pid if run.life else None), sep="\n    ",
              file=sys.stderr)
        for log in run.logs[-1:]:
            print("  the last of its log:", *log.log_text().splitlines()[-15:], sep="\n    ",
                  file=sys.stderr)
        if run.trace().exists():
            print(f"  its story: taskmaster replay {run.trace()}", file=sys.stderr)
        print("  the last steps:", *run.steps[-20:], sep="\n    ", file=sys.stderr)
        print(f"  to repeat: make chaos CHAOS_SEED={run.seed} CHAOS_STEPS={len(run.steps) + 1}"
              f" VARIANT={lives.VARIANT}", file=sys.stderr)

    def main(self):
        breaches = 1
        try:
            while not self.over():
                self.live()
            breaches = 0
        except lives.Breach as breach:
            self.report(breach.promise, breach.evidence)
        except talk.Late as late:
            self.report("every command is answered in time", late)
        except talk.Gone as gone:
            alive = self.run.life and self.run.life.alive()
            self.report("every command is answered", f"{gone}; the supervisor is "
                        f"{'there' if alive else 'gone: ' + self.run.life.said()}")
        except Exception:
            self.report("this program has no bugs", traceback.format_exc())
        finally:
            self.summary(breaches)
            self.run.clean(breaches)
        return breaches


def main():
    parser = argparse.ArgumentParser(description="lets the world loose on supervisors")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--steps", type=int, default=0, help="instead of seconds")
    parser.add_argument("--seed", type=int, default=0, help="0: a random one, which is printed")
    parser.add_argument("--keep", action="store_true", help="keep the directory in any case")
    options = parser.parse_args()
    own_mounts()
    options.seed = options.seed or random.SystemRandom().randrange(1, 1 << 31)
    print(f"chaos: seed {options.seed}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return Chaos(options).main()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
"""Has calls of taskmaster fail, one in each life of a supervisor, and sees whether it keeps what it
promises: it does not crash or hang, leaves nothing behind, starts nothing twice, answers every
command, and says what failed where that made a difference. tests/README.md, "Faults", tells more.

  run.py                           samples of all sessions and faults, for --seconds
  run.py --all                     every action at every site, the first and a later time
  run.py SESSION FAULT             one of them, with all that was said
  run.py --sites SESSION           which calls the session makes, where, and how often"""
import argparse
import concurrent.futures
import ctypes
import functools
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/flow"))

import sessions  # noqa: E402
import whole_life  # noqa: E402
from calls import ACTIONS, FRAGILE, actions_of, number_of, reason_of  # noqa: E402

PR_SET_CHILD_SUBREAPER = 36
SESSIONS = {
    "check": sessions.check, "complain": sessions.complain, "client": sessions.client,
    "daemon": sessions.daemon, "shell": sessions.shell,
    "cgroups": whole_life.with_cgroups, "orphans": whole_life.without_cgroups,
}
LONG = ("cgroups", "orphans")
ALLOCATIONS = ("malloc", "calloc", "realloc")
DRY_RUNS = 3
RANDOM_SHARE = 0.1
RATES = (300, 3000, 30000)  # of a million
# What may be said instead of the reason that the system has for it.
SHORTAGE = ("memory", "descriptor", "temporarily unavailable", "no process could be made",
            "cannot watch the process", "try again")
OTHER_WORDS = {**dict.fromkeys(("ENOMEM", "EMFILE", "ENFILE", "ENOSPC", "EAGAIN"), SHORTAGE),
               "SHORT": ("no space left", "cannot write")}
# Nobody is there to be told; or whoever is there has no other way to be told than the one that
# failed. By action, or by the function in which it failed.
QUIET = ("EPIPE", "ECONNABORTED")
QUIET_IN = {"sink_write": ("EIO", "ENOSPC"), "read_bytes": ("EIO",)}


def run_one(options, session, fault, usual=None):
    """One session in a directory of its own."""
    directory = tempfile.mkdtemp(prefix="faults-")
    place = sessions.Place(directory, options.program, options.inject, options.helpers, fault,
                           usual)
    try:
        return SESSIONS[session](place)
    except Exception as error:  # pylint: disable=broad-except
        place.broken(f"the session ended early: {type(error).__name__}: {error}")
        return place.check_end()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def differences(outcome, usual):
    names = [*usual.results, *(name for name in outcome.results if name not in usual.results)]
    return [f"{name}: {outcome.results.get(name)}, not {usual.results.get(name)}"
            for name in names if outcome.results.get(name) != usual.results.get(name)]


def is_told(options, outcome, fault):
    """Does something of what was said name a reason of this fault?"""
    words = outcome.words.lower()
    functions = {where(options, site).split("(")[0] for _, site, _, _ in outcome.report.fired}
    for action in actions_of(fault):
        if action in QUIET or any(action in QUIET_IN.get(name, ()) for name in functions):
            return True
        reason = reason_of(action)
        told = [reason.lower()] if reason else []
        if any(word in words for word in (*told, *OTHER_WORDS.get(action, ()))):
            return True
    return False


def judge(options, outcome, usual, fault):
    """What is wrong; nothing, most of the time."""
    wrong = list(outcome.broken)
    changed = differences(outcome, usual)
    fired = bool(outcome.report and outcome.report.fired)
    if fault.startswith("random:"):
        return wrong
    if changed and not fired:
        wrong.append("without that a call failed: " + "; ".join(changed))
    elif changed and not is_told(options, outcome, fault):
        wrong.append("nothing was said of why: " + "; ".join(changed))
    if not changed and outcome.descriptors > usual.descriptors:
        wrong.append(f"{outcome.descriptors} descriptors, not {usual.descriptors}")
    if not changed and outcome.threads > usual.threads:
        wrong.append(f"{outcome.threads} threads, not {usual.threads}")
    return wrong


def dry(options, session):
    """A session in which nothing fails. More than one, for what differs by itself."""
    runs = [run_one(options, session, "") for _ in range(DRY_RUNS)]
    usual = runs[0]
    for run in runs:
        if run.broken or differences(run, usual):
            sys.exit(f"{session}, and nothing fails: {run.broken} {differences(run, usual)}\n"
                     f"{run.words}")
        usual.descriptors = max(usual.descriptors, run.descriptors)
        usual.threads = max(usual.threads, run.threads)
        for site, count in run.report.sites.items():
            usual.report.sites[site] = max(count, usual.report.sites.get(site, 0))
    return usual


def can_fail(options, name, site):
    calls = FRAGILE.get(where(options, site).split("(")[0], ()) if name in ALLOCATIONS else ()
    return name not in calls


def faults_of(options, usual, seed):
    """All that can be tried, in the order in which it is: first one action at every site."""
    first, later = [], []
    chance = random.Random(seed)
    for (name, site), count in sorted(usual.report.sites.items()):
        actions = list(ACTIONS.get(name, ())) if can_fail(options, name, site) else []
        chance.shuffle(actions)
        for i, action in enumerate(actions):
            (later if i else first).append(f"{name}@{site:x}:{action}:1")
            if count > 1:
                later.append(f"{name}@{site:x}:{action}:{chance.randint(2, count)}")
            if name not in ALLOCATIONS:
                later.append(f"{name}@{site:x}:{action}:1:3")
    chance.shuffle(first)
    chance.shuffle(later)
    return first, later


def plan(options, usual):
    """(session, fault) in the order in which they are tried; the sessions take turns."""
    rows = []
    for session in options.sessions:
        first, later = faults_of(options, usual[session], f"{options.seed}/{session}")
        rows += [(0, i / len(first), session, fault) for i, fault in enumerate(first)]
        rows += [(1, i / len(later), session, fault) for i, fault in enumerate(later)]
    chance = random.Random(options.seed)
    for i in range(int(len(rows) * RANDOM_SHARE)):
        fault = f"random:{chance.randrange(10**6)}:{chance.choice(RATES)}"
        rows.append((i % 2, chance.random(), chance.choice(options.sessions), fault))
    return [row[2:] for row in sorted(rows)]


@functools.lru_cache(maxsize=None)
def source_line(program, site):
    """A site as FUNCTION() FILE:LINE."""
    said = subprocess.run(["addr2line", "-sfie", program, hex(site - 1)],
                          capture_output=True, text=True, check=False).stdout.split()
    for name, line in zip(said[::2], said[1::2]):
        if ".c:" in line:  # not a function of a system header, which was inlined
            return f"{name}() {line}"
    return hex(site)


def where(options, site):
    return source_line(options.program, site) if site else "a library"


def describe(options, outcome):
    rows = [f"{name} in {where(options, site)}, call {nth}"
            for name, site, _action, nth in (outcome.report.fired if outcome.report else [])[:4]]
    return "; ".join(rows) or "no call failed"


def command(options, session, fault):
    return (f"tests/faults/run.py --inject {options.inject} --program {options.program} "
            f"{session} '{fault}'")


def begin_worker():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def attempt(options, session, fault, usual):
    began = time.monotonic()
    outcome = run_one(options, session, fault, usual)
    return session, fault, outcome, judge(options, outcome, usual, fault), time.monotonic() - began


def try_all(options, usual, rows):
    """Runs them until the time is over; returns how many were run, and those that failed."""
    deadline = time.monotonic() + options.seconds
    failed, done, fired = [], 0, 0
    queue = iter(rows)
    with concurrent.futures.ProcessPoolExecutor(options.jobs, initializer=begin_worker) as pool:
        running = set()
        while True:
            while len(running) < options.jobs and (options.all or time.monotonic() < deadline):
                row = next(queue, None)
                if not row:
                    break
                running.add(pool.submit(attempt, options, *row, usual[row[0]]))
            if not running:
                return done, fired, failed
            finished, running = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in finished:
                session, fault, outcome, wrong, seconds = future.result()
                done += 1
                fired += bool(outcome.report and outcome.report.fired)
                if wrong:
                    failed.append((session, fault))
                    print(f"FAILED {session} {fault} ({seconds:.1f} s): "
                          f"{describe(options, outcome)}")
                    for text in wrong:
                        print(f"    {text}")
                    print(f"    repeat: {command(options, session, fault)}", flush=True)


def repeat(options, session, fault):
    """One, in full."""
    usual = dry(options, session)
    outcome = run_one(options, session, fault, usual)
    print(outcome.words)
    print("results:", outcome.results)
    print("failed:", describe(options, outcome))
    wrong = judge(options, outcome, usual, fault)
    print("\n".join(wrong) or "ok")
    return bool(wrong)


def show_sites(options, session):
    for (name, site), count in sorted(dry(options, session).report.sites.items()):
        print(f"{name}@{site:x} {count} {where(options, site)}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.
                                     RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("one", nargs="*", metavar="SESSION FAULT")
    add("--all", action="store_true")
    add("--seconds", type=float, default=150)
    add("--jobs", type=int, default=3)  # they wait most of the time
    add("--seed", type=int, default=random.randrange(10**6))
    add("--only", default="", help="faults that contain this")
    add("--sessions", type=lambda text: text.split(","), default=list(SESSIONS))
    add("--program", default=os.environ.get("TASKMASTER") or ROOT / "bin/taskmaster")
    add("--inject", default=ROOT / "build/release/tests/faults/inject.so")
    add("--helpers", default=os.environ.get("TASKMASTER_HELPERS") or
        ROOT / "build/release/tests/helper")
    add("--sites", metavar="SESSION")
    options = parser.parse_args()
    for name in ("program", "inject", "helpers"):
        setattr(options, name, str(Path(getattr(options, name)).resolve()))
    return options


def main():
    options = parse()
    begin_worker()
    if options.sites:
        return show_sites(options, options.sites)
    if options.one:
        return repeat(options, *options.one)
    print(f"faults: seed {options.seed}", flush=True)
    usual = {session: dry(options, session) for session in options.sessions}
    rows = [row for row in plan(options, usual) if options.only in row[1]]
    done, fired, failed = try_all(options, usual, rows)
    print(f"faults: {done} of {len(rows)} tried, {fired} took effect, {len(failed)} broke a promise")
    return 1 if failed else 0


if __name__ == "__main__":
    assert number_of("EIO") == 5
    sys.exit(main())

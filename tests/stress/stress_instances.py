#!/usr/bin/python3
"""A supervisor with many instances of every temper, told to do everything to all of them at once.

Each round is a series of lives of the real binary, driven over a pipe: an orderly one, and some
that are cut short by SIGTERM in the middle of a command. After each step every instance must have
been answered for exactly once, and whatever was stopped must be gone: processes, zombies,
descriptors, threads.

    stress_instances.py [ROUNDS]     TASKMASTER (bin/taskmaster), TASKMASTER_WRAPPER,
    TASKMASTER_VARIANT, STRESS_INSTANCES (1000; 100 under sanitizers), STRESS_ROUNDS (3; 1),
    STRESS_SEED, STRESS_LIVES (glob over the names of lives) in the environment
"""
import collections
import ctypes
import fnmatch
import os
import random
import re
import signal
import sys
import tempfile
import threading
import time
import traceback

from supervised import (FIGURES, INSTANCES, MARK, SLOW, Process, Supervisor, marked, some, timed,
                        wait_for)

ANSWER = re.compile(r"Process '([^']+)':? (.*)")
STARTED = r"(re)?started with PID \d+"
KILLED = r"did not stop in \S+, killed"
STOPPED = "stopped gracefully|" + KILLED
CUT_SHORT = r"|start overtaken by stop|restart overtaken by stop|shutting down|is not running"
PR_SET_CHILD_SUBREAPER = 36


# ---- what must hold ------------------------------------------------------------------------------

def check_answers(lines, names, allowed):
    """Every instance is answered for exactly once, with an answer that is allowed. What a restart
    had to kill says so first."""
    answers = [match.groups() for match in map(ANSWER.fullmatch, filter(None, lines)) if match]
    answers = [(name, text) for (name, text), after in zip(answers, [*answers[1:], ("", "")])
               if not (re.fullmatch(KILLED, text) and after[0] == name)]
    counts = collections.Counter(name for name, _ in answers)
    wrong = [f"{name}: {text}" for name, text in answers if not re.fullmatch(allowed, text)]
    assert not wrong, f"wrong answers, {some(wrong)}"
    twice = [name for name, count in counts.items() if count > 1]
    assert not twice, f"answered more than once, {some(twice)}"
    unknown = counts.keys() - names
    assert not unknown, f"answers for none of its instances, {some(unknown)}"
    missing = names - counts.keys()
    assert not missing, f"not answered, {some(sorted(missing))}"


def check_nothing_runs(sup, size):
    sup.note_peak()
    wait_for(lambda: not sup.children(), lambda: f"no children, {some(sup.children())}")
    left = [process for process in marked(f"{MARK}={sup.directory}") if process.pid != sup.pid]
    assert not left, f"still there after a stop: {some(left)}"
    wait_for(lambda: sup.size() == size,
             lambda: f"descriptors and threads {sup.size()} as at the start of the round, {size}: "
                     + ", ".join(sup.descriptors()))


def check_all_up(sup):
    def down():
        return [f"{name} {task['status']}" for name, task in sup.status().items()
                if task["status"] not in ("RUNNING", "STARTED", "BACKOFF")
                and not (name.startswith("lingering") and task["status"] == "STOPPING")]

    wait_for(lambda: not down(), lambda: f"all up, {some(down())}")
    status = sup.status()
    assert status.keys() == sup.names, f"in status: {some(status.keys() ^ sup.names)}"


def kill_some(sup, rng):
    """SIGKILL to one in ten of those that are restarted for it; they must come back."""
    before = {name: task["pid"] for name, task in sup.status().items()
              if name.startswith("plain") and task["pid"]}
    victims = rng.sample(sorted(before), max(1, len(before) // 10))
    for name in victims:  # nothing else ends these, so the numbers are still theirs
        Process(before[name]).kill()

    def missing():
        now = sup.status()
        return [name for name in victims
                if now[name]["status"] != "RUNNING" or now[name]["pid"] == before[name]]

    wait_for(lambda: not missing(), lambda: "restarts of the killed, " + some(
        f"{name} {Process(before[name])}" for name in missing()))


def reload(sup, changed):
    sup.write_config(changed)
    lines = sup.ask("reload")
    assert "Configuration reloaded." in lines, f"reload said {some(lines)}"
    wait_for(lambda: sup.status().keys() == sup.names,
             lambda: f"instances as in the file, {some(sup.status().keys() ^ sup.names)}")


# ---- lives ---------------------------------------------------------------------------------------

def ready(sup):
    """It answers; returns its size with nothing running."""
    sup.ask("pid")
    looks = [sup.size()]

    def steady():  # the command has printed its answer, but may not have been cleared away
        time.sleep(0.05)
        looks.append(sup.size())
        return looks[-1] == looks[-2]

    wait_for(steady, "two looks at its descriptors that agree")
    return looks[-1]


def life_in_order(sup, rng):
    with timed("birth"):
        size = ready(sup)
    with timed("start all"):
        check_answers(sup.ask("start all"), sup.names, STARTED)
    check_all_up(sup)
    with timed("status --json"):
        sup.status()
    with timed("kill a tenth, see it back"):
        kill_some(sup, rng)
    with timed("restart all"):
        check_answers(sup.ask("restart all"), sup.names, STARTED)
    check_all_up(sup)
    for changed in (True, False):
        with timed("reload"):
            reload(sup, changed)
    with timed("stop all"):
        check_answers(sup.ask("stop all"), sup.names, STOPPED + "|is not running")
    check_nothing_runs(sup, size)
    with timed("start all"):
        check_answers(sup.ask("start all"), sup.names, STARTED)
    with timed("exit with all running"):
        sup.send("exit")
        sup.finish()


def cut_short(sup, rng, command, allowed):
    """SIGTERM once a random part of the answers is there. None of them may be missing."""
    first, part = len(sup.lines), rng.randrange(INSTANCES // 2)
    sup.send(command)
    sup.wait_lines(lambda: len(sup.lines) - first >= part, f"{part} answers to '{command}'")
    with timed(f"SIGTERM in '{command}'"):
        os.kill(sup.pid, signal.SIGTERM)
        sup.finish()
    if allowed:
        check_answers(sup.lines[first:], sup.names, allowed + CUT_SHORT)


def life_cut_in_start(sup, rng):
    ready(sup)
    cut_short(sup, rng, "start all", STARTED)


def life_cut_in_stop(sup, rng):
    ready(sup)
    check_answers(sup.ask("start all"), sup.names, STARTED)
    cut_short(sup, rng, "stop all", STOPPED)


def life_cut_in_restart(sup, rng):
    ready(sup)
    check_answers(sup.ask("start all"), sup.names, STARTED)
    cut_short(sup, rng, "restart all", STARTED + "|" + STOPPED)


def life_cut_in_reload(sup, rng):
    ready(sup)
    check_answers(sup.ask("start all"), sup.names, STARTED)
    sup.write_config(changed=True)
    cut_short(sup, rng, "reload", None)


def life_killed_on_second_sigterm(sup, rng):
    ready(sup)
    config = sup.directory / "config.yaml"
    config.write_text(config.read_text().replace('"gracefulStopTimeout": 0.2',
                                                 '"gracefulStopTimeout": 3000'))
    sup.ask("reload")
    sup.ask("start stubborn")
    os.kill(sup.pid, signal.SIGTERM)
    wait_for(lambda: "-> STOPPING" in (sup.directory / "taskmaster.log").read_text(),
             "the shutdown has begun")
    with timed("second SIGTERM"):
        os.kill(sup.pid, signal.SIGTERM)
        sup.finish(status=1)


def life_in_a_hurry(sup, rng):
    """Commands, reloads and SIGKILLs on top of each other; then all must still be in order."""
    size = ready(sup)
    sup.ask("start all")
    over = threading.Event()

    def storm():
        while not over.is_set():
            os.kill(sup.pid, signal.SIGHUP)
            for process in sup.children():
                if rng.randrange(20) == 0:
                    process.kill()
            over.wait(0.2)

    thread = threading.Thread(target=storm)
    thread.start()
    try:
        with timed("60 commands in a storm"):
            for turn in range(20):
                sup.write_config(changed=turn % 2 == 0)
                for verb in rng.sample(("start", "stop", "restart", "status --json", "reload"), 3):
                    target = rng.choice(("all", "plain", "f*", "*_1", "stubborn lingering"))
                    sup.ask(verb if verb in ("reload", "status --json") else f"{verb} {target}")
    finally:
        over.set()
        thread.join()
    sup.write_config(changed=False)
    wait_for(lambda: "Configuration reloaded." in sup.ask("reload"), "room for one more reload")
    reload(sup, changed=False)
    check_answers(sup.ask("stop all"), sup.names, STOPPED + "|is not running")
    check_nothing_runs(sup, size)
    sup.send("exit")
    sup.finish()


def life_of_coming_and_going(sup, rng):
    """Nearly all instances end at once, again and again; commands are answered all the same."""
    task = {"command": ["sleep", "1000"]}
    descriptors, threads = ready(sup)
    size = (descriptors, threads - len(sup.names) + 2)
    with timed("20 reloads from 2 to all, and back"):
        for turn in range(20):
            sup.write_tasks({"many": {**task, "instances": 2 if turn % 2 else INSTANCES}})
            lines = sup.ask("reload")
            assert "Configuration reloaded." in lines, f"reload said {some(lines)}"
            assert sup.names <= sup.status().keys()
            pid = sup.ask("pid")
            assert pid == [str(sup.pid)], f"pid said {some(pid)}"
    check_nothing_runs(sup, size)
    sup.send("exit")
    sup.finish()


LIVES = (life_in_order, life_of_coming_and_going, life_cut_in_start, life_cut_in_stop,
         life_cut_in_restart, life_cut_in_reload, life_killed_on_second_sigterm, life_in_a_hurry)


def live(life, seed):
    """Whether that life went well."""
    with tempfile.TemporaryDirectory(prefix="taskmaster-stress-") as directory:
        sup = Supervisor(directory)
        try:
            life(sup, random.Random(seed))
            return True
        except Exception as error:  # one life that ends badly does not spare us the others
            print(f"{life.__name__}, STRESS_SEED={seed}: {error}", file=sys.stderr)
            if not isinstance(error, AssertionError):
                traceback.print_exc()
            sup.report()
            return False
        finally:
            sup.destroy()


def main():
    rounds = int((sys.argv[1:] or [os.environ.get("STRESS_ROUNDS") or (3 if SLOW == 1 else 1)])[0])
    first = int(os.environ.get("STRESS_SEED") or time.time())
    pattern = os.environ.get("STRESS_LIVES") or "*"
    lives = [life for life in LIVES
             if fnmatch.fnmatch(life.__name__.removeprefix("life_"), pattern)]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # what it leaves falls to us
    passed = failed = 0
    for seed in range(first, first + rounds):
        for life in lives:
            if live(life, seed):
                passed += 1
            else:
                failed += 1
    FIGURES.print()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

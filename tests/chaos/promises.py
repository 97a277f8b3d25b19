"""What is promised, checked from outside: through /proc, files, and answers to commands."""
import os
import re
import stat
import struct
import subprocess
import time
from pathlib import Path

import tasks as config
from life import PATIENCE, Breach

STALE_S = 6 * PATIENCE      # zombies, and processes of what is not running: every grace is below 3 s
SETTLE_S = 15 * PATIENCE
ROW = struct.Struct("=4q")  # as in tests/helper/actor.c
LINE = re.compile(rb"(?:\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) )?<(\S+) (\d+) (\d+) x*>\n")
DOWN = ("STOPPED", "FATAL", "BACKOFF", "WAITING")
BUG = re.compile(r"^\S+ error .*(?:cannot happen|refused)|AddressSanitizer|ThreadSanitizer|runtime error")


class Watch:
    """What was seen at earlier looks."""

    def __init__(self, run):
        self.run = run
        self.stale = {}  # identity -> since when it should have been gone

    def look(self, life):
        """After each step. Returns the status."""
        if not life.alive():
            raise Breach("the supervisor stays alive", f"it said: {life.said()}")
        status = life.status()
        census = self.run.census.take(life.pid)
        self._alone(life, census)
        self._nothing_stale(life, census, status)
        self._adopts(life, census)
        self._answers()
        self.run.count("looks")
        return status

    def _alone(self, life, census):
        together = self.run.path("state/together")
        if together.exists():
            raise Breach("never two copies of an instance", together.read_text())
        def copies(census):
            found = {}
            for p in census:
                if p.parent == life.pid and p.is_main and p.task and p.state not in "ZX":
                    found.setdefault(p.of, set()).add(p)
            return found
        twice = {of for of, ps in copies(census).items() if len(ps) > 1}
        if twice:  # one may have gone and the other come while we looked
            again = copies(self.run.census.take(life.pid))
            for of in twice:
                both = copies(census)[of] & again.get(of, set())
                if len(both) > 1:
                    raise Breach("never two copies of an instance", ", ".join(map(str, both)))
        self.run.count("never two copies", len(copies(census)))

    def _nothing_stale(self, life, census, status):
        now = time.monotonic()
        states = {(task["task"], task["instance"]): task["status"] for task in status.values()}
        stale = {}
        for p in census:
            zombie = p.state in "ZX" and p.parent == life.pid
            stray = p.task and states.get(p.of, "STOPPED") in DOWN and p.name in ("actor", "kin")
            if zombie or stray:
                since = stale[p.identity] = self.stale.get(p.identity, now)
                if now - since > STALE_S:
                    what = "zombie" if zombie else f"process of what is {states.get(p.of, 'gone')}"
                    raise Breach(f"no {what} for long", f"{p}, for {now - since:.1f} s")
        self.stale = stale
        self.run.count("no zombie, no stray", len(census))

    def _adopts(self, life, census):
        """It is the subreaper: what falls to us was none of its children any more."""
        fell = [p for p in census if p.parent == os.getpid() and p.pid not in self.run.own_children()]
        if fell and life.alive():
            raise Breach("orphans fall to the supervisor", ", ".join(map(str, fell)))

    def _answers(self):
        for call in [*self.run.calls]:
            if call.poll():
                self.run.calls.remove(call)
                self.run.count("answers")
                if call.lost and call.exit is None and not self.run.ending():
                    raise Breach("every command is answered", call)
            call.check_deadline()


def decisions_replay(run):
    """What a life's supervisor decided is what its rules say. A life that kept its promises needs no
    trace any more."""
    trace = run.trace()
    result = subprocess.run([*run.command, "replay", "-q", str(trace)], capture_output=True, text=True,
                            check=False, env={**os.environ, "LC_ALL": "C"})
    told = result.stdout.strip().splitlines()
    match = re.match(r".*: ([\d,]+) events? ", told[-1]) if told else None
    if result.returncode or not match:
        raise Breach("decisions can be repeated", f"{trace}: {result.stdout}{result.stderr}")
    run.count("decisions repeated", int(match[1].replace(",", "")))
    trace.unlink()


# ---- one after the other -------------------------------------------------------------------------

def wait_for(run, condition, promise, evidence, seconds=SETTLE_S):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Breach(promise, f"not within {seconds} s: {evidence()}")
        run.reap()
        time.sleep(0.02)
    run.count(promise)
    return value


def nothing_runs(run, life):
    """Right after `stop all` has been answered."""
    left = [p for p in run.census.take(life.pid) if p.name in ("actor", "kin") and p.state not in "ZX"]
    if left:
        raise Breach("a stop is answered once nothing is left", "\n".join(map(str, left)))
    run.count("nothing is left after a stop")


def same_size(run, life, before):
    """Descriptors and threads are back where they were."""
    def targets():
        return [f"{fd} {os.readlink(f'/proc/{life.pid}/fd/{fd}')}"
                for fd in os.listdir(f"/proc/{life.pid}/fd")]
    wait_for(run, lambda: all(now <= then for now, then in zip(life.size(), before)),
             "no descriptors or threads leak", lambda: f"{life.size()}, were {before}: {targets()}")


def configured(run, life):
    """What is in the file is what there is, but for what an earlier reload has removed: until it has
    stopped it is shown, too."""
    expected = config.names(run.tasks).items()
    got = {}

    def as_expected():
        status = life.status().items()
        got["all"] = {(name, (task["task"], task["instance"])) for name, task in status}
        stopping = {(name, (task["task"], task["instance"])) for name, task in status
                    if task["status"] == "STOPPING"}
        return expected <= got["all"] and got["all"] - stopping <= expected

    wait_for(run, as_expected, "configured as in the file",
             lambda: f"missing {expected - got['all']}, more {got['all'] - expected}")


def changes_nothing(run, before, after, killed=()):
    """Between two looks at a supervisor that has been told nothing that counts. What was RUNNING
    and has not ended by itself is still the same process; what was removed before may have gone."""
    expected = config.names(run.tasks).keys()
    if not expected <= before.keys() or not expected <= after.keys() <= before.keys():
        raise Breach("bad input changes nothing", f"{before.keys() ^ after.keys()}")
    for name in expected:
        task, now = before[name], after[name]
        same = all(task[key] == now[key] for key in ("task", "instance", "command"))
        calm = task["task"] in ("steady", "plain", "family", "shared") and task["status"] == "RUNNING"
        if not same or (calm and name not in killed and task["pid"] != now["pid"]):
            raise Breach("bad input changes nothing", f"{task}\n{now}")
    run.count("bad input changes nothing")


def private(run):
    """The socket is for nobody else."""
    info = os.stat(run.socket)
    if stat.S_IMODE(info.st_mode) != 0o600 or info.st_uid != os.geteuid():
        raise Breach("the socket is private", f"{oct(info.st_mode)} of {info.st_uid}")
    run.count("the socket is private")


def left_nothing(run, killed):
    """After the end of a life. One that was killed leaves what its successor has to deal with."""
    if killed:
        return
    left = run.census.take()
    if left:
        raise Breach("a shutdown leaves nothing", "\n".join(map(str, left)))
    for path in (run.socket, run.pid_file):
        if path.exists():
            raise Breach("a shutdown leaves nothing", path)
    run.count("a shutdown leaves nothing")


def clean_log(run, life):
    bad = [line for line in (life.log_text() + life.said()).splitlines() if BUG.search(line)]
    if bad:
        raise Breach("no bug is reported", "\n".join(bad[:20]))
    run.count("no bug is reported")


# ---- logs ----------------------------------------------------------------------------------------

class Found:
    """Which lines are in the logs."""

    def __init__(self):
        self.lines = {}     # (key, life) -> numbers in the order in which they were found
        self.garbage = []   # (file, bytes that are no whole line)

    def read(self, name, data):
        last, at = {}, 0
        for match in LINE.finditer(data):
            if match.start() > at:
                self.garbage.append((name, data[at:match.start()]))
            at = match.end()
            key, number = (match[1].decode(), int(match[2])), int(match[3])
            if number <= last.get(key, 0):
                raise Breach("lines stay in order", f"{name}: {key} has {number} after {last[key]}")
            last[key] = number
            self.lines.setdefault(key, []).append(number)
        if at < len(data):
            self.garbage.append((name, data[at:]))


def logs_complete(run):
    """Every line that a task has written is there, once. Only at the end of an orderly life."""
    found = Found()
    for name, path in run.log_files():
        found.read(name, Path(path).read_bytes())
    lines = 0
    for path in sorted(run.path("state").glob("*.lives")):
        key = path.name.removesuffix(".lives")
        rows = list(ROW.iter_unpack(path.read_bytes()))
        for number in range(run.verified.get(key, 0), len(rows)):
            later = {row[1] for row in rows[number + 1:]}
            lines += _life_complete(run, key, number, rows[number], later, found)
        run.verified[key] = len(rows)
    _no_garbage(run, found)
    run.count("lines found in logs", lines)


def _life_complete(run, key, number, row, later, found):
    """One life of a task. What dies with a supervisor that is killed is the end of the last life it
    has started; where a disk was full, what is missing is only said."""
    _pid, supervisor, done, _failed = row
    got = sorted(found.lines.pop((key, number), []))
    if len(set(got)) < len(got):
        raise Breach("no line is written twice", f"{key}, life {number}: {got}")
    if got and got[-1] > done + 1:
        raise Breach("logs hold what was written", f"{key}, life {number}: {got[-1]} of {done}")
    cut = supervisor in run.killed and supervisor not in later
    wanted = got[-1] if cut and got else 0 if cut else done
    missing = sorted(set(range(1, wanted + 1)) - set(got))
    if missing and not (key.startswith("full.") or run.losses):
        raise Breach("logs are complete", f"{key}, life {number}, supervisor {supervisor}: "
                     f"{len(missing)} of {done} lines are missing, {missing[:10]} ... {missing[-1]}")
    if missing and not run.losses and not run.losses_told():
        raise Breach("losses are told", f"{key}, life {number}: {len(missing)} of {done} lines")
    return len(got)


def _no_garbage(run, found):
    """A write that was cut short by the end of its writer, or by a full disk, is no whole line."""
    for name, data in found.garbage:
        if "full.log" in name or run.losses or run.killed or "/plain/" in name or data == b"\n":
            continue
        raise Breach("no line is torn", f"{name}: {data[:300]}")
    if found.lines:
        raise Breach("logs hold what was written", f"lines of nobody: {[*found.lines][:5]}")

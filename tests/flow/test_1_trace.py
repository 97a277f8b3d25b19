"""Section 1: `supervisor.trace`, and `taskmaster replay` of what it has written."""
import os
import re
import signal
import stat

import pytest

from harness import lines_of, wait_for, wait_lines

LONG = {"command": "sleep 600", "successfulStartTimeout": 0.05, "autoLaunch": True}
SESSION = {
    "supervisor": {"trace": "logs/trace"},
    "tasks": {
        "web": {**LONG, "instances": 2, "restart": "always", "restartDelay": 0.05},
        "db": LONG,
        "needy": {**LONG, "dependsOn": ["db"]},
        "crash": {"command": "sh -c 'exit 3'", "autoLaunch": True, "restart": "on-failure",
                  "restartDelay": 0.02, "restartsAttempts": 2},
        "absent": {"command": "/no/such", "autoLaunch": True},
        "stubborn": {**LONG, "gracefulStopTimeout": 0.2, "command":
                     "trap '' TERM; echo ready >>stubborn; exec sleep 600"},
    }}


def session(box):
    """A crash, a restart, FATAL, a stop that has to kill, a reload, the end."""
    supervisor = box.shell(SESSION)
    for name in ("crash", "absent"):
        supervisor.wait_state(name, "FATAL")
    for name in ("web_1", "web_2", "db", "needy"):
        supervisor.wait_state(name, "RUNNING")
    wait_lines(box.path("stubborn"))  # it ignores SIGTERM by now
    os.kill(supervisor.pid_of("web_1"), signal.SIGKILL)
    wait_for(lambda: supervisor.status()["web_1"]["restarts"] == 1)
    supervisor.send("restart needy")
    supervisor.send("stop stubborn web_2")
    tasks = {**SESSION["tasks"], "web": {**SESSION["tasks"]["web"], "instances": 3,
                                         "gracefulStopTimeout": 3}}
    del tasks["db"], tasks["needy"]
    supervisor.reload({**SESSION, "tasks": tasks})
    supervisor.wait_state("web_3", "RUNNING")
    return supervisor


def test_a_session_is_decided_the_same_again_and_told_in_words(box):
    session(box).terminate()
    trace = box.path("logs/trace")
    assert stat.S_IMODE(trace.stat().st_mode) == 0o600
    done = box.run("replay", trace)
    assert (done.returncode, done.stderr) == (0, "")
    story = done.stdout.splitlines()
    events = sum(line.startswith("e ") for line in lines_of(trace))
    assert story[-1] == f"{trace}: {events} events of 8 instances: no difference"
    for told in (r" crash: exit 3, nothing is left of it: STARTED -> FATAL, exited with code 3",
                 r" absent: the start has failed: STARTED -> FATAL, it could not be started",
                 r" web_1: SIGKILL, nothing is left of it: RUNNING -> (STARTED|BACKOFF), ",
                 r" needy: restart \(asked by a user\): RUNNING -> STOPPING, asked by a user; .*",
                 r" needy: start \(autoLaunch\): STOPPED -> WAITING, it waits for what is not there yet",
                 r" stubborn: its time is over: stays STOPPING; to do: kill",
                 r" db: stop for good \(no longer in the configuration\): RUNNING -> STOPPING, .*",
                 r"  web_1 has another policy now"):
        assert any(re.search(told, line) for line in story), (told, story)
    quiet = box.run("replay", "-q", trace)
    assert (quiet.returncode, quiet.stdout) == (0, story[-1] + "\n")


def test_what_was_changed_in_a_trace_is_named(box):
    session(box).terminate()
    trace = box.path("logs/trace")
    good = trace.read_bytes()
    at = good.index(b" > FATAL ") + 3
    trace.write_bytes(good[:at] + b"f" + good[at + 1:])
    line = good[:at].count(b"\n") + 1
    done = box.run("replay", "-q", trace)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (f"taskmaster replay: {trace}:{line}: the record is damaged: "
                           "its checksum is wrong\n")


def checksum(text):
    """As trace.h has it: FNV-1a."""
    value = 2166136261
    for byte in text:
        value = (value ^ byte) * 16777619 & 0xffffffff
    return b"%08x" % value


def test_the_first_difference_is_told(box):
    """A record that is right in itself says that something else was decided."""
    session(box).terminate()
    trace = box.path("logs/trace")
    lines = trace.read_bytes().split(b"\n")
    number = next(i for i, line in enumerate(lines) if b" > FATAL " in line and b" c3 " in line)
    changed = lines[number].replace(b" > FATAL ", b" > BACKOFF ").rpartition(b" ")[0] + b" "
    lines[number] = changed + checksum(changed)
    trace.write_bytes(b"\n".join(lines))
    done = box.run("replay", "-q", trace)
    assert (done.returncode, done.stderr) == (1, "")
    said = done.stdout.splitlines()
    assert said[0] == (f"{trace}:{number + 1}: 'crash' differs, in state STARTED: "
                       "exit 3, nothing is left of it")
    assert said[1].startswith("  the trace: BACKOFF, ")
    assert said[2].startswith("  now:       FATAL, ")


def test_a_killed_supervisor_leaves_a_trace_to_which_the_next_one_appends(box):
    supervisor = session(box)
    supervisor.ends = True
    box.kill_all()  # it, and what it has started
    assert box.run("replay", "-q", box.path("logs/trace")).returncode == 0
    session(box).terminate()
    done = box.run("replay", box.path("logs/trace"))
    assert done.returncode == 0
    assert len(re.findall("a supervisor begins", done.stdout)) == 2


def test_a_trace_that_cannot_be_written_stops_nothing_and_is_told_once(box):
    supervisor = box.shell({"supervisor": {"trace": "/dev/full"}, "tasks": {"web": LONG}})
    supervisor.wait_state("web", "RUNNING")
    for _ in range(3):
        supervisor.send("restart web")
    supervisor.terminate()
    said = [line for line in lines_of(box.path("taskmaster.log")) if "the trace" in line]
    assert len(said) == 1 and said[0].endswith(
        "cannot write the trace '/dev/full': No space left on device"), said


def test_a_trace_that_is_removed_begins_anew_and_sigusr1_leaves_a_moved_one(box):
    supervisor = box.shell({"supervisor": {"trace": "trace"}, "tasks": {"web": LONG}})
    trace, moved = box.path("trace"), box.path("trace.1")
    supervisor.wait_state("web", "RUNNING")
    trace.unlink()
    supervisor.send("restart web")
    wait_for(trace.exists)
    trace.rename(moved)
    supervisor.signal(signal.SIGUSR1)
    wait_for(trace.exists)
    supervisor.send("stop web")
    supervisor.terminate()
    for path in trace, moved:
        assert box.run("replay", "-q", path).returncode == 0
    assert sum("goes on in a new file" in line
               for line in lines_of(box.path("taskmaster.log"))) == 2


def test_a_trace_is_opened_at_the_start_only(box):
    supervisor = box.shell({"tasks": {"web": LONG}})
    lines = supervisor.reload({"supervisor": {"trace": "trace"}, "tasks": {"web": LONG}})
    assert any("supervisor.trace: none -> trace (at the next start)" in line for line in lines)
    assert not box.path("trace").exists()


def test_a_trace_that_cannot_be_opened_is_a_failed_start(box):
    first = box.shell({"supervisor": {"trace": "trace"}, "tasks": {}})
    second = box.run(box.path("config.yaml"))
    assert (second.returncode, second.stderr) == (
        1, "taskmaster: cannot open the trace 'trace': another supervisor writes it\n")
    first.terminate()
    done = box.run(box.write({"supervisor": {"trace": "."}, "tasks": {}}))
    assert (done.returncode, done.stderr) == (
        1, "taskmaster: cannot open the trace '.': Is a directory\n")


@pytest.mark.parametrize("args, said", [
    ([], "taskmaster replay: which FILE?\n"),
    (["a", "b"], "taskmaster replay: more than one FILE\n"),
    (["--frob"], "taskmaster replay: unrecognized option '--frob'\n"),
])
def test_bad_usage_of_replay(box, args, said):
    done = box.run("replay", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == said + "Try 'taskmaster replay --help'.\n"


def test_what_is_no_trace_is_refused(box):
    config = box.write({"tasks": {}})
    done = box.run("replay", config)
    assert (done.returncode, done.stderr) == (
        2, f"taskmaster replay: {config}:1: no trace of taskmaster\n")
    done = box.run("replay", "absent")
    assert (done.returncode, done.stderr) == (
        2, "taskmaster replay: cannot open 'absent': No such file or directory\n")

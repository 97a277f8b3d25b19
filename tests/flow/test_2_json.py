"""Contract section 2: answers for programs (src/JSON.md), and logs over rotated files."""
import json
import os
import re

from harness import VARIANT, helper, wait_for, wait_lines

SLEEP = {"command": "sleep 600", "successfulStartTimeout": 0}
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def tasks(**tasks):
    return {"tasks": tasks}


def objects(supervisor, command):
    """What a command prints, every line of which is an object."""
    return [json.loads(line) for line in supervisor.send(f"{command} --json")]


def test_outcomes_of_every_command_that_changes_something(box):
    supervisor = box.shell(tasks(web={**SLEEP, "instances": 2}, bad={"command": "/no/such"}))
    started = objects(supervisor, "start web nope")
    assert started[0] == {"error": "Task 'nope' not found."}
    assert sorted(started[1:], key=lambda outcome: outcome["instance"]) == [
        {"name": f"web_{n}", "task": "web", "instance": n, "outcome": "started", "pid": pid,
         "text": f"Process 'web_{n}' started with PID {pid}"}
        for n in (1, 2) for pid in [supervisor.pid_of(f"web_{n}")]]
    assert objects(supervisor, "start web_1")[0]["outcome"] == "already-running"
    assert objects(supervisor, "signal WINCH web_1")[0]["outcome"] == "signaled"
    restarted, = objects(supervisor, "restart web_1")
    assert (restarted["outcome"], restarted["pid"]) == ("restarted", supervisor.pid_of("web_1"))
    assert objects(supervisor, "stop web_1")[0]["outcome"] == "stopped"
    assert objects(supervisor, "stop web_1")[0]["outcome"] == "not-running"
    failed, = objects(supervisor, "start bad")
    assert failed["outcome"] == "failed" and "pid" not in failed
    assert failed["text"] == \
        "Process 'bad' failed to start: exec /no/such: No such file or directory"


def test_what_is_late(box):
    supervisor = box.shell(tasks(web={
        "command": helper("stubborn", box.path("pids"), 0), "gracefulStopTimeout": 2}))
    supervisor.start("web")
    wait_lines(box.path("pids"))
    late, = objects(supervisor, "stop web --timeout 500ms")
    assert late == {"name": "web", "task": "web", "instance": 1, "outcome": "late",
                    "state": "STOPPING", "text": "Process 'web' is still STOPPING after 500ms"}


def test_wrong_usage_is_an_error_too(box):
    supervisor = box.shell(tasks())
    for command in ("frob", "start", "status --frob", "signal FOO web", "help frob"):
        error, = objects(supervisor, command)
        assert list(error) == ["error"], command


def test_a_reload(box):
    supervisor = box.shell(tasks(web=SLEEP, many=SLEEP, old=SLEEP, same=SLEEP))
    supervisor.start("web old same")
    box.write(tasks(web={**SLEEP, "command": "sleep 601"}, many={**SLEEP, "instances": 3},
                    same=SLEEP, new={**SLEEP, "autoLaunch": True}))
    plan = {"added": ["new"], "removed": ["old"], "unchanged": ["same"], "supervisor": [],
            "changed": [{"name": "web", "keys": ["command"], "restart": True}],
            "scaled": [{"name": "many", "from": 1, "to": 3}]}
    assert objects(supervisor, "reload --dry-run") == [plan]
    first, *outcomes, last = objects(supervisor, "reload")
    assert first == plan and last == {"text": "Configuration reloaded."}
    assert {outcome["name"]: outcome["outcome"] for outcome in outcomes} == {
        "web": "restarted", "old": "stopped", "new": "started"}
    path = box.write({"tasks": {"web": {"command": "x", "instnces": 2, "umask": "abc"}}})
    refused, = objects(supervisor, "reload")
    assert [error.rsplit(":", 3)[0] for error in refused["errors"]] == [str(path)] * 2
    assert "did you mean 'instances'?" in refused["errors"][0]


def test_pids(box):
    supervisor = box.shell(tasks(web={**SLEEP, "instances": 2}))
    supervisor.start("web_2")
    assert objects(supervisor, "pid") == [{"pid": supervisor.pid}]
    assert objects(supervisor, "pid web") == [
        {"name": "web_1", "pid": None}, {"name": "web_2", "pid": supervisor.pid_of("web_2")}]


def test_describe(box):
    supervisor = box.shell(tasks(web={
        "command": ["sh", "-c", "echo out of luck >&2; exit 7"], "stderr": str(box.path("err")),
        "environment": {"COLOUR": "blue"}, "gracefulStopTimeout": 3}))
    supervisor.send("start web --wait")
    page, = objects(supervisor, "describe web")
    same = supervisor.status("web")["web"]
    assert {key: page[key] for key in same} == same
    assert page["status"] == "FATAL" and page["exit"]["code"] == 7
    assert ISO.fullmatch(page["since"]) and page["next"] is None
    assert page["stdout"] == "/dev/null" and page["stderr"] == str(box.path("err"))
    assert page["config"]["environment"] == {"COLOUR": "blue"}
    assert page["config"]["gracefulStopTimeout"] == "3s" and page["config"]["instances"] == 1
    assert [change["to"] for change in page["history"]] == ["STARTED", "FATAL"]
    assert all(ISO.fullmatch(change["at"]) for change in page["history"])
    assert page["lastWords"] == ["out of luck"]


def test_help_is_the_table_of_commands(box):
    supervisor = box.shell(tasks())
    listed = {row["name"]: row for row in objects(supervisor, "help")[0]["commands"]}
    assert {"status", "start", "shutdown", "help"} <= set(listed)
    assert set(listed["start"]) == {"name", "arguments", "help"}
    explained, = objects(supervisor, "help start")[0]["commands"]
    assert "RUNNING" in explained.pop("details") and explained == listed["start"]


def test_lines_of_logs(box):
    script = r"printf 'one\n\377two\n'; printf 'oops\n' >&2; printf end; exec sleep 600"
    supervisor = box.shell(tasks(web={"command": script, "stdout": str(box.path("out")),
                                      "stderr": str(box.path("err"))}))
    supervisor.start("web")
    wait_for(lambda: box.path("out").read_bytes().endswith(b"end"))
    assert objects(supervisor, "logs web 2") == [
        {"name": "web", "stream": "stdout", "line": "\ufffdtwo"},
        {"name": "web", "stream": "stdout", "line": "end"}]
    assert objects(supervisor, "logs web --stderr") == [
        {"name": "web", "stream": "stderr", "line": "oops"}]


def test_a_shutdown(box):
    supervisor = box.shell(tasks(web=SLEEP))
    supervisor.start("web")
    supervisor.tell("shutdown --json")
    assert supervisor.wait_exit(20) == 0
    assert [json.loads(line)["outcome"] for line in supervisor.last_lines()] == ["stopped"]


def rotate(path, kept=9):
    """As it is done by whoever rotates a log: from the oldest on."""
    for n in range(kept, 0, -1):
        newer = path.with_name(f"{path.name}.{n - 1}") if n > 1 else path
        if newer.exists():
            newer.rename(path.with_name(f"{path.name}.{n}"))


def write(path, *lines):
    with open(path, "a") as log:
        log.writelines(f"{line}\n" for line in lines)


def test_logs_goes_back_to_rotated_files(box):
    path = box.path("out")
    supervisor = box.shell(tasks(web={**SLEEP, "stdout": str(path), "logMaxSize": "1MB"},
                                 plain={**SLEEP, "stdout": str(box.path("plain"))}))
    for log in (path, box.path("plain")):
        for n in (1, 2, 3):
            write(log, f"line {n}")
            rotate(log)
        write(log, "line 4")
    assert supervisor.send("logs web 2") == ["line 3", "line 4"]
    assert supervisor.send("logs web") == [f"line {n}" for n in range(1, 5)]
    assert supervisor.send("logs plain") == ["line 4"]


def test_following_over_rotations_loses_and_doubles_nothing(box):
    """Up to five rotations between two looks, and none that it waits for."""
    path = box.path("out")
    supervisor = box.shell(tasks(web={**SLEEP, "stdout": str(path)}))
    write(path, "begin")
    supervisor.tell("logs web -f")
    supervisor.read_until(lambda line: line == "begin")
    written = 0
    for n in range(100):
        first = written
        for _ in range(n % 6):
            write(path, written, written + 1)
            rotate(path)
            written += 2
        write(path, f"end {n}")
        lines = supervisor.read_until(lambda line, last=f"end {n}": line == last)
        assert lines == [str(i) for i in range(first, written)]


def test_following_a_log_that_the_supervisor_rotates(box):
    path = box.path("out")
    supervisor = box.shell(tasks(web={
        "command": f"echo begin; until test -e {box.path('go')}; do sleep 0.1; done; "
                   "seq 20000; exec sleep 600",
        "stdout": str(path), "logMaxSize": "4KB", "logBackups": 100}))
    supervisor.start("web")
    supervisor.tell("logs web -f --json")
    supervisor.read_until(lambda line: '"begin"' in line)
    box.path("go").touch()
    lines = supervisor.read_until(lambda line: '"20000"' in line, 40)
    assert [json.loads(line)["line"] for line in lines] == [str(n) for n in range(1, 20000)]
    assert path.with_name("out.20").exists()


def test_a_log_of_any_size_does_not_fill_the_memory(box):
    path = box.path("out")
    with open(path, "wb") as log:
        for _ in range(64):
            log.write((b"x" * 1023 + b"\n") * 1024)
    supervisor = box.shell(tasks(web={**SLEEP, "stdout": str(path)}))
    before = memory(supervisor.pid)
    supervisor.tell("logs web 1000000000")
    left = path.stat().st_size
    while left > 0:  # what is not taken waits in the supervisor
        block = os.read(supervisor.process.stdout.fileno(), 1 << 20)
        assert block.strip(b"x\n") == b""
        left -= len(block)
    assert left == 0
    if VARIANT in ("release", "clang"):
        assert memory(supervisor.pid) - before < 8 * 1024


def memory(pid):
    """The most it has ever had, in KiB."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))

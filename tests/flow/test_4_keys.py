"""Section 4: each key, by its effect on a real child."""
import os
import time

import pytest

from harness import helper, lines_of, wait_for, wait_lines
from processes import Process


def dump(box, name="dump", stay=True):
    return helper("dump", box.path(name), *(["stay"] if stay else []))


def facts(path):
    """What dump.c wrote: the values by name, several of some."""
    wait_for(path.exists)
    found = {}
    for line in lines_of(path):
        name, _, value = line.partition(" ")
        found.setdefault(name, []).append(value)
    return found


def environment(path):
    return dict(entry.split("=", 1) for entry in facts(path)["env"])


def started(box, command=None, **keys):
    """Starts a task that dumps, and returns what it dumped."""
    supervisor = box.shell({"tasks": {"web": {"command": command or dump(box), **keys}}})
    supervisor.start("web")
    return facts(box.path("dump"))


# ---- command ----

@pytest.mark.parametrize("tail, args", [
    ("a  b", ["a", "b"]), ("'a  b' c", ["a  b", "c"]), ('"a \'b" ""', ["a 'b", ""]),
    (r"a\ b", ["a b"]),
    ("'*' \"?\"", ["*", "?"]), ("'$HOME'", ["$HOME"])])
def test_a_plain_string_is_split_like_a_shell_would(box, tail, args):
    box.env["HOME"] = "/somewhere"
    program, path = dump(box, stay=False)
    if "$" in tail:
        tail, args = "'$$HOME'", ["$HOME"]
    found = started(box, f"{program} {path} {tail}")
    assert found["arg"] == [str(path), *args]


@pytest.mark.parametrize("command", ["%s stay", "'%s' stay"])
def test_a_plain_string_is_executed_directly(box, command):
    supervisor = box.shell({"tasks": {"web": {"command": command.replace(
        "%s", helper("dump")[0]).replace(" stay", f" {box.path('dump')} stay")}}})
    pid = supervisor.start("web")["web"]
    assert facts(box.path("dump"))["pid"] == [str(pid)]


@pytest.mark.parametrize("command", [
    "echo a > out; echo b >> out", "cd / && cd - >/dev/null; echo a >out; echo b >>out",
    "X=b; echo a >out; echo $X >>out", "exec sh -c 'echo a >out; echo b >>out'",
    "echo a | cat >out; echo `echo b` >>out", "for x in a b; do echo $x >>out; done",
    "{ echo a; echo b; } >out", "if true; then printf 'a\\nb\\n' >out; fi",
    "touch c; echo a >out;echo b>>out"])
def test_anything_more_than_words_is_for_the_shell(box, command):
    supervisor = box.shell({"tasks": {"web": {"command": command}}})
    supervisor.start("web")
    supervisor.wait_state("web", "STOPPED")
    assert lines_of(box.path("out")) == ["a", "b"]


@pytest.mark.parametrize("command, code", [("exit 7", 7), ("cd /no/such/dir", 2), ("ulimit -n", 0),
                                           ("! true", 1), (": ", 0), ("trap '' TERM", 0)])
def test_words_that_only_a_shell_knows(box, command, code):
    supervisor = box.shell({"tasks": {"web": {"command": command}}})
    supervisor.start("web")
    task = supervisor.wait_state("web", "STOPPED", "FATAL")
    assert task["exit"] == {"code": code, "at": task["exit"]["at"]}


def test_globs_are_for_the_shell(box):
    for name in ("a.txt", "b.txt"):
        box.write("", name)
    found = started(box, f"{helper('dump')[0]} {box.path('dump')} *.txt")
    assert found["arg"][1:] == ["a.txt", "b.txt"]


def test_a_list_is_executed_as_it_is(box):
    found = started(box, [*dump(box, stay=False), "*", "a b", "", "| cat", "'q'"])
    assert found["arg"][1:] == ["*", "a b", "", "| cat", "'q'"]


def test_a_bare_name_is_looked_up_in_the_path_of_the_task(box):
    box.path("bin").mkdir()
    os.symlink(helper("dump")[0], box.path("bin/my-program"))
    found = started(box, f"my-program {box.path('dump')}",
                    environment={"PATH": str(box.path("bin"))})
    assert found["arg"] == [str(box.path("dump"))]


def test_a_relative_name_is_looked_up_in_the_working_directory(box):
    box.path("place").mkdir()
    os.symlink(helper("dump")[0], box.path("place/my-program"))
    found = started(box, f"./my-program {box.path('dump')}", workingDirectory="place")
    assert found["cwd"] == [str(box.path("place"))]


# ---- what the child finds ----

def test_environment_is_added_to_the_supervisors(box):
    box.env |= {"FROM_OUTSIDE": "kept", "REPLACED": "old"}
    started(box, environment={"REPLACED": "new", "NUMBER": 42, "FLAG": True, "EMPTY": "",
                              "TEXT": "a b=c"})
    found = environment(box.path("dump"))
    assert found["FROM_OUTSIDE"] == "kept" and found["REPLACED"] == "new"
    assert (found["NUMBER"], found["FLAG"]) == ("42", "true")
    assert (found["EMPTY"], found["TEXT"]) == ("", "a b=c")


def test_children_know_who_they_are(box):
    supervisor = box.shell({"tasks": {"web": {
        "command": [*helper("dump"), str(box.path("dump")) + ".${INSTANCE}"], "instances": 2}}})
    supervisor.start("web")
    for number in (1, 2):
        found = environment(box.path(f"dump.{number}"))
        assert found["TASKMASTER_TASK"] == "web"
        assert found["TASKMASTER_INSTANCE"] == str(number)
        assert found["TASKMASTER_NAME"] == f"web_{number}"


def test_variables_for_the_supervisor_alone_are_not_passed_on(box):
    mine = {"NOTIFY_SOCKET": "@nobody", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1",
            "LISTEN_FDS": "0", "LISTEN_PID": "1", "LISTEN_FDNAMES": "x", "INVOCATION_ID": "x",
            "JOURNAL_STREAM": "1:2"}
    box.env |= mine
    started(box)
    assert not set(environment(box.path("dump"))) & set(mine)


def test_working_directory(box):
    box.path("place").mkdir()
    assert started(box, workingDirectory=str(box.path("place")))["cwd"] == [str(box.path("place"))]


def test_the_working_directory_is_the_supervisors_by_default(box):
    assert started(box)["cwd"] == [str(box.directory)]


@pytest.mark.parametrize("keys, mask", [
    ({}, "022"), ({"umask": "077"}, "077"), ({"unmask": "027"}, "027"), ({"umask": 7}, "007"),
    ({"umask": 0}, "000")])
def test_umask(box, keys, mask):
    os.umask(0o022)
    assert started(box, **keys)["umask"] == [mask]


@pytest.mark.parametrize("written", ["027", "0027", "27", "0o27", "'027'"])
def test_masks_are_octal_however_written(box, written):
    command = " ".join(dump(box))
    supervisor = box.shell(f"tasks:\n  web:\n    command: {command}\n    umask: {written}\n")
    supervisor.start("web")
    assert facts(box.path("dump"))["umask"] == ["027"]


# ---- logs ----

def test_output_goes_nowhere_by_default(box):
    assert [fd for fd in started(box)["fd"]] == ["0 /dev/null", "1 /dev/null", "2 /dev/null"]


def test_logs_are_appended_to_and_their_directories_made(box):
    out, err = box.path("a/b/out.log"), box.path("a/c/err.log")
    supervisor = box.shell({"tasks": {"web": {"command": "echo out; echo err >&2",
                                              "stdout": str(out), "stderr": str(err)}}})
    for count in (1, 2):
        supervisor.send("start web --wait")
        wait_lines(out, count), wait_lines(err, count)
        supervisor.wait_state("web", "STOPPED")
    assert (lines_of(out), lines_of(err)) == (["out"] * 2, ["err"] * 2)


def test_stderr_can_go_where_stdout_goes(box):
    out = box.path("both.log")
    supervisor = box.shell({"tasks": {"web": {"command": "echo out; echo err >&2; echo out",
                                              "stdout": str(out), "stderr": "stdout"}}})
    supervisor.start("web")
    assert wait_lines(out, 3) == ["out", "err", "out"]
    supervisor.wait_state("web", "STOPPED")


def test_relative_logs_are_relative_to_where_taskmaster_was_started(box):
    box.path("place").mkdir()
    supervisor = box.shell({"tasks": {"web": {"command": "echo x", "workingDirectory": "place",
                                              "stdout": "logs/${NAME}.log"}}})
    supervisor.start("web")
    assert wait_lines(box.path("logs/web.log")) == ["x"]
    supervisor.wait_state("web", "STOPPED")


# ---- instances ----

@pytest.mark.parametrize("count, names", [(1, ["web"]), (3, ["web_1", "web_2", "web_3"])])
def test_instances(box, count, names):
    supervisor = box.shell({"tasks": {"web": {"command": "sleep 600", "instances": count,
                                              "autoLaunch": True}}})
    wait_for(lambda: len(supervisor.children()) == count)
    assert list(supervisor.status()) == names


# ---- durations ----

@pytest.mark.parametrize("written, low", [("200ms", 0.2), ("0.3", 0.3), (1, 1), ("0.5s", 0.5)])
def test_durations(box, written, low):
    supervisor = box.shell({"tasks": {"web": {"command": "sleep 600",
                                              "successfulStartTimeout": written}}})
    begun = time.monotonic()
    supervisor.send("start web --wait")
    assert time.monotonic() - begun >= low - 0.001  # taskmaster counts in milliseconds
    assert supervisor.state("web") == "RUNNING"


@pytest.mark.parametrize("written", ["5m", "2h"])
def test_long_durations(box, written):
    supervisor = box.shell({"tasks": {"web": {"command": "sleep 600",
                                              "successfulStartTimeout": written}}})
    assert supervisor.send("start web --wait --timeout 500ms") == [
        "Process 'web' is still STARTED after 500ms"]


@pytest.mark.parametrize("key, value", [("instances", 10000), ("restartDelayMax", "2h"),
                                        ("umask", "0777")])
def test_the_largest_values_are_good(box, key, value):
    assert box.check({"tasks": {"web": {"command": "x", key: value}}}).returncode == 0


@pytest.mark.parametrize("word", ["true", "yes", "on", "True", "YES"])
def test_booleans_are_those_of_yaml(box, word):
    supervisor = box.shell(f"tasks:\n  web:\n    command: sleep 600\n    autoLaunch: {word}\n")
    child, = wait_for(supervisor.children)
    assert Process(child.pid).alive()

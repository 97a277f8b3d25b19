"""Section 4: bad configuration. Every error has its place; one test for each class."""
import os
import re

import pytest

PLACE = re.compile(r"^(.+):(\d+):(\d+): (.+)$")


def errors(box, text, name="config.yaml"):
    """The errors of a configuration: (line, column, message) of each."""
    path = box.write(text, name)
    result = box.run("-t", path)
    assert result.returncode == 1, result
    found = []
    for line in (result.stdout + result.stderr).splitlines():
        match = PLACE.match(line)
        assert match, f"no place in {line!r}"
        assert match[1] == str(path)
        found.append((int(match[2]), int(match[3]), match[4]))
    assert found
    return found


def error(box, text):
    found = errors(box, text)
    assert len(found) == 1, found
    return found[0]


def task(lines):
    return "tasks:\n  web:\n    command: x\n" + "".join(f"    {line}\n"
                                                        for line in lines.split("\n"))


@pytest.mark.parametrize("key, suggestion", [
    ("instnces", "instances"), ("autolaunch", "autoLaunch"), ("comand", "command"),
    ("gracefulStopTimout", "gracefulStopTimeout"), ("stopSignal", "stopingSignal"), ("env", None)])
def test_an_unknown_key_gets_a_suggestion(box, key, suggestion):
    line, column, message = error(box, task(f"{key}: 1"))
    assert (line, column) == (4, 5)
    if key == "stopSignal":
        assert re.fullmatch(r"unknown key 'stopSignal', did you mean 'stopp?ingSignal'\?", message)
    elif suggestion:
        assert message == f"unknown key '{key}', did you mean '{suggestion}'?"
    else:
        assert message.startswith(f"unknown key '{key}'")


def test_a_key_unlike_all_others_gets_none(box):
    assert error(box, task("zzzzzzzzzz: 1"))[2] == "unknown key 'zzzzzzzzzz'"


@pytest.mark.parametrize("text, place, words", [
    ("taks: {}\ntasks: {}\n", (1, 1), "unknown key 'taks', did you mean 'tasks'?"),
    ("tasks: {}\nsupervisor:\n  logLevl: info\n", (3, 3),
     "unknown key 'logLevl', did you mean 'logLevel'?"),
    ("tasks: {}\ndefaults:\n  instnces: 2\n", (3, 3),
     "unknown key 'instnces', did you mean 'instances'?")])
def test_unknown_keys_elsewhere(box, text, place, words):
    line, column, message = error(box, text)
    assert (line, column) == place and message == words


@pytest.mark.parametrize("line", [
    "instances: 0", "instances: 10001", "instances: -1", "instances: many", "instances: 1.5",
    "instances: []",
    "instances: 99999999999999999999", "autoLaunch: maybe", "autoLaunch: 2",
    "restart: sometimes", "restart: [always]", "restart: Always",
    "expectedExitCodes: 256", "expectedExitCodes: -1", "expectedExitCodes: [0, x]",
    "expectedExitCodes: {}",
    "successfulStartTimeout: -1", "successfulStartTimeout: soon",
    "successfulStartTimeout: 5 parsecs",
    "successfulStartTimeout: .inf", "successfulStartTimeout: .nan", "successfulStartTimeout: 1e400",
    "restartsAttempts: -1", "restartsAttempts: x", "restartDelay: -0.1", "restartDelayMax: x",
    "fatalRetryDelay: -1", "stopingSignal: SIGFOO", "stopingSignal: 0", "stopingSignal: 99",
    "stopingSignal: []", "gracefulStopTimeout: -1", "gracefulStopTimeout: 10x", "umask: 8",
    "umask: 01000",
    "umask: rwx", "umask: -1", "unmask: 1777", "environment: []", "environment: x",
    "environment: {A: [1]}",
    "environment: {A: {B: 1}}", "environment: {'A=B': 1}", "environment: {'': 1}",
    "workingDirectory: []",
    "workingDirectory: {}", "stdout: []", "stdout: {a: 1}", "command: [[]]",
    "stopingSignal: TERM\n    stoppingSignal: INT", "umask: 022\n    unmask: 027"])
def test_wrong_types_and_values_out_of_range(box, line):
    text = task(line) if not line.startswith("command") else f"tasks:\n  web:\n    {line}\n"
    place = error(box, text)
    assert place[0] in ((3,) if line.startswith("command") else (4, 5))


@pytest.mark.parametrize("text, line", [
    ("tasks:\n  web: {}\n", 2), ("tasks:\n  web:\n", 2), ("tasks:\n  web: x\n", 2),
    ("tasks: []\n", 1),
    ("tasks: x\n", 1), ("{}\n", 1), ("x\n", 1), ("- tasks\n", 1), ("supervisor: {}\n", 1),
    ("tasks:\n  web:\n    command: ''\n", 3),
    ("tasks:\n  web:\n    command: '  '\n", 3), ("tasks:\n  web:\n    command: []\n", 3),
    ("tasks:\n  web:\n    command: ['']\n", 3), ("tasks:\n  web:\n    command: {}\n", 3),
    ("tasks:\n  web:\n    command: \"it's\"\n", 3), ("tasks: {}\nsupervisor: []\n", 2),
    ("tasks: {}\nsupervisor: {logLevel: loud}\n", 2),
    ("tasks: {}\nsupervisor: {logFormat: xml}\n", 2),
    ("tasks: {}\ndefaults: x\n", 2), ("tasks: {}\ninclude: {}\n", 2)])
def test_what_is_missing_or_of_another_kind(box, text, line):
    assert error(box, text)[0] == line


def test_a_quote_without_its_end(box):
    assert "'command'" in error(box, "tasks:\n  web:\n    command: echo 'open\n")[2]


@pytest.mark.parametrize("key", ["instances", "stdout", "environment", "expectedExitCodes"])
def test_a_key_without_a_value_counts_as_not_given(box, key):
    assert box.check(task(f"{key}:")).returncode == 0
    assert error(box, "tasks:\n  web:\n    command:\n")[0] in (2, 3)


def test_nothing_at_all(box):
    for text in ("", "# only a comment\n", "---\n", "~\n"):
        assert len(errors(box, text)) == 1


@pytest.mark.parametrize("text, line", [
    ("tasks:\n  web:\n    command: x\n    command: y\n", 4), ("tasks: {}\ntasks: {}\n", 2),
    ("tasks:\n  web:\n    command: x\n  web:\n    command: y\n", 4),
    ("tasks:\n  web:\n    command: x\n    environment: {A: 1, A: 2}\n", 4)])
def test_duplicates(box, text, line):
    found = error(box, text)
    assert found[0] == line and "duplicate" in found[2]


def test_the_name_all_is_reserved(box):
    found = error(box, "tasks:\n  all:\n    command: x\n")
    assert found[:2] == (2, 3) and "'all'" in found[2]


@pytest.mark.parametrize("name", ["a b", "a/b", "ünï", "a*", "''", "a:b", "'a\\b'"])
def test_names_have_letters_digits_dots_underscores_and_dashes(box, name):
    assert error(box, f"tasks:\n  ? {name}\n  : command: x\n")[0] in (2, 3)


@pytest.mark.parametrize("name", ["a.b-c_D9", "0", "_", "web_x", "web_"])
def test_good_names(box, name):
    assert box.check(f"tasks:\n  '{name}':\n    command: x\n").returncode == 0


@pytest.mark.parametrize("order", [("web", "web_2"), ("web_2", "web")])
def test_a_name_that_is_an_instance_of_another_task(box, order):
    bodies = {"web": "{command: x, instances: 3}", "web_2": "{command: x}"}
    found = error(box, "tasks:\n" + "".join(f"  {name}: {bodies[name]}\n" for name in order))
    assert found[0] in (2, 3) and "web_2" in found[2]


def test_a_name_beyond_the_instances_of_another_is_fine(box):
    config = {"tasks": {"web": {"command": "x", "instances": 3}, "web_4": {"command": "x"}}}
    assert box.check(config).returncode == 0


@pytest.mark.parametrize("text, line", [
    ("tasks: [\n", None), ("tasks:\n\tweb: x\n", 2), ("tasks: {}\n  x: y\n", 2),
    ("tasks: 'x\n", None),
    ("a: b: c\n", 1), ("tasks: *nowhere\n", 1), ("tasks: !!python/object {}\n", None),
    ("%YAML 9.9\n---\ntasks: {}\n", None), ("tasks: @x\n", 1)])
def test_yaml_syntax(box, text, line):
    result = box.check(text)
    if text.startswith("%") or "!!" in text:
        assert result.returncode in (0, 1)
        return
    found = errors(box, text)
    assert line is None or found[0][0] == line


def test_a_second_document_is_not_ignored_in_silence(box):
    assert errors(box, "tasks: {}\n---\ntasks: {}\n")


def test_recursive_aliases(box):
    found = errors(box, "tasks: &t\n  web:\n    command: x\n    environment: *t\n")
    assert "alias" in found[0][2] or "recursive" in found[0][2]


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_an_unreadable_file(box):
    path = box.write("tasks: {}\n")
    path.chmod(0)
    result = box.run("-t", path)
    assert result.returncode == 1 and "Permission denied" in result.stderr + result.stdout


def test_every_error_is_reported_in_one_go(box):
    found = errors(box, """\
tasks:
  web:
    command: x
    instnces: 3
    instances: 0
    restart: perhaps
  all:
    command: x
  db:
    umask: 999
    environment: {A: [1]}
supervisor:
  logLevel: loud
frob: 1
""")
    assert {line for line, _, _ in found} >= {4, 5, 6, 7, 10, 11, 13, 14}
    assert len(found) >= 9  # db has no command, which is the ninth


def test_columns_count_from_1(box):
    assert error(box, "tasks: {web: {command: x, instances: 0}}\n")[:2] == (1, 38)

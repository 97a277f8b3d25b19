"""Section 10: what is refused of dependencies and probes before anything happens."""
import pytest

from harness import ROOT


def test_a_circle_through_files_is_told_with_its_path(box):
    box.write("tasks: {c: {command: x, dependsOn: {a: started}}}", "more.yaml")
    result = box.check("include: more.yaml\n"
                       "tasks:\n"
                       "  a: {command: x, dependsOn: b}\n"
                       "  b: {command: x, dependsOn: [d, c]}\n")
    assert result.returncode == 1
    config = box.path("config.yaml")
    assert (result.stdout + result.stderr).splitlines() == [
        f"{config}:3:30: tasks wait for each other: 'a' depends on 'b' on 'c' on 'a'",
        f"{config}:4:31: 'dependsOn': there is no task 'd'"]


def test_a_reload_of_a_circle_changes_nothing(box):
    config = {"tasks": {"a": {"command": "sleep 600"}}}
    supervisor = box.shell(config)
    pid = supervisor.start("a")["a"]
    config["tasks"] |= {"b": {"command": "x", "dependsOn": "c"},
                        "c": {"command": "x", "dependsOn": "b"}}
    box.write(config)
    said = supervisor.send("reload")
    assert any("'b' depends on 'c' on 'b'" in line for line in said), said
    assert set(supervisor.status()) == {"a"} and supervisor.pid_of("a") == pid


def test_a_removed_dependency_is_an_error_of_the_reload(box):
    config = {"tasks": {"db": {"command": "sleep 600"},
                        "web": {"command": "sleep 600", "dependsOn": ["db"]}}}
    supervisor = box.shell(config)
    del config["tasks"]["db"]
    box.write(config)
    said = supervisor.send("reload")
    assert any("there is no task 'db'" in line for line in said), said
    assert set(supervisor.status()) == {"db", "web"}


def test_describe_says_what_is_in_effect(box):
    supervisor = box.shell({"tasks": {
        "db": {"command": "sleep 600"},
        "web": {"command": "sleep 600", "dependsOn": {"db": "started"}, "onExit": "shutdown",
                "ready": {"exec": ["test", "-e", "a b"]},
                "health": {"tcp": "[::1]:80", "retries": 2}}}})
    said = [line.strip() for line in supervisor.send("describe web")]
    for line in ("dependsOn: {db: started}", "onFatal: ignore", "onExit: shutdown",
                 "ready: {exec: \"test -e 'a b'\", interval: 1s, timeout: 30s}",
                 "health: {tcp: \"[::1]:80\", interval: 10s, timeout: 5s, retries: 2}"):
        assert line in said, said


@pytest.mark.parametrize("name", ["example", "web-and-workers", "ordered"])
def test_the_examples_are_good(box, name):
    result = box.run("-t", ROOT / f"configs/{name}.yaml")
    assert (result.returncode, result.stderr) == (0, "")

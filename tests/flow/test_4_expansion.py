"""Section 4: ${...} in values, and how a file is put together."""
import json

import pytest

from harness import helper, lines_of, wait_for, wait_lines
from test_4_keys import environment, facts


def run_dump(box, command=None, name="web", **keys):
    program = helper("dump")[0]
    supervisor = box.shell({"tasks": {name: {
        "command": command or [program, str(box.path("dump")), "x"], **keys}}})
    supervisor.start(name)
    return facts(box.path("dump"))


@pytest.mark.parametrize("written, found", [
    ("${TASK}-${INSTANCE}-${NAME}", "web-1-web"), ("${OUTER}", "outside"), ("${MINE}", "inside"),
    ("${BOTH}", "inside"), ("${NOT_SET:-a default}", "a default"),
    ("${EMPTY:-a default}", "a default"),
    ("${OUTER:-a default}", "outside"), ("$$", "$"), ("$${OUTER}", "${OUTER}"), ("a$$b", "a$b"),
    ("${EMPTY}", ""), ("${NOT_SET:-}", ""), ("no braces", "no braces")])
def test_values_in_a_list_are_expanded(box, written, found):
    box.env |= {"OUTER": "outside", "BOTH": "outside", "EMPTY": ""}
    facts_found = run_dump(box, [*helper("dump"), str(box.path("dump")), written],
                           environment={"MINE": "inside", "BOTH": "inside"})
    assert facts_found["arg"][1:] == [found]


def test_a_plain_command_is_split_first_and_then_expanded(box):
    box.env["WORDS"] = "two words; *"
    found = run_dump(box, f"{helper('dump')[0]} {box.path('dump')} "
                          "${WORDS} '${NAME}' a${TASK}b")
    assert found["arg"][1:] == ["two words; *", "web", "awebb"]


def test_in_a_shell_command_only_names_are_filled_in(box):
    box.env["OUTER"] = "two words"
    found = run_dump(box, f"A=1; exec {helper('dump')[0]} {box.path('dump')} "
                          "${NAME} ${TASK}_${INSTANCE} $OUTER \"${OUTER}\" ${MINE} "
                          "${NOT_SET:-default} $A",
                     environment={"MINE": "inside"})
    assert "|".join(found["arg"][1:]) == "web|web_1|two|words|two words|inside|default|1"


def test_every_instance_gets_its_own(box):
    supervisor = box.shell({"tasks": {"web": {
        "command": "pwd", "instances": 3, "stdout": "out/${NAME}.log",
        "workingDirectory": "${INSTANCE}"}}})
    for number in (1, 2, 3):
        box.path(str(number)).mkdir()
    supervisor.start("web")
    for number in (1, 2, 3):
        assert wait_lines(box.path(f"out/web_{number}.log")) == [str(box.path(str(number)))]
    supervisor.wait_all("STOPPED")


def test_environment_values_are_expanded_too(box):
    box.env["OUTER"] = "outside"
    run_dump(box, environment={"A": "${OUTER}/${NAME}", "B": "$$5"})
    found = environment(box.path("dump"))
    assert (found["A"], found["B"]) == ("outside/web", "$5")


def test_the_status_shows_the_command_of_each_instance(box):
    supervisor = box.shell({"tasks": {"web": {"command": "echo ${NAME} ${INSTANCE}",
                                              "instances": 2}}})
    shown = [task["command"] for task in supervisor.status().values()]
    assert shown == ["echo web_1 1", "echo web_2 2"]


@pytest.mark.parametrize("key, value", [
    ("command", ["echo", "${NOT_SET}"]), ("command", "echo ${NOT_SET}"),
    ("stdout", "${NOT_SET}.log"),
    ("workingDirectory", "/${NOT_SET}"), ("environment", {"A": "${NOT_SET}"})])
def test_a_variable_that_is_not_set_is_an_error(box, key, value):
    result = box.check({"tasks": {"web": {"command": "true", key: value}}})
    assert result.returncode == 1
    assert "NOT_SET" in result.stdout + result.stderr


# ---- the file as a whole ----

def test_anchors_aliases_and_merges(box):
    supervisor = box.shell("""
x-base: &base
  command: sleep 600
  instances: 2
  environment: &env {A: "1", B: "2"}
tasks:
  one:
    <<: *base
  two:
    <<: *base
    instances: 3
    environment: {<<: *env, B: "3"}
  three: {<<: [{command: sleep 601}, *base], instances: 1}
  four: *base
""")
    status = supervisor.status()
    assert " ".join(status) == "one_1 one_2 two_1 two_2 two_3 three four_1 four_2"
    assert status["three"]["command"] == "sleep 601"
    page = "\n".join(supervisor.send("describe two_1"))
    assert "B" in page and "3" in page


def test_defaults_are_task_keys_for_all_tasks(box):
    box.path("place").mkdir()
    supervisor = box.shell({"defaults": {"autoLaunch": True, "instances": 2,
                                         "workingDirectory": "place",
                                         "command": "pwd > ${NAME}; exec sleep 600"},
                            "tasks": {"a": {}, "b": {"instances": 1}, "c": {"autoLaunch": False}}})
    assert list(supervisor.status()) == ["a_1", "a_2", "b", "c_1", "c_2"]
    for name in ("a_1", "a_2", "b"):
        assert wait_lines(box.path("place") / name) == [str(box.path("place"))]
    assert supervisor.state("c_1") == "STOPPED"


def test_includes_are_relative_to_the_including_file(box):
    box.write({"include": ["tasks/*.yaml", "nothing-here/*.yaml"],
               "tasks": {"main": {"command": "x"}}},
              "conf/main.yaml")
    box.write({"tasks": {"one": {"command": "x"}}}, "conf/tasks/1.yaml")
    box.write({"tasks": {"two": {"command": "x"}}}, "conf/tasks/2.yaml")
    box.write({"tasks": {"not-me": {"command": "x"}}}, "conf/tasks/3.yml")
    result = box.run("conf/main.yaml", stdin="status\n")
    assert [line.split()[0] for line in result.stdout.splitlines()[1:4]] in (
        ["main", "one", "two"], ["one", "two", "main"])


def test_errors_in_an_included_file_name_that_file(box):
    box.write("tasks:\n  bad:\n    command: x\n    frob: 1\n", "sub/bad.yaml")
    result = box.check({"include": ["sub/*.yaml"], "tasks": {}})
    assert result.returncode == 1
    assert "sub/bad.yaml:4:5: " in result.stdout + result.stderr


def test_the_same_task_in_two_files_is_an_error(box):
    box.write({"tasks": {"web": {"command": "x"}}}, "other.yaml")
    result = box.check({"include": ["other.yaml"], "tasks": {"web": {"command": "x"}}})
    assert result.returncode == 1
    assert "web" in result.stdout + result.stderr


def test_a_file_that_includes_itself_ends(box):
    assert box.check({"include": ["config.yaml"],
                      "tasks": {"web": {"command": "x"}}}).returncode in (0, 1)


def test_keys_that_begin_with_x_are_ignored(box):
    assert box.check({"x-anything": {"command": [1, {}], "tasks": None},
                      "tasks": {}}).returncode == 0


@pytest.mark.parametrize("config", ["tasks: {}\n", "---\ntasks: {}\n...\n", "# c\ntasks: {}",
                                    "{tasks: {}}",
                                    "\ufefftasks: {}\n", "tasks: {}\r\n", "{\"tasks\": {}}"])
def test_spellings_of_nothing(box, config):
    assert box.check(config).returncode == 0


def test_supervisor_keys(box):
    supervisor = box.shell({"supervisor": {"logFile": "logs/my.log", "logLevel": "debug",
                                           "logFormat": "json"},
                            "tasks": {"web": {"command": "sleep 600"}}})
    supervisor.start("web")
    wait_for(lambda: any("web" in line for line in lines_of(box.path("logs/my.log"))))
    assert all(isinstance(json.loads(line), dict) for line in lines_of(box.path("logs/my.log")))
    assert not box.path("taskmaster.log").exists()

"""The configurations of a run: what the supervisor is given to do, how that is changed, and how it
is broken. All are JSON, which is YAML. What is drawn here depends on the random numbers alone."""
import copy
import json

ALWAYS = ("steady", "dependent")  # what others depend on, and what no edit removes


def base(state, disk, helper):
    """The tasks of a fresh life. `state` is where actors keep their rows; `disk` the small one."""
    def actor(**options):
        return [str(helper), str(state), *(f"{key}={value}" for key, value in options.items())]

    pumped = {"stdout": "logs/${NAME}.log", "logMaxSize": "16KB", "logBackups": 10000}
    up = {"autoLaunch": True, "restart": "always"}
    return {
        "steady": {**up, **pumped, "command": actor(tick_ms=20), "instances": 2},
        "shared": {**up, "command": actor(tick_ms=15), "instances": 3, "logTimestamps": True,
                   "stdout": "logs/shared/all.log", "logMaxSize": "32KB", "logBackups": 10000},
        "plain": {**up, "command": actor(), "stdout": "logs/plain/${NAME}.log", "instances": 2},
        "flapping": {**up, **pumped, "command": actor(life_ms=150, code=1), "instances": 2,
                     "restart": "on-failure", "restartsAttempts": 4, "fatalRetryDelay": "1s"},
        "brief": {**up, **pumped, "command": actor(life_ms=300)},
        "stubborn": {**up, **pumped, "command": actor(ignore=1), "gracefulStopTimeout": "300ms"},
        "family": {**up, **pumped, "command": actor(family=1), "instances": 2},
        "lingering": {**up, **pumped, "command": actor(family=1, life_ms=400)},
        "dependent": {**up, **pumped, "command": actor(), "dependsOn": ["steady"],
                      "ready": {"exec": "true", "interval": "200ms"},
                      "health": {"exec": "true", "interval": "300ms"}},
        "full": {**up, "command": actor(tick_ms=25), "stdout": f"{disk}/full.log",
                 "logMaxSize": "24KB", "logBackups": 10000},
        "timed": {**pumped, "command": actor(), "successfulStartTimeout": "1s"},
        "hog": {**pumped, "command": actor(mem_mb=60, busy_ms=500, life_ms=1)},
        "missing": {"command": ["/no/such/program"], "restart": "on-failure", "autoLaunch": True},
    }


DEFAULTS = {"successfulStartTimeout": "200ms", "restartDelay": "50ms", "restartDelayMax": "400ms",
            "gracefulStopTimeout": "2s", "environment": {"LD_PRELOAD": ""}}


def names(tasks):
    """Every instance: its name, and (task, instance)."""
    return {name if task.get("instances", 1) == 1 else f"{name}_{number}": (name, number)
            for name, task in tasks.items() for number in range(1, task.get("instances", 1) + 1)}


def text(tasks, supervisor):
    return json.dumps({"supervisor": supervisor, "defaults": DEFAULTS, "tasks": tasks}, indent=1)


# ---- changes -------------------------------------------------------------------------------------

def scale(tasks, rng):
    tasks[rng.choice(sorted(tasks))]["instances"] = rng.choice((1, 1, 2, 3, 5))


def change(tasks, rng):
    """What needs a new process."""
    task = tasks[rng.choice(sorted(tasks))]
    task["environment"] = {"VERSION": rng.randrange(1000)}


def tune(tasks, rng):
    """What needs none."""
    task = tasks[rng.choice(sorted(tasks))]
    task[rng.choice(("restartsAttempts", "gracefulStopTimeout", "restartDelay"))] = rng.choice((1, 2))


def remove(tasks, rng):
    removable = sorted(set(tasks) - set(ALWAYS))
    if len(removable) > 4:
        del tasks[rng.choice(removable)]


def add(tasks, rng):
    like = copy.deepcopy(tasks["steady"])
    like["instances"] = rng.choice((1, 2))
    tasks[f"new{rng.randrange(3)}"] = like


def restore(first):
    def change_back(tasks, rng):
        name = rng.choice(sorted(first))
        tasks[name] = copy.deepcopy(first[name])
    return change_back


def edited(tasks, first, rng):
    """A copy with some changes."""
    tasks = copy.deepcopy(tasks)
    for _ in range(rng.choice((1, 1, 2, 4))):
        rng.choice((scale, change, tune, remove, add, restore(first), restore(first)))(tasks, rng)
    return tasks


# ---- breaking ------------------------------------------------------------------------------------

def broken(good, rng):
    """A text that is no configuration."""
    at = rng.randrange(10, len(good) - 10)
    return rng.choice((
        lambda: "",
        lambda: good[:at],                                   # the disk was full
        lambda: good[:at] + "\0\x01\xff" + good[at:],
        lambda: good.replace('"instances"', '"instnces"', 1),
        lambda: good.replace('"always"', '"sometimes"', 1),
        lambda: good.replace('"steady"', '"all"', 1),        # ... and what depends on it
        lambda: good.replace('["steady"]', '["dependent"]', 1) if '["steady"]' in good
        else good.replace('"steady"', '"dependent"', 1),
        lambda: good.replace('"tasks"', '"tsaks"', 1),
        lambda: "tasks: [" * 1000,
        lambda: "a: &a [*a]\ntasks: *a\n",
        lambda: "tasks: {x: {command: ${NO_SUCH_VARIABLE_AT_ALL}}}\n",
    ))()

"""Section 3: how long a restart waits. Delays are checked from below: a busy machine adds to
them."""
import pytest

from harness import gaps, helper, wait_lines


def start_failing(box, live_ms=0, **keys):
    path = box.path("ticks")
    supervisor = box.shell({"tasks": {"web": {
        "command": helper("tick", path, live_ms, 1), "restart": "on-failure", **keys}}})
    supervisor.start("web")
    return supervisor, path


def test_delays_double_up_to_their_maximum(box):
    supervisor, path = start_failing(box, restartDelay=0.1, restartDelayMax=0.4, restartsAttempts=5)
    supervisor.wait_state("web", "FATAL")
    found = gaps(path)
    assert len(found) == 5
    for gap, least in zip(found, (100, 200, 400, 400, 400)):
        assert gap >= least - 1, found


def test_delays_without_a_unit_are_seconds_and_the_default_is_half_a_second(box):
    _supervisor, path = start_failing(box)
    wait_lines(path, 2)
    assert gaps(path)[0] >= 499


@pytest.mark.parametrize("restart", ["on-failure", "always"])
def test_nothing_spins_even_with_a_timeout_of_0(box, restart):
    _supervisor, path = start_failing(box, restart=restart, successfulStartTimeout=0,
                                      restartDelay=0.4, restartDelayMax=0.8)
    wait_lines(path, 4)
    # 400, 800 and 800 ms; where a busy machine made a life that long, the next start is at once.
    assert sum(gaps(path)) >= 1200, gaps(path)


def test_after_a_longer_life_the_restart_is_immediate(box):
    _supervisor, path = start_failing(box, live_ms=300, successfulStartTimeout=0, restartDelay=0.2,
                                      restartDelayMax=60)
    wait_lines(path, 6)
    # Doubling would have made the last of these gaps three seconds and more.
    assert all(gap >= 299 for gap in gaps(path))


def test_a_delay_of_0_is_allowed_where_attempts_end_it(box):
    supervisor, path = start_failing(box, restartDelay=0, restartsAttempts=5)
    supervisor.wait_state("web", "FATAL")
    assert len(gaps(path)) == 5


def test_instances_do_not_restart_in_step(box):
    path = box.path("ticks")
    supervisor = box.shell({"tasks": {"web": {
        "command": [*helper("tick"), str(box.path("ticks")) + ".${INSTANCE}", "0", "1"],
        "instances": 12, "restart": "on-failure", "restartDelay": 2, "restartsAttempts": 1}}})
    supervisor.start("web")
    supervisor.wait_all("FATAL")
    found = [gaps(f"{path}.{n}")[0] for n in range(1, 13)]
    assert all(gap >= 1999 for gap in found)
    assert max(found) - min(found) >= 20, found  # of the 200 ms that chance may add

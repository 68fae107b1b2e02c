"""Starting a Ray of our own on a machine that is slow: what Ray itself gives up, we try again."""

from types import ModuleType

import pytest

from launch.executors.make import set_ray_environment

SLOW = "The current node timed out during startup."


@pytest.fixture
def join() -> ModuleType:
    """Imported with the environment that Ray reads when it is imported first."""
    set_ray_environment(local=True)
    from launch.executors import join

    return join


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[Exception | None]:
    """What each start of Ray ends with, in turn; None for one that works."""
    planned = list[Exception | None]()

    def init(**_: object) -> None:
        ending = planned.pop(0)
        if ending is not None:
            raise ending

    monkeypatch.setattr("ray.init", init)
    return planned


def test_a_start_that_took_too_long_is_tried_again(join: ModuleType, starts: list[Exception | None]) -> None:
    starts += [Exception(SLOW), Exception(SLOW), None, None]
    join.join(None)
    assert starts == [None]


def test_one_that_always_takes_too_long_ends_with_a_cure(join: ModuleType, starts: list[Exception | None]) -> None:
    starts += [Exception(SLOW) for _ in range(join.NUM_STARTS)]
    with pytest.raises(ConnectionError, match="cannot start Ray: it took too long 10 times; stop what else runs here"):
        join.join(None)


def test_another_failure_is_not_repeated(join: ModuleType, starts: list[Exception | None]) -> None:
    starts += [RuntimeError("no such file"), None]
    with pytest.raises(RuntimeError, match="no such file"):
        join.join(None)
    assert starts == [None]

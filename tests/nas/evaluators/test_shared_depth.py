"""Weights that candidates share: their training is repeatable and goes on, and they score what was never trained."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nas.depth.training import shared as training
from nas.evaluators import _shared_depth as module
from nas.evaluators.depth import DepthEvaluator
from nas.record import Evaluator, Job, Shared, SharesWeights, Sharing
from nas.record.checkpoints import CheckpointError
from tests.experiments import learning
from tests.experiments.tiny import SPACE

STEPS = 24
JOB = Job(phase="search", ticket=0, architecture=SPACE.reference("published"), fidelity=0, seed=3)


class Stop(Exception):
    """Stands for a crash."""


def unshared() -> DepthEvaluator:
    from launch.experiment import Workplace

    place = Workplace(cache=Path(), data=None, workers=1, progress=lambda *_: None)
    return learning.make_evaluator(place)


def share(
    keep: Path, *, seed: int = 0, draws: int = 0, steps: int = STEPS, told: Callable[[int, int], None] | None = None
) -> Shared:
    rows = SPACE.sample(steps, np.random.default_rng(draws))
    progress = told or (lambda done, total: None)
    return unshared().sharing(Sharing(architectures=rows, seed=seed, keep=keep, progress=progress))


def cut_short(keep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Die in the 18th step, two after the last that was kept."""

    def stop(done: int, total: int) -> None:
        if done == 18:
            raise Stop

    monkeypatch.setattr(module, "KEEP_EVERY", 4)
    with pytest.raises(Stop):
        share(keep, told=stop)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    return share(tmp_path_factory.mktemp("shared") / "shared.pt")


def test_a_candidate_is_scored_without_a_training_of_its_own(shared: Shared) -> None:
    evaluator = shared.evaluator
    assert isinstance(unshared(), SharesWeights) and isinstance(evaluator, Evaluator) and shared.seconds > 0
    scores = {row: evaluator(Job(phase="search", ticket=1, architecture=row, fidelity=0, seed=1)).metrics["error"]
              for row in map(tuple, SPACE.sample(6, np.random.default_rng(5)).tolist())}  # fmt: skip
    assert len(set(scores.values())) > 3 and all(0 < score < 1 for score in scores.values())
    assert evaluator(JOB) == evaluator(JOB)


def test_they_have_learned(shared: Shared, tmp_path: Path) -> None:
    fresh = share(tmp_path / "shared.pt", steps=1).evaluator
    assert shared.evaluator(JOB).metrics["error"] < fresh(JOB).metrics["error"]


def test_a_training_that_was_cut_short_goes_on_and_gives_what_it_would_have_given(
    shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short(tmp_path / "shared.pt", monkeypatch)
    steps: list[int] = []
    again = share(tmp_path / "shared.pt", told=lambda done, total: steps.append(done))
    assert steps == list(range(17, STEPS + 1))
    assert again.evaluator(JOB).metrics == shared.evaluator(JOB).metrics
    steps.clear()
    found = share(tmp_path / "shared.pt", told=lambda done, total: steps.append(done))
    assert not steps and found.seconds == again.seconds
    assert found.evaluator(JOB).metrics == shared.evaluator(JOB).metrics


class OneAfterTheOther:
    """A pool without threads."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __enter__(self) -> "OneAfterTheOther":
        return self

    def __exit__(self, *_: object) -> None: ...

    def map(self, function: Callable[[int], Any], values: range) -> list[Any]:
        return [function(value) for value in values]


def test_whoever_has_one_core_gets_the_same_weights(
    shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "ThreadPoolExecutor", OneAfterTheOther)
    assert share(tmp_path / "shared.pt").evaluator(JOB).metrics == shared.evaluator(JOB).metrics


def test_what_is_kept_lies_between_steps_that_are_made_together() -> None:
    assert module.KEEP_EVERY % training.TOGETHER == 0


def test_under_other_limits_one_that_is_not_done_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_short(tmp_path / "shared.pt", monkeypatch)
    steps: list[int] = []
    share(tmp_path / "shared.pt", draws=1, told=lambda done, total: steps.append(done))
    assert steps == list(range(1, STEPS + 1))


def test_what_is_damaged_or_of_another_training_is_refused(tmp_path: Path) -> None:
    share(tmp_path / "shared.pt", steps=2)
    with pytest.raises(
        CheckpointError, match=r"shared weights continue their own training only.*start in a new folder"
    ):
        share(tmp_path / "shared.pt", steps=2, seed=1)
    content = (tmp_path / "shared.pt").read_bytes()
    (tmp_path / "shared.pt").write_bytes(content[:-1])
    with pytest.raises(CheckpointError, match=r"must be whole, and .*shared.pt is damaged"):
        share(tmp_path / "shared.pt", steps=2)


def test_without_them_a_fidelity_of_0_is_refused() -> None:
    with pytest.raises(ValueError, match="a fidelity of 0 steps is for weights that candidates share"):
        unshared()(JOB)

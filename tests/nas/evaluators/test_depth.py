"""The evaluator that trains: what it does with checkpoints, with less memory and with a GPU."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nas.depth.data import DepthData, DepthImages
from nas.depth.training import Recipe
from nas.depth.training.training import train
from nas.evaluators import depth
from nas.evaluators.depth import DepthEvaluator
from nas.record import Divisible, Evaluator, Job, Phase
from nas.record.checkpoints import Checkpoints, read
from tests.experiments.tiny import SPACE


def job(phase: Phase = "search", *, ticket: int = 0) -> Job:
    return Job(phase=phase, ticket=ticket, architecture=(0,) * len(SPACE.choices), fidelity=9, seed=3)


def make_evaluator(checkpoints: Checkpoints | None = None, **recipe: Any) -> DepthEvaluator:
    data = DepthData(
        train=_images("a", 12), validation=_images("b", 4), test=_images("c", 6), name="toy", provenance="made up"
    )
    chosen = Recipe(batch_size=4, **recipe)
    return DepthEvaluator(space=SPACE, data=data, recipe=chosen, checkpoints=checkpoints, checkpoint_every=4)


def _images(group: str, num: int) -> DepthImages:
    rgb = np.random.default_rng(ord(group)).integers(0, 256, (num, 16, 16, 3), dtype=np.uint8)
    return DepthImages(rgb=rgb, depth=np.exp(-rgb[..., 1].astype(np.float32) / 100), group=(group,) * num)


class Stop(Exception):
    """Stands for a crash."""


def stop_at(last: int) -> Callable[[int, float], None]:
    def stop(step: int, loss: float) -> None:
        if step == last:
            raise Stop

    return stop


def test_a_job_that_is_run_again_goes_on_and_gives_what_it_would_have_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = make_evaluator()(job("final"))
    evaluator = make_evaluator(Checkpoints(url=str(tmp_path)))
    with monkeypatch.context() as patch, pytest.raises(Stop):
        patch.setattr(depth, "train", partial(train, on_step=stop_at(6)))
        evaluator(job("final"))
    steps: list[int] = []
    monkeypatch.setattr(depth, "train", partial(train, on_step=lambda step, _: steps.append(step)))
    found = pickle.loads(pickle.dumps(evaluator))(job("final"))
    assert steps == [4, 5, 6, 7, 8]
    assert found.metrics == undisturbed.metrics and found.artifacts.keys() == undisturbed.artifacts.keys()
    assert found.artifacts["pt"] == undisturbed.artifacts["pt"]
    assert undisturbed.notes == () and found.notes == ("training went on after step 4",)


def test_jobs_do_not_take_each_others_checkpoints(tmp_path: Path) -> None:
    place = Checkpoints(url=str(tmp_path))
    evaluator = make_evaluator(place)
    for one in (job(), job(ticket=1), job("final")):
        assert evaluator(one).notes == ()
        assert read(place.of(one))


def test_it_can_do_with_less_memory_down_to_an_image_at_a_time() -> None:
    evaluator = make_evaluator()
    assert isinstance(evaluator, Evaluator) and isinstance(evaluator, Divisible)
    halves = evaluator.divided()
    assert halves is not None and halves.data is evaluator.data
    assert halves.recipe == replace(evaluator.recipe, parts=2)
    quarters = halves.divided()
    assert quarters is not None and quarters.recipe.parts == 4 and quarters.divided() is None
    assert halves(job()).metrics.keys() == evaluator(job()).metrics.keys()


@pytest.mark.parametrize(
    ("named", "num_gpus", "devices"),
    [((), 0, "cpu"), ((), 1, "cuda:0"), ((), 2, ("cuda:0", "cuda:1")), (("cpu",), 2, "cpu")],
)
def test_it_trains_on_the_gpus_that_its_worker_was_given(
    named: tuple[str, ...], num_gpus: int, devices: str | tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Any] = []

    def stop(*_: Any, **options: Any) -> None:
        found.append(options.get("device") or options["devices"])
        raise Stop

    monkeypatch.setattr(torch.cuda, "device_count", lambda: num_gpus)
    monkeypatch.setattr(depth, "train", stop)
    monkeypatch.setattr(depth, "train_together", stop)
    with pytest.raises(Stop):
        replace(make_evaluator(), devices=named)(job())
    assert found == [devices]


@pytest.mark.slow
def test_several_devices_train_together_and_that_is_noted(tmp_path: Path) -> None:
    evaluator = replace(make_evaluator(Checkpoints(url=str(tmp_path))), devices=("cpu", "cpu"))
    found = evaluator(job())
    assert found.notes == ("trained on 2 devices: batch norm saw parts, not batches",)
    again = evaluator(job())
    assert again.notes == (*found.notes, "training went on after step 8") and again.metrics == found.metrics


@pytest.mark.slow
def test_a_final_is_measured_in_int8_as_well() -> None:
    pytest.importorskip("executorch", reason="pip install 'chamnas[executorch]'")
    found = make_evaluator().quantising(2)(job("final")).metrics
    assert {name for name in found if name.endswith("_int8")} == {
        f"{name}_int8" for name in found if not name.endswith("_int8")
    }
    assert 0 < abs(found["error_int8"] - found["error"]) < 0.2
    assert "error_int8" not in make_evaluator().quantising(2)(job()).metrics

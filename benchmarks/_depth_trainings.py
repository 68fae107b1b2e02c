"""Trainings of depth networks alone, several at once, kept line by line: what the benchmarks of the depth task share.

Each line of the record is one training; a run that was cut short goes on after the last whole line. Architectures are
of the demo's space, data are the demo's pictures of Freedoom's maps in any size and number.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_cache_path

from launch.experiments.demo import DATA_SEED, SPACE
from nas.processes import end_with_parent
from nas.space import Architecture, Shape, Space

NUM_WINDOWS = 24
"""Of a learning curve: mean losses of so many equal parts of the steps."""
LAST_SHARE = 0.1
"""Of the steps, whose mean loss counts as a result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a training is but for its network and its seed. `num_images`: of the whole set, over its three parts."""

    name: str
    steps: int
    batch_size: int = 8
    peak_lr: float = 8e-3
    colour_jitter: float = 0.0
    num_images: int = 2400
    size: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    setting: Setting
    architecture: Architecture
    seed: int

    @property
    def key(self) -> str:
        return f"{self.setting.name} {self.seed} {','.join(map(str, self.architecture))}"


def space_of(setting: Setting) -> Space:
    return replace(SPACE, input=Shape(3, setting.size, setting.size))


def trained(wanted: Sequence[Training], record: Path, *, jobs: int, cache_dir: Path | None = None) -> dict[str, Any]:
    """The results by `Training.key`; what the record lacks is trained and added to it.

    Each has the setting, the seed, the metrics of validation and test, the last losses' mean, the curve, seconds and
    core-seconds; or, where training failed, `failure` alone.
    """
    record.parent.mkdir(parents=True, exist_ok=True)
    known = dict(_read(record))
    missing = [one for one in wanted if one.key not in known]
    for setting in {one.setting for one in missing}:
        pictures(setting, cache_dir, jobs)  # rendered once, not by each process
    began = time.monotonic()
    for done, (key, result) in enumerate(_results(missing, jobs, cache_dir), start=1):
        known[key] = result
        with record.open("a") as file:
            file.write(json.dumps({"key": key, **result}) + "\n")
        left_s = (time.monotonic() - began) / done * (len(missing) - done)
        print(f"{done} of {len(missing)} trainings, about {left_s / 60:.0f} min left", file=sys.stderr, flush=True)
    return {one.key: known[one.key] for one in wanted}


def _read(record: Path) -> Iterator[tuple[str, Any]]:
    """A line that was cut off by a kill is trained again."""
    lines = record.read_text().splitlines(keepends=True) if record.exists() else []
    for line in lines:
        if line.endswith("\n"):
            result = json.loads(line)
            yield result.pop("key"), result
    if lines and not lines[-1].endswith("\n"):
        record.write_text("".join(lines[:-1]))


def _results(missing: Sequence[Training], jobs: int, cache_dir: Path | None) -> Iterator[tuple[str, Any]]:
    """In the order in which they end; each process is handed one at a time, so that an end comes soon."""
    left = list(missing)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_start) as pool:
        running = {pool.submit(_train, left.pop(0), cache_dir): None for _ in range(min(jobs, len(left)))}
        while running:
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                del running[future]
                if left:
                    running[pool.submit(_train, left.pop(0), cache_dir)] = None
                yield future.result()


def _start() -> None:
    import torch

    end_with_parent()
    torch.set_num_threads(1)


def _train(training: Training, cache_dir: Path | None) -> tuple[str, dict[str, Any]]:
    import torch

    from nas.depth.training import Recipe
    from nas.depth.training.steps import TrainingDiverged
    from nas.depth.training.training import evaluate, train
    from nas.lowering.torch_module import build, fold

    setting = training.setting
    data = pictures(setting, cache_dir, 1)
    began, worked = time.monotonic(), time.process_time()
    torch.manual_seed(training.seed)
    module = build(space_of(setting).lower(training.architecture))
    recipe = Recipe(
        steps=setting.steps,
        batch_size=setting.batch_size,
        peak_lr=setting.peak_lr,
        colour_jitter=setting.colour_jitter,
    )
    try:
        losses = train(module, data.train, recipe, seed=training.seed).losses
    except TrainingDiverged as error:
        return training.key, {"failure": str(error)}
    folded = fold(module)
    return training.key, {
        "setting": asdict(setting),
        "seed": training.seed,
        "validation": _metrics(evaluate(folded, data.validation)),
        "test": _metrics(evaluate(folded, data.test)),
        "loss": float(losses[-max(1, round(LAST_SHARE * setting.steps)) :].mean()),
        "curve": [round(float(part.mean()), 5) for part in np.array_split(losses, min(NUM_WINDOWS, len(losses)))],
        "seconds": round(time.monotonic() - began, 1),
        "core_seconds": round(time.process_time() - worked, 1),
    }


def _metrics(metrics: Any) -> dict[str, float]:
    return {"error": round(metrics.error, 6), **{name: round(value, 6) for name, value in asdict(metrics).items()}}


@cache
def pictures(setting: Setting, cache_dir: Path | None, workers: int) -> Any:
    """The data of a setting, a `nas.depth.data.DepthData`."""
    from nas.depth.data import freedoom

    return freedoom.load(
        cache_dir or user_cache_path("chamnas"),
        num_images=setting.num_images,
        seed=DATA_SEED,
        size=(setting.size, setting.size),
        workers=workers,
    )

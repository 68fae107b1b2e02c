"""A candidate's error by training it: depth from one image.

Validation metrics guide the search and choose the winner. A final is scored on test images as well; those metrics,
called "test_...", are used by nothing but reports. It also leaves its weights and a few predictions to look at.
"""

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch

from nas.build import BuiltNetwork, build, fold
from nas.depth.baselines import constant_map, mean_map
from nas.depth.data import DepthData, DepthImages
from nas.depth.metrics import Metrics, score
from nas.depth.recipe import Recipe
from nas.depth.training import evaluate, predict, train
from nas.space import Space
from nas.standalone import state
from nas.trial import Evaluation, Job

NUM_PICTURES = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthEvaluator:
    """Trains with `recipe`; a job's fidelity is its number of optimiser steps.

    `device` is torch's name of one; None takes the worker's GPU where it has been given one.
    """

    space: Space
    data: DepthData
    recipe: Recipe
    device: str | None = None

    def __call__(self, job: Job) -> Evaluation:
        device = self.device or ("cuda" if torch.cuda.is_available() else "cpu")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(job.seed)
            module = build(self.space.lower(job.architecture))
        train(module, self.data.train, replace(self.recipe, steps=job.fidelity), seed=job.seed, device=device)
        folded = fold(module)
        metrics = _named(evaluate(folded, self.data.validation, device=device))
        if job.phase == "search":
            return Evaluation(metrics=metrics)
        metrics |= _named(evaluate(folded, self.data.test, device=device), prefix="test_")
        return Evaluation(metrics=metrics, artifacts=self._artifacts(folded.cpu()))

    @property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        """Constant depth, and the mean depth map of the training images."""
        maps = {"constant depth": constant_map, "mean depth map": self._mean_map}
        return {
            name: _named(score(make(self.data.validation), self.data.validation))
            | _named(score(make(self.data.test), self.data.test), prefix="test_")
            for name, make in maps.items()
        }

    @property
    def data_facts(self) -> Mapping[str, str | int]:
        """Name, provenance and the number of images of each part."""
        sizes = {f"{part} images": len(getattr(self.data, part)) for part in ("train", "validation", "test")}
        return {"name": self.data.name, "provenance": self.data.provenance, **sizes}

    def _mean_map(self, images: DepthImages) -> np.ndarray:
        return mean_map(self.data.train, images)

    def _artifacts(self, folded: BuiltNetwork) -> dict[str, bytes]:
        weights, pictures = io.BytesIO(), io.BytesIO()
        torch.save(state(folded), weights)
        shown = self.data.test.take(np.linspace(0, len(self.data.test) - 1, NUM_PICTURES).round().astype(int))
        prediction = predict(folded, shown.rgb)
        np.savez_compressed(pictures, rgb=shown.rgb, depth=shown.depth, log_disparity=prediction)
        return {"pt": weights.getvalue(), "npz": pictures.getvalue()}


def _named(metrics: Metrics, prefix: str = "") -> dict[str, float]:
    named = {"error": metrics.error, **asdict(metrics)}
    return {f"{prefix}{name}": value for name, value in named.items()}

"""Evaluator that trains a candidate for depth from one image and measures its error.

Validation metrics guide the search and choose the winner. A final is scored on test images as well; those metrics,
called "test_...", are used by nothing but reports. It also leaves its weights and a few predictions to look at.
What the task calls all of it is in `nas.depth.task_card`.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from nas.deploy.course import Course, Terms
from nas.depth import CARD
from nas.depth.data import DepthData, DepthImages
from nas.depth.metrics import Metrics, constant_map, mean_map, score
from nas.depth.training import Recipe
from nas.depth.training.course import depth_course, named, some_inputs
from nas.depth.training.data_parallel import train_together
from nas.depth.training.training import CHECKPOINT_EVERY, evaluate, predict, train
from nas.evaluators._shared_depth import SharedDepth, shared_depth
from nas.lowering.standalone import state
from nas.lowering.torch_module import BuiltNetwork, build, fold
from nas.record import INT8, TEST, Evaluation, Job, Shared, Sharing, TaskCard
from nas.record.checkpoints import Checkpoints
from nas.space import Space

NUM_PICTURES = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthEvaluator:
    """Trains with `recipe`; a job's fidelity is its number of optimiser steps.

    `devices` are torch's names; with none, training takes the GPUs that its worker has been given, or else the CPU.
    Several train one network together. With `checkpoints` a job that is run again goes on where it last kept itself,
    and gives what it would have given undisturbed (on a GPU as far as that repeats itself). With `int8_steps`, finals
    are measured in int8 as well, after so many steps more; None for float32 alone. With `shared` a job of fidelity 0 is
    scored by weights that all candidates share.
    """

    space: Space
    data: DepthData
    recipe: Recipe
    devices: tuple[str, ...] = ()
    checkpoints: Checkpoints | None = None
    checkpoint_every: int = CHECKPOINT_EVERY
    int8_steps: int | None = None
    shared: SharedDepth | None = None

    def __call__(self, job: Job) -> Evaluation:
        if not job.fidelity:
            return Evaluation(metrics=self._by_shared_weights(job))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(job.seed)
            module = build(self.space.lower(job.architecture))
        devices = self.devices or _given()
        notes = self._train(module, job, devices)
        device = devices[0]
        folded = fold(module)
        metrics = _named(evaluate(folded, self.data.validation, device=device))
        if job.phase == "search":
            return Evaluation(metrics=metrics, notes=notes)
        metrics |= _named(evaluate(folded, self.data.test, device=device), prefix=TEST)
        if self.int8_steps is not None:
            metrics |= self._in_int8(folded.cpu(), job, self.int8_steps, device)
        return Evaluation(metrics=metrics, artifacts=self._artifacts(folded.cpu()), notes=notes)

    def _by_shared_weights(self, job: Job) -> dict[str, float]:
        if self.shared is None:
            raise ValueError("a fidelity of 0 steps is for weights that candidates share, and none were trained")
        return _named(self.shared.score(job.architecture, self.data))

    def _in_int8(self, folded: BuiltNetwork, job: Job, steps: int, device: str) -> dict[str, float]:
        """The same metrics of the network in int8, "error_int8" and so on."""
        from nas.deploy.brief_int8 import LOWER, briefly_quantised  # ExecuTorch and torchao, for those who ask for it

        rate = LOWER * self.recipe.peak_lr
        terms = Terms(
            steps=steps, usual_steps=job.fidelity, seed=job.seed, device=device, peak_lr=rate, precision="float32",
            augment=False,
        )  # fmt: skip
        rounded = briefly_quantised(folded, self, terms)
        found = _named(evaluate(rounded, self.data.validation)) | _named(evaluate(rounded, self.data.test), prefix=TEST)
        return {f"{name}{INT8}": value for name, value in found.items()}

    def _train(self, module: nn.Module, job: Job, devices: tuple[str, ...]) -> tuple[str, ...]:
        """Train `module` in place; what there is to say of it."""
        recipe, images = replace(self.recipe, steps=job.fidelity), self.data.train
        url, every = self.checkpoints.of(job) if self.checkpoints else None, self.checkpoint_every
        if len(devices) == 1:
            return train(
                module, images, recipe, seed=job.seed, device=devices[0], checkpoint=url, checkpoint_every=every
            ).notes
        result = train_together(
            module, images, recipe, seed=job.seed, devices=devices, checkpoint=url, checkpoint_every=every
        )
        return (f"trained on {len(devices)} devices: batch norm saw parts, not batches", *result.notes)

    def course(self, module: nn.Module, terms: Terms) -> Course:
        """See `nas.deploy.course.Trainable`."""
        return depth_course(module, self.data, self.recipe, terms)

    def inputs(self, number: int) -> Iterator[Float[Tensor, "b 3 h w"]]:
        """See `nas.deploy.course.Trainable`."""
        return some_inputs(self.data.train, number)

    def test(self, module: nn.Module) -> Mapping[str, float]:
        """See `nas.deploy.course.Trainable`."""
        device = next((str(value.device) for value in module.parameters()), "cpu")
        return named(evaluate(module, self.data.test, device=device))

    def quantising(self, steps: int) -> "DepthEvaluator":
        """See `nas.record.QuantisesFinals`."""
        return replace(self, int8_steps=steps)

    def sharing(self, sharing: Sharing) -> Shared:
        """See `nas.record.SharesWeights`."""
        shared = shared_depth(self.space, self.data, self.recipe, sharing)
        return Shared(evaluator=replace(self, shared=shared), seconds=shared.seconds)

    def divided(self) -> "DepthEvaluator | None":
        """See `nas.record.Divisible`; None where a part would have no image."""
        parts = 2 * self.recipe.parts
        return replace(self, recipe=replace(self.recipe, parts=parts)) if parts <= self.recipe.batch_size else None

    @property
    def card(self) -> TaskCard:
        """See `nas.record.task_card.Described`."""
        return CARD

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
        """Name, provenance, the number of images of each part, what was noted on reading, and the files' digest."""
        sizes = {f"{part} images": len(getattr(self.data, part)) for part in ("train", "validation", "test")}
        told = {"notes": "; ".join(self.data.notes), "digest": self.data.digest}
        return {
            "name": self.data.name,
            "provenance": self.data.provenance,
            **sizes,
            **{name: text for name, text in told.items() if text},
        }

    @property
    def training_facts(self) -> Mapping[str, str | int | float]:
        """The recipe, without what a job or its memory decides."""
        recipe = asdict(self.recipe)
        return {f"recipe {name}": value for name, value in recipe.items() if name not in ("steps", "parts")}

    def _mean_map(self, images: DepthImages) -> np.ndarray:
        return mean_map(self.data.train, images)

    def _artifacts(self, folded: BuiltNetwork) -> dict[str, bytes]:
        from nas.depth.views import views  # Matplotlib is for finals only

        weights, pictures = io.BytesIO(), io.BytesIO()
        torch.save(state(folded), weights)
        shown = self.data.test.take(np.linspace(0, len(self.data.test) - 1, NUM_PICTURES).round().astype(int))
        np.savez_compressed(pictures, **views(shown, predict(folded, shown.rgb)))
        return {"pt": weights.getvalue(), "npz": pictures.getvalue()}


def _given() -> tuple[str, ...]:
    """The devices that this process may use: a worker sees the GPUs that it was given and no others."""
    return tuple(f"cuda:{i}" for i in range(torch.cuda.device_count())) or ("cpu",)


def _named(metrics: Metrics, prefix: str = "") -> dict[str, float]:
    return {f"{prefix}{name}": value for name, value in named(metrics).items()}

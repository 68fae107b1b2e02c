"""Weights for depth that all candidates share: trained once, kept in a file, and the score of one network by them.

A candidate takes its slices (`nas.supernet.shared_weights`), and its batch norms their statistics from training
pictures. That costs about as much as a dozen steps of its own.
"""

import io
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch

from nas.depth.data import DepthData
from nas.depth.metrics import Metrics
from nas.depth.training import Recipe
from nas.depth.training.shared import calibration, train_shared
from nas.depth.training.training import evaluate
from nas.lowering.torch_module import fold
from nas.record import Sharing, checkpoints
from nas.record.checkpoints import CheckpointError
from nas.space import Architecture, Space
from nas.supernet.shared_weights import fresh, network, recalibrate

FORMAT = 1
KEEP_EVERY = 100
"""Steps, a multiple of those that are made together; a file of the whole state takes a fraction of a second."""
NUM_SCORED = 256
"""Validation pictures of a score, as far apart as they lie: more of them take longer and rank alike."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SharedDepth:
    """Trained tensors by the names of the largest network's parameters; arrays, which workers of a node have once.

    `seconds` are those of one core that the training took.
    """

    space: Space
    tensors: Mapping[str, np.ndarray]
    seed: int
    seconds: float

    def score(self, architecture: Architecture, data: DepthData) -> Metrics:
        """Metrics, on some of the validation pictures, of a network that has made no step of its own."""
        module = network(self.space, self.tensors, architecture)
        recalibrate(module, calibration(data.train, seed=self.seed), lambda net, batch: net(batch))
        some = np.linspace(0, len(data.validation) - 1, min(NUM_SCORED, len(data.validation))).round().astype(int)
        return evaluate(fold(module), data.validation.take(some))


def shared_depth(space: Space, data: DepthData, recipe: Recipe, sharing: Sharing) -> SharedDepth:
    """Train the weights, or finish that, or find them trained.

    Raises:
      CheckpointError: the file is damaged or of another training.
      TrainingDiverged: the loss became NaN or infinite.
    """
    steps = len(sharing.architectures)
    recipe = replace(recipe, steps=steps)
    key = _key(space, data, recipe, sharing.seed)
    kept = _kept(sharing, key)
    if kept is not None and kept["step"] < steps and kept["draws"] != _draws(sharing):
        kept = None  # other limits than those that it was begun under: nothing rests on it yet
    if kept is None or kept["step"] < steps:
        kept = _train(space, data, recipe, sharing, key, kept)
    tensors = {name: tensor.numpy() for name, tensor in kept["state"]["tensors"].items()}
    return SharedDepth(space=space, tensors=tensors, seed=sharing.seed, seconds=kept["seconds"])


def _train(
    space: Space, data: DepthData, recipe: Recipe, sharing: Sharing, key: str, kept: Mapping[str, Any] | None
) -> dict[str, Any]:
    weights = fresh(space, seed=sharing.seed)
    steps, first, seconds = recipe.steps, 0, 0.0
    if kept is not None:
        weights.restore(kept["state"])
        first, seconds = kept["step"], kept["seconds"]
    began = time.process_time()

    def on_step(step: int, _: float) -> None:
        done = step + 1
        sharing.progress(done, steps)
        if done < steps and done % KEEP_EVERY == 0:
            _keep(sharing, key, done, seconds + time.process_time() - began, weights.state())

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two threads gain little on networks as small as these, and rounding would go by them
    try:
        train_shared(
            weights, sharing.architectures, data.train, recipe, seed=sharing.seed, first=first, on_step=on_step
        )
    finally:
        torch.set_num_threads(threads)
    trained = {"tensors": dict(weights.tensors)}  # the moments have done their work
    return _keep(sharing, key, steps, seconds + time.process_time() - began, trained)


def _keep(sharing: Sharing, key: str, step: int, seconds: float, state: Mapping[str, Any]) -> dict[str, Any]:
    content = {"key": key, "draws": _draws(sharing), "step": step, "seconds": seconds, "state": state}
    buffer = io.BytesIO()
    torch.save(content, buffer)
    checkpoints.write(str(sharing.keep), buffer.getvalue())
    return content


def _kept(sharing: Sharing, key: str) -> dict[str, Any] | None:
    """What the file holds, None if there is none."""
    try:
        content = checkpoints.read(str(sharing.keep))
    except FileNotFoundError:
        return None
    try:
        kept: dict[str, Any] = torch.load(io.BytesIO(content), weights_only=True)
        found = kept["key"]
    except (RuntimeError, EOFError, KeyError, TypeError, ValueError, UnpicklingError) as error:
        raise CheckpointError(f"{sharing.keep} must hold shared weights, and does not ({error}); delete it") from error
    if found != key:
        raise CheckpointError(
            f"shared weights continue their own training only; {sharing.keep} is of ({found}), this run is ({key}); "
            "start in a new folder"
        )
    return kept


def _draws(sharing: Sharing) -> str:
    return sha256(sharing.architectures.tobytes()).hexdigest()


def _key(space: Space, data: DepthData, recipe: Recipe, seed: int) -> str:
    facts = {name: value for name, value in asdict(recipe).items() if name != "parts"}
    return f"format {FORMAT}, space {space.name}, {facts}, seed {seed}, {len(data.train)} images of {data.train.size}"

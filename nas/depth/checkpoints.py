"""A training run on disk: whole or absent, read without unpickling, and refused by another run."""

import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from nas.depth.data import DataError, DepthImages
from nas.depth.recipe import Recipe


def run_key(recipe: Recipe, seed: int, images: DepthImages) -> str:
    """What two runs must share for one to continue the other."""
    return f"{asdict(recipe)}, seed {seed}, {len(images)} images of {images.size}"


def save(path: Path, module: nn.Module, optimiser: Optimizer, losses: Tensor, key: str) -> None:
    """Write the run after `len(losses)` steps."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"key": key, "losses": losses, "module": module.state_dict(), "optimiser": optimiser.state_dict()}
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            torch.save(content, file)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def restore(path: Path, module: nn.Module, optimiser: Optimizer, key: str, device: torch.device) -> Tensor:
    """Bring `module` and `optimiser` to where the run at `path` stood, and return its losses so far, on the CPU.

    Raises:
      DataError: the file is damaged, or belongs to another recipe, seed, data set or network.
    """
    try:
        content = torch.load(path, map_location=device, weights_only=True)
        found = content["key"]
    except (RuntimeError, OSError, EOFError, KeyError, TypeError, ValueError, UnpicklingError) as error:
        raise DataError(f"a checkpoint must be whole, {path} is damaged ({error}); delete it to start anew") from error
    if found != key:
        raise DataError(
            f"a checkpoint continues its own run only, {path} is of ({found}), this run is ({key}); "
            "give this run another path or delete the file"
        )
    try:
        module.load_state_dict(content["module"])
    except RuntimeError as error:
        raise DataError(f"{path} is of another network ({error}); give this run another path") from error
    optimiser.load_state_dict(content["optimiser"])
    losses: Tensor = content["losses"].cpu()
    return losses

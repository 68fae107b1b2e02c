"""Checkpoints of a training: read without unpickling, continued by the same run only; errors never end a training."""

import io
from dataclasses import asdict, dataclass
from hashlib import sha256
from pickle import UnpicklingError

import numpy as np
import torch
from jaxtyping import Float32
from torch import nn
from torch.optim import Optimizer

from nas.depth.data import DepthImages
from nas.depth.training.recipe import Recipe
from nas.processes.team import Team
from nas.record import checkpoints
from nas.record.checkpoints import CheckpointError

FORMAT = 1  # also of the optimiser: another one makes other steps


def run_key(recipe: Recipe, seed: int, images: DepthImages, module: nn.Module, num_processes: int) -> str:
    """Identity of a training: what two runs must share for one to continue the other."""
    tensors = [(name, tuple(value.shape)) for name, value in module.state_dict().items()]
    network = sha256(repr(tensors).encode()).hexdigest()[:12]
    return (
        f"format {FORMAT}, {asdict(recipe)}, seed {seed}, {len(images)} images of {images.size}, network {network}, "
        f"{num_processes} processes"
    )


@dataclass(slots=True, kw_only=True, eq=False)
class Keeper:
    """Writes a run's checkpoint every `every` steps at `url`, see `nas.record.checkpoints`; what goes wrong is noted.

    In a team the first member reads and writes, so that all begin at the same step.
    """

    url: str
    key: str
    module: nn.Module
    optimiser: Optimizer
    every: int
    team: Team
    beginning: str | None = None
    num_unwritten: int = 0
    complaint: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on the checkpoints for the record, in sentences."""
        begun = (self.beginning,) if self.beginning else ()
        unwritten = (f"{self.num_unwritten} checkpoints could not be written; last: {self.complaint}",)
        return (*begun, *(unwritten if self.num_unwritten else ()))

    def restore(self, device: torch.device) -> Float32[np.ndarray, " steps"]:
        """Restore the run's state; returns the losses of the steps that it has made, none if it starts anew."""
        content = self.team.agree(self._content() if self.team.rank == 0 else None)
        try:
            losses = self._resume(content, device)
        except CheckpointError as error:
            self.beginning = f"training started anew: {error}"
            return np.zeros(0, dtype=np.float32)
        if losses is None:
            return np.zeros(0, dtype=np.float32)
        self.beginning = f"training went on after step {len(losses)}"
        return losses

    def keep(self, losses: Float32[np.ndarray, " steps"]) -> None:
        """Write the run after so many losses, if it is time."""
        if self.team.rank or len(losses) % self.every:
            return
        content = {
            "key": self.key,
            "losses": torch.from_numpy(losses),
            "module": self.module.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        buffer = io.BytesIO()
        torch.save(content, buffer)
        try:
            checkpoints.write(self.url, buffer.getvalue())
        except Exception as error:  # every store has its own; a training is worth more than its insurance
            self.num_unwritten += 1
            self.complaint = f"{type(error).__name__}: {error}"

    def _content(self) -> bytes | CheckpointError | None:
        """The file's content, None if there is no file; an error is a value, for the whole team."""
        try:
            return checkpoints.read(self.url)
        except FileNotFoundError:
            return None
        except CheckpointError as error:
            return error
        except Exception as error:  # every store has its own
            return CheckpointError(f"{self.url} cannot be read ({type(error).__name__}: {error})")

    def _resume(
        self, content: bytes | CheckpointError | None, device: torch.device
    ) -> Float32[np.ndarray, " steps"] | None:
        """As `restore`; where it raises `CheckpointError`, nothing has been changed."""
        if content is None:
            return None
        if isinstance(content, CheckpointError):
            raise content
        try:
            kept = torch.load(io.BytesIO(content), map_location=device, weights_only=True)
            found = kept["key"]
        except (RuntimeError, EOFError, KeyError, TypeError, ValueError, UnpicklingError) as error:
            raise CheckpointError(f"{self.url} must hold a training, and does not ({error}); delete it") from error
        if found != self.key:
            raise CheckpointError(
                f"a checkpoint continues its own run only; {self.url} is of ({found}), this run is ({self.key})"
            )
        self.module.load_state_dict(kept["module"])
        self.optimiser.load_state_dict(kept["optimiser"])
        losses: Float32[np.ndarray, " steps"] = kept["losses"].cpu().numpy()
        return losses

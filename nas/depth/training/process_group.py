"""Process group of a data-parallel training: each takes a part of every batch, and gradients are summed."""

from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import nn

from nas.depth.training.batches import Batch

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """One process' view of its group; `rank` counts the members from 0. A group of one communicates with nobody.

    A larger one speaks through torch's default process group, which must have been opened.
    """

    rank: int = 0
    size: int = 1

    def share(self, batch: Batch) -> Batch:
        """This member's part of a batch."""
        return next(islice(batch.parts(self.size), self.rank, None))

    def add(self, module: nn.Module, loss: float) -> float:
        """All-reduce: replace the members' gradients by their sum, and return the sum of their losses."""
        if self.size == 1:
            return loss
        gradients = [value.grad for value in module.parameters() if value.grad is not None]
        flat = torch.cat([*(gradient.flatten() for gradient in gradients), gradients[0].new_tensor([loss])])
        dist.all_reduce(flat)
        *sums, total = torch.split(flat, [*(gradient.numel() for gradient in gradients), 1])
        for gradient, added in zip(gradients, sums, strict=True):
            gradient.copy_(added.view_as(gradient))
        return float(total)

    def agree(self, value: T) -> T:
        """Broadcast the first member's value to all members."""
        if self.size == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box)
        return box[0]


ALONE = Team()

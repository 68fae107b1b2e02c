"""The team of a data-parallel training: each member takes a part of every batch, and gradients are summed."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor, nn

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """One process' view of its team; `rank` counts the members from 0. A team of one communicates with nobody.

    A larger one speaks through torch's default process group, which must have been opened.
    """

    rank: int = 0
    size: int = 1

    def share(self, parts: Iterable[T]) -> T:
        """This member's part of what has been divided among all, in the order of their ranks."""
        return next(islice(parts, self.rank, None))

    def add(self, module: nn.Module, loss: float) -> float:
        """All-reduce: replace the members' gradients by their sum, and return the sum of their losses."""
        if self.size == 1:
            return loss
        gradients = [value.grad for value in module.parameters() if value.grad is not None]
        flat = torch.cat([*(gradient.flatten() for gradient in gradients), gradients[0].new_tensor([loss])])
        *sums, total = torch.split(self.total(flat), [*(gradient.numel() for gradient in gradients), 1])
        for gradient, added in zip(gradients, sums, strict=True):
            gradient.copy_(added.view_as(gradient))
        return float(total)

    def total(self, values: Float[Tensor, " k"]) -> Float[Tensor, " k"]:
        """All-reduce: the sum of the members' values, in place of this one's."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def gather(self, values: Float[Tensor, " k"]) -> Float[Tensor, "n k"]:
        """All-gather: the members' values, a row for each."""
        if self.size == 1:
            return values[None]
        rows = [torch.empty_like(values) for _ in range(self.size)]
        dist.all_gather(rows, values)
        return torch.stack(rows)

    def agree(self, value: T) -> T:
        """Broadcast the first member's value to all members."""
        if self.size == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box)
        return box[0]


ALONE = Team()

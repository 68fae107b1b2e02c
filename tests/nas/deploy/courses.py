"""A course that costs nothing: a line that is fitted to noise, the same for a step whenever it is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from nas.deploy.course import Facts


def line(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))


@dataclass(slots=True, kw_only=True, eq=False)
class LineCourse:
    """Loss is infinite at the step `bad`; before the step `poisoned` a weight becomes NaN; after `blind`
    its metrics are.
    """

    module: nn.Module
    bad: int | None = None
    poisoned: int | None = None
    blind: int | None = None
    optimiser: torch.optim.Optimizer = field(init=False)
    made: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.optimiser = torch.optim.AdamW(self.module.parameters(), lr=0.05)

    @property
    def facts(self) -> Facts:
        return {"peak_lr": 0.05}

    def step(self, step: int) -> float:
        self.made.append(step)
        if step == self.bad:
            return float("inf")
        rng = np.random.default_rng((7, step))
        x = torch.from_numpy(rng.standard_normal((8, 3)).astype(np.float32))
        loss = (self.module.train()(x)[:, 0] - x.sum(1)).square().mean()
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        if step == self.poisoned:
            with torch.no_grad():
                next(self.module.parameters()).fill_(float("nan"))
        return float(loss.detach())

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        if self.blind in self.made:
            return {"error": float("nan")}
        module.eval()
        x = torch.eye(3)
        return {"error": float((module(x)[:, 0] - 1).square().mean().detach())}

"""Moving average of a network's weights along its training: what is scored and shipped.

    average <- d x average + (1 - d) x weights,   d = min(1 - 1 / window, (1 + t) / (10 + t)) at step t

It is steadier than the weights of any one step; the rising d forgets the first weights quickly.
Source: Tarvainen and Valpola 2017, "Mean teachers are better role models", for the average; TensorFlow's
ExponentialMovingAverage for the rising decay.
"""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Average:
    """The average of `module`, in evaluation mode; `window` is in steps."""

    module: nn.Module
    window: int

    def update(self, trained: nn.Module, step: int) -> None:
        """Take in the weights after step number `step`, from 0. Whole numbers, such as counters, are copied."""
        decay = min(1 - 1 / self.window, (1 + step) / (10 + step))
        own, latest = self.module.state_dict(), trained.state_dict()
        moving = [name for name, value in own.items() if value.is_floating_point()]
        torch._foreach_lerp_([own[name] for name in moving], [latest[name] for name in moving], 1 - decay)
        for name in set(own) - set(moving):
            own[name].copy_(latest[name])


def average_of(module: nn.Module, window: int) -> Average:
    """The average before the first step: a copy."""
    return Average(module=copy.deepcopy(module).eval(), window=window)


def is_finite(state: dict[str, Tensor]) -> bool:
    """Whether all numbers of a state dict are finite."""
    return all(bool(torch.isfinite(value).all()) for value in state.values() if value.is_floating_point())

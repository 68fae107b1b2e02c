"""Batch norm of a team: normalised by the statistics of the whole batch, of which each member has a part.

Alone a network sees a batch's mean m and variance v. A member has its part's m_i and v_i of n_i pixels, N in all:

    m = sum n_i m_i / N        v = sum n_i (v_i + (m_i - m)^2) / N        (Chan et al. 1983, equation 2.1)

Backwards, with y = (x - m) / sqrt(v + eps) and g the gradient by y x weight + shift, all sums over the whole batch:

    dx = weight / sqrt(v + eps) x (g - sum g / N - y x sum(g y) / N)          (Ioffe and Szegedy 2015, section 3)

Gradients of weight and shift stay the part's own: `Team.add` adds them up like all others. torch's SyncBatchNorm is the
same for GPUs alone; this one also runs on CPUs, where it can be compared with one process.
"""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from nas.processes.team import Team

PIXELS = (0, 2, 3)


class TeamBatchNorm(nn.BatchNorm2d):
    """As `nn.BatchNorm2d`, with the same state; every member ends a step with the same running statistics."""

    def __init__(self, own: nn.BatchNorm2d, team: Team) -> None:
        super().__init__(own.num_features, own.eps, own.momentum, own.affine, own.track_running_stats)
        self.load_state_dict(own.state_dict())
        self.team = team

    def forward(self, input: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Normalised by the batch in training mode, by the running statistics in evaluation mode."""
        if not self.training:
            return super().forward(input)
        output, mean, variance, count = _Normalised.apply(input, self.weight, self.bias, self.eps, self.team)  # type: ignore[no-untyped-call]  # torch's stub
        self._remember(mean, variance * (count / (count - 1).clamp(min=1)))
        normalised: Float[Tensor, "b c h w"] = output
        return normalised

    def _remember(self, mean: Float[Tensor, " c"], variance: Float[Tensor, " c"]) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


class _Normalised(torch.autograd.Function):
    """(input, weight, shift, eps, team) -> output, and the batch's mean, variance and number of pixels."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor | None, shift: Tensor | None, eps: float, team: Team
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        mean, variance, count = _statistics(input, team)
        ctx.save_for_backward(input, weight, mean, torch.rsqrt(variance + eps), count)
        ctx.team = team
        output = F.batch_norm(input, mean, variance, weight, shift, training=False, eps=eps)
        ctx.mark_non_differentiable(mean, variance, count)
        return output, mean, variance, count

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None, None, None]:
        input, weight, mean, inverse, count = ctx.saved_tensors
        gradient = gradients[0].float()
        normal = (input.float() - _wide(mean)) * _wide(inverse)
        sums = torch.cat([gradient.sum(PIXELS), (gradient * normal).sum(PIXELS)])
        of_shift, of_weight = sums.chunk(2)
        plain, along = (ctx.team.total(sums.clone()) / count).chunk(2)
        scale = inverse if weight is None else inverse * weight
        by_input = _wide(scale) * (gradient - _wide(plain) - normal * _wide(along))
        needs_weight, needs_shift = ctx.needs_input_grad[1:3]
        return (
            by_input.to(input.dtype),
            of_weight.to(weight.dtype) if needs_weight else None,
            of_shift.to(weight.dtype) if needs_shift else None,
            None,
            None,
        )


def synchronised(module: nn.Module, team: Team) -> nn.Module:
    """The module with its batch norms replaced by the team's, in place; as it is for a team of one.

    Raises:
      ValueError: a batch norm is of another kind than `nn.BatchNorm2d`.
    """
    if team.size == 1:
        return module
    for name, layer in [*module.named_modules()]:
        if isinstance(layer, nn.BatchNorm2d):
            module.set_submodule(name, TeamBatchNorm(layer, team))
        elif isinstance(layer, _BatchNorm):
            raise ValueError(
                f"several workers share the statistics of BatchNorm2d, and {name} is a {type(layer).__name__}; train "
                "this network without --workers"
            )
    return module


def _statistics(
    input: Float[Tensor, "b c h w"], team: Team
) -> tuple[Float[Tensor, " c"], Float[Tensor, " c"], Float[Tensor, ""]]:
    """Mean and variance of the whole batch by channel, and its pixels."""
    variance, mean = torch.var_mean(input.float(), dim=PIXELS, correction=0)
    pixels = mean.new_tensor([input.numel() // input.shape[1]])
    rows = team.gather(torch.cat([mean, variance, pixels]))
    means, variances, counts = torch.split(rows, [len(mean), len(mean), 1], dim=1)
    shares = counts / counts.sum()
    whole = (shares * means).sum(0)
    return whole, (shares * (variances + (means - whole).square())).sum(0), counts.sum()


def _wide(values: Float[Tensor, " c"]) -> Float[Tensor, "1 c 1 1"]:
    return values.view(1, -1, 1, 1)

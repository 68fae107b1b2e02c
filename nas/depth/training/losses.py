"""Training loss of relative depth: invariant to each image's scale and shift, with a gradient term for edges.

Notation, per image, over its valid pixels: p the predicted log-disparity in any affine gauge with positive scale,
d = -log z the true one, t(x) the mean of x and s(x) its mean absolute deviation from t(x).

Data term: mean |R|, with R = (p - t(p)) s(d) / s(p) - (d - t(d)). This is MiDaS' scale- and shift-invariant loss,
untrimmed, with two changes that were measured on runs of 160 steps (Freedoom, validation maps, delta1):

- R is in units of log-disparity, not divided by s(d). Else flat images, mostly quantisation noise, count as much as
  deep ones: 0.54 against 0.62.
- The scale is not that of least squares, which is as content with -p as with p: from a random start half of the images
  pull each way, and the network learns nothing (0.29, a constant's score).

Edge term: mean |dR/dx| + |dR/dy| between valid neighbours, summed over 4 dyadic scales.

Source: Ranftl et al. 2020, "Towards robust monocular depth estimation" (MiDaS), equations 5, 6 and 11; Li and Snavely
2018, "MegaDepth", equation 4, for the gradient matching.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

NUM_SCALES = 4
_SMALLEST_DEVIATION = 1e-3  # of log-disparity: below the resolution of any depth sensor


def depth_loss(
    prediction: Float[Tensor, "n 1 h w"],
    log_disparity: Float[Tensor, "n h w"],
    valid: Bool[Tensor, "n h w"],
    *,
    edge_weight: float,
    whole: Bool[Tensor, "m h w"] | None = None,
) -> Float[Tensor, ""]:
    """Data term + `edge_weight` x edge term, each a mean over all valid pixels of the batch; 0 if there are none.

    Args:
      prediction: log-disparity; its gradient is zero along each image's shift and scale.
      log_disparity: the truth; must be finite also where it is invalid.
      valid: which pixels have a truth.
      edge_weight: dimensionless.
      whole: which pixels of the whole batch have a truth, if this is a part of it. The mean is then over those, so that
        the losses of all parts add up to the batch's; None if this is the whole.
    """
    mask = valid.to(torch.float32)
    counted = mask if whole is None else whole.to(torch.float32)
    residual = aligned_residual(prediction[:, 0].float(), log_disparity, mask)
    loss = residual.abs().sum() / counted.sum().clamp(min=1)
    if edge_weight > 0:
        loss = loss + edge_weight * edge_term(residual, mask, counted)
    return loss


def aligned_residual(
    prediction: Float[Tensor, "n h w"], truth: Float[Tensor, "n h w"], mask: Float[Tensor, "n h w"]
) -> Float[Tensor, "n h w"]:
    """R of the module's docstring, and 0 where `mask` is 0."""
    count = mask.sum((1, 2), keepdim=True).clamp(min=1)
    prediction, prediction_deviation = _centre(prediction, mask, count)
    truth, truth_deviation = _centre(truth, mask, count)
    return prediction * (truth_deviation / prediction_deviation) - truth


def edge_term(
    residual: Float[Tensor, "n h w"], mask: Float[Tensor, "n h w"], counted: Float[Tensor, "m h w"]
) -> Float[Tensor, ""]:
    """Sum over scales of mean |dR/dx| + |dR/dy|, R sampled at every 2^k-th pixel; per pixel of `counted` there."""
    total = residual.new_zeros(())
    for scale in range(NUM_SCALES):
        step = 2**scale
        fine, seen = residual[:, ::step, ::step], mask[:, ::step, ::step]
        across = (fine[:, :, 1:] - fine[:, :, :-1]).abs() * (seen[:, :, 1:] * seen[:, :, :-1])
        down = (fine[:, 1:] - fine[:, :-1]).abs() * (seen[:, 1:] * seen[:, :-1])
        total = total + (across.sum() + down.sum()) / counted[:, ::step, ::step].sum().clamp(min=1)
    return total


def _centre(
    values: Float[Tensor, "n h w"], mask: Float[Tensor, "n h w"], count: Float[Tensor, "n 1 1"]
) -> tuple[Float[Tensor, "n h w"], Float[Tensor, "n 1 1"]]:
    """Values less their mean, 0 where masked, and their mean absolute deviation."""
    centred = (values - (values * mask).sum((1, 2), keepdim=True) / count) * mask
    deviation = centred.abs().sum((1, 2), keepdim=True) / count
    return centred, deviation.clamp(min=_SMALLEST_DEVIATION)

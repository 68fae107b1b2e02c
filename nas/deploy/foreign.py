"""Depth networks of others: what they want to be given, and what they give, in our words.

    wants   unit: RGB in [0, 1], as ours; imagenet: that less ImageNet's mean, over its standard deviation
    gives   log-disparity, as ours; disparity (greater is nearer, up to a scale and a shift); depth (greater is farther)

Disparity up to a shift has no logarithm of its own: each answer is shifted such that its farthest hundredth is at 1 %
of its range.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from nas.deploy.course import Gives, Wants

MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FARTHEST, FLOOR = 0.01, 0.01
SMALLEST_DEPTH = 1e-6


def as_wanted(image: Float[Tensor, "b 3 h w"], wants: Wants) -> Float[Tensor, "b 3 h w"]:
    """RGB in [0, 1], as the network wants it."""
    if wants == "unit":
        return image
    mean, spread = (image.new_tensor(values).view(3, 1, 1) for values in (MEAN, SPREAD))
    return (image - mean) / spread


def log_disparity(maps: Float[Tensor, "b 1 i j"], gives: Gives) -> Float[Tensor, "b 1 i j"]:
    """The network's answer as log-disparity, up to a scale and a shift for each picture."""
    if gives == "log-disparity":
        return maps
    if gives == "depth":
        return -torch.log(maps.clamp(min=SMALLEST_DEPTH))
    flat = maps.flatten(1)
    far, near = (torch.quantile(flat, share, dim=1).view(-1, 1, 1, 1) for share in (FARTHEST, 1.0))
    span = (near - far).clamp(min=1e-12)
    return torch.log(((maps - far) / span).clamp(min=0) + FLOOR)

"""Augmentation of a training in full: what a picture may look like without its depth being another.

A training of some hundred steps sees every picture a few times and gains nothing from this; one of ten thousands
learns its pictures by heart without it. The loss knows depth up to a scale and a shift of its logarithm for each
image, so that a cut-out, enlarged to the full size, keeps its truth.

Per image, drawn independently, in the order in which light would meet it: the scene (its textures, things in front),
the cut-out that is seen of it, then the camera (blur, exposure and colour, noise, a JPEG file).
"""

from dataclasses import replace

import numpy as np
import torch

from nas.depth.training.augmentation.camera import blurred, coloured, kept_as_jpeg, noisy
from nas.depth.training.augmentation.cut_outs import resampled
from nas.depth.training.augmentation.scenes import occluded, retextured
from nas.depth.training.augmentation.strengths import Augmentation
from nas.depth.training.batches import Batch


def augmented(batch: Batch, augmentation: Augmentation, rng: np.random.Generator) -> Batch:
    """The batch, each image changed by itself."""
    seen = replace(batch, rgb=retextured(batch.rgb, augmentation, rng))
    seen = resampled(occluded(seen, augmentation, rng), augmentation, rng)
    rgb = seen.rgb
    for change in (blurred, coloured, noisy, kept_as_jpeg):
        rgb = change(rgb, augmentation, rng)
    return replace(seen, rgb=rgb.contiguous(memory_format=torch.channels_last))

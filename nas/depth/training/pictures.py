"""Where a training's pictures lie: in memory, or in files where they do not fit."""

import torch

from nas.depth.data import DepthImages
from nas.depth.data.storage import MappedArray
from nas.depth.training import batches
from nas.depth.training.batches import Pictures
from nas.depth.training.streamed import StreamedBatches


def load(images: DepthImages, device: torch.device) -> Pictures:
    """Ready to cut batches from: on `device`, or read as they are drawn."""
    return StreamedBatches(images, device) if isinstance(images.rgb, MappedArray) else batches.load(images, device)

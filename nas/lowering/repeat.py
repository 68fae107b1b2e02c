"""Nearest upsampling as XNNPACK takes it: pixels put beside themselves, and read in another shape.

With NCHW memory, a row of w pixels is doubled by joining the tensor [.., w, 1] with itself along its last dimension and
reading it as [.., 2 w]; rows of 2 w pixels are doubled likewise. Nothing is computed, so it is exact in every
precision: in int8 no scale changes.

A depthwise transposed convolution with ones, which XNNPACK takes as well, is as exact and slow: expand, upsample,
depthwise and project of 64 channels, 96x96 to 192x192 pixels in float32 on one core, took 218 ms with it and 54 ms with
ExecuTorch's portable kernel between two delegates; what stands here took as long as the latter, in one.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nas.lowering.standalone import restored, state
from nas.lowering.torch_module import BuiltNetwork, module_name
from nas.space import Upsample


class Repeat(nn.Module):
    """What nn.Upsample(scale_factor=2, mode="nearest") does."""

    def forward(self, image: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h2 w2"]:
        number, channels, height, width = image.shape
        pixels = _beside_itself(image, (number, channels, height * width, 1))
        rows = _beside_itself(pixels, (number, channels, height, 2 * width))
        return rows.reshape(number, channels, 2 * height, 2 * width)


def _beside_itself(tensor: Tensor, shape: Sequence[int | torch.SymInt]) -> Tensor:
    """Read twice, for ExecuTorch's partitioner counts the tensors that are joined, and takes one tensor for one."""
    return torch.cat([tensor.reshape(shape), tensor.reshape(shape)], dim=-1)


def with_repeats(folded: BuiltNetwork) -> BuiltNetwork:
    """A copy of the network in which `Repeat` stands for every nearest upsampling."""
    twin = restored(folded.network, state(folded))
    for node in folded.network.nodes:
        if isinstance(node.op, Upsample) and node.op.mode == "nearest":
            twin.layers[module_name(node)] = Repeat()
    return twin

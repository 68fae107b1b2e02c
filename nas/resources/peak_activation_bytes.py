"""Bytes of all tensors that are alive at once, at the worst moment of a forward pass of one image, by precision.

A tensor lives from the operator that makes it to the last one that reads it; the image is one too, and skip connections
are kept until the decoder reads them. Weights and a runtime's scratch memory are not counted.
"""

from nas.costs import PeakResource

RESOURCES = (
    PeakResource(name="peak_activation_bytes.fp32", unit="bytes", measure=lambda shape: 4 * shape.num_elements),
    PeakResource(name="peak_activation_bytes.fp16", unit="bytes", measure=lambda shape: 2 * shape.num_elements),
    PeakResource(name="peak_activation_bytes.int8", unit="bytes", measure=lambda shape: shape.num_elements),
)

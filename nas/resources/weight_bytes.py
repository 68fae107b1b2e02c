"""Bytes of the weights as they are shipped, by precision; batch norms folded, without a file format's own overhead.

Int8 networks keep their biases in 32-bit integers, as quantised runtimes do; scales and zero points are not counted.
"""

from nas.costs import Resource

RESOURCES = (
    Resource(name="weight_bytes.fp32", unit="bytes", measure=lambda op: 4 * (op.num_weights + op.num_biases)),
    Resource(name="weight_bytes.fp16", unit="bytes", measure=lambda op: 2 * (op.num_weights + op.num_biases)),
    Resource(name="weight_bytes.int8", unit="bytes", measure=lambda op: op.num_weights + 4 * op.num_biases),
)

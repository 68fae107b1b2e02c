"""Parameters with batch norms folded: weights, and one bias for each output channel of a convolution."""

from nas.costs import Resource

RESOURCES = (Resource(name="params", unit="parameters", measure=lambda op: op.num_weights + op.num_biases),)

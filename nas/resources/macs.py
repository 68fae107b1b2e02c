"""Multiply-accumulates of convolutions and matrix products; what fvcore counts as flops."""

from nas.costs import Resource

RESOURCES = (Resource(name="macs", unit="MACs", measure=lambda op: op.macs),)

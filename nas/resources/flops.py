"""Floating-point operations: always twice the multiply-accumulates."""

from nas.costs import Resource

RESOURCES = (Resource(name="flops", unit="FLOPs", measure=lambda op: 2 * op.macs),)

"""Weights that all architectures of a space share: a cheap first look at many of them. Imports nas.lowering and
nas.space.

`shared_weights` is imported by name: it imports PyTorch.
"""

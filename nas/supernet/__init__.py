"""Weights that all architectures of a space share: a cheap first look at many of them. Imports nas.lowering and
nas.space.

`shared_weights` and `slices` are imported by name: they import PyTorch.
"""

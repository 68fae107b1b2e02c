"""Lowering of a network to every runtime, one runtime in each file. They import nas.space."""

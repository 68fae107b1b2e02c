"""A network in every runtime, one runtime in each file. They import nas.space."""

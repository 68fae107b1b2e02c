"""Predictors of an architecture's error from its features, one in each file. They import nas."""

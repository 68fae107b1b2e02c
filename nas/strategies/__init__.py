"""Strategies, which choose what is trained next, one in each file. They import nas.genetic, nas.record, nas.search and
nas.space.
"""

"""Evaluators, which measure a candidate's error; one in each file. They import nas.deploy, nas.depth,
nas.lowering, nas.record, nas.space and nas.supernet.
"""

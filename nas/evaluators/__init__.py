"""How a candidate gets its error, one way in each file. They import nas.depth, nas.lowering, nas.record and
nas.space.
"""

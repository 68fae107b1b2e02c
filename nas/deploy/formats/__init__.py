"""Files for other runtimes, one format in each file: `export(folded, dynamic=..)` makes one. Imports
nas.deploy.integers, nas.lowering and nas.space.

`exported` has the words; `onnx`, `executorch`, `pt2` are imported by name: each needs a library of its own.
"""

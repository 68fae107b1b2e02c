"""Depth networks by what runs them, one runtime a file. They import nas.deploy, nas.errors, nas.lowering and
nas.pictures.model.

Each is imported by its name: they import PyTorch, ONNX Runtime and ExecuTorch.
"""

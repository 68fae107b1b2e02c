"""Runtimes as devices use them: an operator or a network loaded, run again and again, timed; and this machine's names.
They import nas.devices, nas.lowering and nas.space.
"""

"""One training on many workers, by Ray Train. Imports launch.deploy.training.outcome,
launch.deploy.training.pace, launch.executors and nas.

Its files are imported by name: all of them import PyTorch or Ray, `driver` and `member` Ray Train, too, of which not
everybody has what it needs.
"""

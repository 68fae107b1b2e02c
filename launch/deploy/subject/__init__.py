"""What is trained or shipped, as a user names it: an architecture, weights, a finished training, data to go on with.
They import launch.experiment, launch.extensions, launch.session, launch.terminal and nas.

Its files are imported by name: `shipped`, `task` and `weights` import PyTorch.
"""

"""A training in full, in this process or by workers/. They import launch.deploy.extras, launch.deploy.subject,
launch.deploy.threads, launch.deploy.watch, launch.executors, launch.terminal and nas.

Its files are imported by name: `training` and `outcome` import PyTorch.
"""

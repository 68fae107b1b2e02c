"""A trained network in the formats of other runtimes, with its card and its latency there. They import
launch.deploy.extras, launch.deploy.subject, launch.deploy.threads, launch.json_text, launch.terminal and nas.

Its files are imported by name: all but `card_text` import PyTorch.
"""

"""The winner in hand: what is trained in full, quantised and exported, and what is left. Imports launch.executors,
launch.experiment, launch.extensions, launch.json_text, launch.loggers, launch.session, launch.terminal and nas.

Its files are imported by name: all of them import PyTorch or Optuna.
"""

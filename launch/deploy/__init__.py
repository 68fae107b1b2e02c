"""The winner in hand: subject/ training/ quantisation exports/, and what shows depth. Imports launch.executors,
launch.experiment, launch.extensions, launch.json_text, launch.loggers, launch.session, launch.terminal and nas.

Its files are imported by name: all of them import PyTorch or Optuna.
"""

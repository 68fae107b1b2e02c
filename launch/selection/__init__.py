"""What a finished run is asked for, from what it has learned: the best under new limits, along its front, and at the
operating points of a sweep. Imports launch.json_text, launch.pricing, launch.session, launch.terminal and nas.

Its files are imported by name: they import Optuna.
"""

"""Replays of a table of trained architectures, strategies and peers side by side. Imports launch.executors,
launch.extensions, launch.report, launch.terminal, search_spaces, predictors and nas.
"""

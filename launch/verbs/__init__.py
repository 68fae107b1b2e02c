"""The verbs of the command, one in each file: `run(**options)`. They import launch.bench, launch.budget,
launch.dashboard, launch.deploy, launch.executors, launch.experiment, launch.extensions, launch.json_text,
launch.loggers, launch.paths, launch.pricing, launch.report, launch.run, launch.selection, launch.session,
launch.terminal, search_spaces, predictors and nas.
"""

"""A run's page, live: a server on loopback that looks at the record and tells the page when it has changed. Imports
launch.extensions, launch.json_text, launch.report, launch.session, launch.terminal and nas.

`live_run`, `server` are imported by name: they import Optuna and Matplotlib.
"""

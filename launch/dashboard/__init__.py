"""A run's page, live: a server on loopback that looks at the record and tells the page when it has changed. Imports
launch.paths, launch.report and launch.session.

`live_run`, `server` are imported by name: they import Optuna and Matplotlib.
"""

"""A phase of a run carried out: its record, its account, where its trainings are kept, jobs out and outcomes in. They
import launch.budget, launch.experiment, launch.report, launch.run.options, launch.run.prepare, launch.session,
launch.terminal and nas.

Each is imported by its name: most import Optuna and Matplotlib.
"""

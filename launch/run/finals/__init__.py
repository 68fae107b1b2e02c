"""From the finalists to the winner's files: chosen, trained for longer, measured whole, judged. They import
launch.experiment, launch.pricing, launch.report, launch.run, launch.session, launch.terminal and nas.

Each is imported by its name: they import PyTorch, Optuna and Matplotlib.
"""

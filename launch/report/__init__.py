"""A run as one HTML page, in the order in which it is made: facts, plots, sections, explorer,
page; and its script and style, in `scripts/` and `styles/`. Imports launch.extensions,
launch.pricing, launch.session, launch.terminal and nas.

`front_page`, `page` are imported by name: they import Optuna and Matplotlib.
"""

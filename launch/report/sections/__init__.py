"""The sections of a page, one in each file. They import launch.extensions, launch.pricing, launch.report.facts,
launch.report.plots, launch.report.view, launch.session, launch.terminal and nas.
"""

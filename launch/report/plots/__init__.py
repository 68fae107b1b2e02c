"""Charts and pictures, one kind in each file, painted on given axes. They import launch.report.facts,
launch.report.view and nas.
"""

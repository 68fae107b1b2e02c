"""What the page's script is given: a run's trials, its space and each stage's share of the costs, as one JSON text.

Imports launch.report.facts, launch.report.view, launch.session, launch.terminal and nas.

`data` is imported by name: it imports Optuna.
"""

from launch.report.explorer.parts import LIVE, Script, script, style

__all__ = ["LIVE", "Script", "script", "style"]

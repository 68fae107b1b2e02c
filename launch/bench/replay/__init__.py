"""Replays of a strategy with a seed on a table, in parallel, with results kept in a file. Imports launch.bench.peers,
launch.bench.question, launch.executors, launch.extensions, search_spaces, predictors and nas.
"""

from launch.bench.replay.entrants import check, defaults, is_peer
from launch.bench.replay.pool import finished, replay_all
from launch.bench.replay.replay import Course, Replay
from launch.bench.replay.store import Store

__all__ = [
    "Course",
    "Replay",
    "Store",
    "check",
    "defaults",
    "finished",
    "is_peer",
    "replay_all",
]

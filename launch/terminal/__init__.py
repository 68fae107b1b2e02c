"""Terminal input and output: tables, progress, sizes. Imports launch.budget and nas."""

from launch.terminal.output_files import OutputError, check_outputs, own_file
from launch.terminal.progress import Progress, Tally, duration, sentence, tally
from launch.terminal.sizes import read_size, resized
from launch.terminal.tables import bars, figure, holds_text, is_violated, number, quality_text, table, winner_text
from launch.terminal.task_words import recorded

__all__ = [
    "OutputError",
    "Progress",
    "Tally",
    "bars",
    "check_outputs",
    "duration",
    "figure",
    "holds_text",
    "is_violated",
    "number",
    "own_file",
    "quality_text",
    "read_size",
    "recorded",
    "resized",
    "sentence",
    "table",
    "tally",
    "winner_text",
]

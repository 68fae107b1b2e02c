"""Terminal input and output: tables, progress, sizes. Imports launch.budget and nas."""

from launch.terminal.output_files import OutputError, check_outputs, own_file
from launch.terminal.phase_course import Course, course, progress_bar
from launch.terminal.progress import Progress, Tally, duration, sentence, tally
from launch.terminal.sizes import read_size, resized
from launch.terminal.tables import (
    bars,
    figure,
    front_text,
    holds_text,
    is_violated,
    number,
    quality_text,
    seeds_text,
    table,
    winner_text,
)
from launch.terminal.task_words import recorded

__all__ = [
    "Course",
    "OutputError",
    "Progress",
    "Tally",
    "bars",
    "check_outputs",
    "course",
    "duration",
    "figure",
    "front_text",
    "holds_text",
    "is_violated",
    "number",
    "own_file",
    "progress_bar",
    "quality_text",
    "read_size",
    "recorded",
    "resized",
    "seeds_text",
    "sentence",
    "table",
    "tally",
    "winner_text",
]

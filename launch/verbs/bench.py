"""`nas bench`: replay a table of trained architectures, strategies and peers side by side."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from launch.bench.comparison import compare
from launch.bench.comparison.text import notes, record, text
from launch.bench.question import Arena, Question, goal, ladder, prepare
from launch.bench.question import judge as judge_of
from launch.bench.replay import Course, Store, check, defaults, replay_all
from launch.extensions import load_predictor
from launch.json_text import json_text
from launch.terminal import Progress, check_outputs, own_file
from search_spaces.table import read_results


def run(
    *,
    table: Path,
    objectives: Sequence[str],
    minimise: bool,
    strategies: str | None,
    trials: int,
    seeds: int,
    workers: int,
    lag: int,
    limits: Sequence[str],
    judge: str | None,
    units: Sequence[str],
    statistics: str | None,
    numeric: str | None,
    structure: str | None,
    duration: str | None,
    rungs: Sequence[str],
    eta: float,
    predictor: str,
    jobs: int | None,
    out: Path | None,
    as_json: bool,
    png: Path | None,
) -> int:
    own = {f"the strategy {name}": own_file(name) for name in _names(strategies or "")}
    named = {"--predictor": own_file(predictor), "--structure": own_file(structure or "")}
    check_outputs({"--out": out, "--png": png}, {"TABLE": table, **named, **own})
    results, goals = read_results(table), tuple(goal(name, minimise=minimise) for name in objectives)
    judged, told = (None, ()) if judge is None else judge_of(judge, results, goals[0])
    question = Question(
        objectives=goals,
        judge=judged,
        limits=tuple(limits),
        units=tuple(units),
        numeric=numeric,
        structure=structure,
        statistics=None if statistics is None else _names(statistics if statistics != "none" else ""),
        duration=duration,
        ladder=ladder(rungs, eta=eta),
    )
    arena = prepare(results, question)
    arena = replace(arena, notes=(*told, *arena.notes))
    arena, course = _within_means(arena, Course(num_trials=trials, workers=workers, lag=lag, predictor=predictor))
    names = _names(strategies) if strategies else defaults(len(objectives), with_rungs=bool(rungs))
    check(names, arena.task(load_predictor(predictor), np.random.default_rng(0)))
    with Progress() as progress:
        replays = replay_all(
            arena,
            course,
            [(name, seed) for seed in range(seeds) for name in names],
            jobs=jobs or os.cpu_count() or 1,
            store=Store(path=out) if out else None,
            watch=lambda done, total: progress.step("replays", done, total),
        )
    comparison = compare(arena, course, replays)
    if png is not None:
        from launch.bench.comparison.picture import picture  # Matplotlib is loaded for those who want a picture

        png.write_bytes(picture(comparison))
    if as_json:
        print(json_text(record(comparison)))
    else:
        print(text(comparison))
        for note in notes(comparison):
            print(f"note: {note}", file=sys.stderr)
    return 0


def _names(text: str) -> tuple[str, ...]:
    """Distinct names between commas."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _within_means(arena: Arena, course: Course) -> tuple[Arena, Course]:
    """A budget of no more trainings than there are architectures, and a note where it was cut."""
    num_allowed = int(arena.allowed.sum())
    if course.num_trials <= num_allowed:
        return arena, course
    note = (
        f"{course.num_trials} trials were asked for, but {num_allowed} architectures exist: the budget is cut to that"
    )
    return replace(arena, notes=(*arena.notes, note)), replace(course, num_trials=num_allowed)

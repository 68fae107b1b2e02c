"""Tables of trained architectures, as `shared/data` beside this project holds them, and their replays."""

from collections.abc import Sequence
from pathlib import Path

from launch.bench.question import Arena
from launch.bench.replay import Course, Replay, Store, replay_all
from launch.terminal import Progress

STRUCTURES = {"nasbench201": "nasbench201"}
"""By table, what says how its decisions are wired (`nas bench --structure`)."""
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def table_there(folder: Path, name: str, needed_for: str) -> Path | None:
    """The table's file; None, and a line that says what is skipped, if it is not there."""
    path = folder / f"{name}.csv.gz"
    if path.is_file():
        return path
    print(f"skipped {needed_for}: there is no {path}; put the benchmark tables there")
    return None


def replayed(
    arena: Arena, course: Course, runs: Sequence[tuple[str, int]], *, jobs: int, out: Path | None, doing: str = ""
) -> list[Replay]:
    """The replays of (strategy, seed), with their progress.

    Args:
      out: a file that keeps them; those that are there are not repeated.
      doing: what is shown besides the objectives.
    """
    what = f"{', '.join(arena.objectives)} {doing}".rstrip()
    with Progress() as progress:
        return replay_all(
            arena,
            course,
            runs,
            jobs=jobs,
            store=Store(path=out) if out else None,
            watch=lambda done, total: progress.step(what, done, total),
        )

"""The data sets that `--data` names, kept with the run: a path where nothing else is said, else all of each."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from launch.experiment import Experiment, ExperimentError
from nas.depth.data.sets import DataSet

Setting = str | list[dict[str, Any]] | None


def setting_of(sets: Sequence[DataSet], old: Mapping[str, Any]) -> Setting:
    """For experiment.json: what the command says, else what the run has."""
    if not sets:
        kept: Setting = old.get("data")
        return kept
    if len(sets) == 1 and sets[0].is_plain:
        return str(sets[0].path.resolve())
    return [
        {"path": str(data.path.resolve()), "reader": data.reader, "weight": data.weight} for data in sets
    ]  # fmt: skip


def sets_of(settings: Mapping[str, Any]) -> tuple[DataSet, ...]:
    """What a run's settings name."""
    said: Setting = settings.get("data")
    if isinstance(said, str):
        return (DataSet(path=Path(said)),)
    return tuple(
        DataSet(path=Path(one["path"]), reader=one["reader"], weight=float(one["weight"])) for one in said or ()
    )


def data_words(settings: Mapping[str, Any]) -> list[str]:
    """The options that name them again."""
    return [word for data in sets_of(settings) for word in ("--data", data.text)]


def path_of(sets: Sequence[DataSet]) -> Path | None:
    """Where the first lies: all that an experiment knows which reads its data in its own way."""
    return sets[0].path if sets else None


def check_sets(sets: Sequence[DataSet], experiment: Experiment) -> None:
    """See that an experiment which reads its data in its own way is given one path.

    Raises:
      ExperimentError: it is given several, or a reader or a weight.
    """
    if experiment.reads_sets or not sets or (len(sets) == 1 and sets[0].is_plain):
        return
    raise ExperimentError(
        f"experiment {experiment.name!r} reads one data set in its own way (place.data), got "
        f"{', '.join(data.text for data in sets)}; give one path, or let it read place.sets and say reads_sets=True"
    )


def read_as(sets: Sequence[DataSet]) -> dict[str, Path]:
    """The sets' paths by the option that names each, for what must not be written over."""
    return {"--data" if len(sets) == 1 else f"--data {data.text}": data.path for data in sets}

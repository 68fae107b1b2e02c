"""The settings of a run: what may not change between the command that starts it and the one that continues it.

The number of trials, the hours, the workers and the executor are not among them.
"""

import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from launch.experiment import Experiment
from launch.extensions import SETTING, OwnFiles, parts
from launch.pricing import split_limits
from launch.session import compatibility, depth_options, latency
from launch.session.data_options import setting_of
from launch.session.folder import RunFolder
from launch.session.session import (
    FINAL_SEEDS,
    INT8_FINALS,
    QUALITY,
    asked_before,
    identity,
    kept_objectives,
    limits_of,
)
from nas.costs import resource_name
from nas.depth.data import Kind
from nas.depth.data.sets import DataSet
from nas.record.storage import split_password


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command says of the settings, None or empty where it leaves them open.

    Attributes:
      slots: trials at once, by which the lag goes where nobody says it.
      objectives: as the command names them.
    """

    slots: int
    limits: tuple[str, ...] = ()
    seed: int | None = None
    lag: int | None = None
    storage: str | None = None
    data: tuple[DataSet, ...] = ()
    latencies: tuple[str, ...] = ()
    rungs: tuple[int, ...] = ()
    eta: float | None = None
    allow_new_options: bool = False
    depth_is: Kind | None = None
    depth_invalid: tuple[float, ...] = ()
    depth_valid: tuple[float, ...] = ()
    strategy: str | None = None
    predictor: str | None = None
    objectives: tuple[str, ...] = ()
    int8_finals: int | None = None
    final_seeds: int | None = None


def settings_of(experiment: Experiment, reference: str, folder: RunFolder, asked: Asked) -> dict[str, Any]:
    """Settings for experiment.json. What the command leaves open is taken from the run that is there, or by default.

    Args:
      experiment: with the objectives that the command asks for, or that the run was started with.
    """
    old = folder.settings() if folder.started else {}
    means = compatibility.continued(
        folder.path, experiment, old.get(compatibility.SETTING, {}), allow_new_options=asked.allow_new_options
    )
    wanted, quality = split_limits(asked.limits or (limits_of(old) if old else experiment.limits), experiment.objective)
    objectives = asked.objectives or asked_before(old)
    own = OwnFiles.kept(old).naming_limits(wanted).naming(experiment.costs)
    steps = list(asked.rungs) or old.get("rungs", [] if old else list(experiment.rungs))
    if asked.eta is not None and not steps:
        raise ValueError(
            f"eta says how many go on from a rung to the next, got {asked.eta:g} and no rung; give --rung too"
        )
    timed = latency.record(
        experiment.space,
        (*asked.latencies, *latency.named(experiment, asked.latencies, _resources(wanted, experiment))),
        old,
    )
    own_data = setting_of(asked.data, old)
    depth = depth_options.record(
        depth_is=asked.depth_is,
        depth_invalid=asked.depth_invalid,
        depth_valid=asked.depth_valid,
        data=own_data,
        old=old,
    )
    chosen = parts.record(
        replace(experiment, rungs=tuple(steps)), old, {"strategy": asked.strategy, "predictor": asked.predictor}
    )
    kept_int8 = old.get(INT8_FINALS) if old else experiment.int8_finals
    int8 = kept_int8 if asked.int8_finals is None else asked.int8_finals
    seeds = asked.final_seeds or (old.get(FINAL_SEEDS, 1) if old else experiment.final_seeds)
    return {
        "experiment": str(Path(reference).resolve()) if reference.endswith(".py") else reference,
        "study": old.get("study") or study_name(experiment, folder),
        **identity(experiment),
        **({"rungs": steps, "eta": asked.eta or old.get("eta", experiment.eta)} if steps else {}),
        **({INT8_FINALS: int8} if int8 is not None else {}),
        **({FINAL_SEEDS: seeds} if seeds > 1 else {}),
        **chosen,
        "limits": [own.limit(text) for text in wanted],
        **_given(asked.limits, old),
        **({QUALITY: quality} if quality or QUALITY in old else {}),
        **kept_objectives(experiment.objectives if len(objectives) > 1 else objectives),
        "seed": old.get("seed", 0) if asked.seed is None else asked.seed,
        "lag": next(one for one in (asked.lag, old.get("lag"), experiment.lag, 2 * asked.slots) if one is not None),
        "storage": split_password(asked.storage)[0] if asked.storage else old.get("storage"),
        "data": own_data,
        **depth,
        **({SETTING: own.record(experiment.space)} if own.files else {}),
        **({latency.SETTING: timed} if timed else {}),
        compatibility.SETTING: means,
    }


def study_name(experiment: Experiment, folder: RunFolder) -> str:
    """A new name, made up once: two runs may share a database, and a run folder may be renamed."""
    return f"{experiment.name}@{folder.path.resolve().name}-{uuid.uuid4().hex[:8]}"


def _resources(limits: list[str], experiment: Experiment) -> list[str]:
    """What must be priced: what is limited, and what is minimised."""
    return [*map(resource_name, limits), *experiment.costs]


def _given(limits: tuple[str, ...], old: dict[str, Any]) -> dict[str, bool]:
    """Whether the limits are the user's own, not the experiment's: those always bind. An older run does not say."""
    if not old:
        return {"limits_given": bool(limits)}
    return {"limits_given": old["limits_given"]} if "limits_given" in old else {}

"""The first step: data, latency tables, prices and limits; what a search needs before its first trial."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from launch.experiment import Experiment, ExperimentError, Workplace
from launch.extensions import prepared_evaluator
from launch.pricing import Pricing, Within, aims_of, goal_of, price, quality_limit, shown, within
from launch.run.options import Options
from launch.run.sharing import Limited, with_shared_weights
from launch.session import RunFolder, check_evaluator
from launch.session.latency import given_tables
from launch.session.profiling import latency_tables
from launch.session.session import QUALITY, informed
from launch.session.verification import Doubts, doubts_text, first_doubts
from launch.terminal import Progress
from nas.costs import Limit
from nas.feasible import FeasibleSet, InfeasibleError
from nas.latency import LatencyTable
from nas.record import Evaluator, QuantisesFinals, Shown, TaskCard, Trial, card_of
from nas.search import Aims, Goal, QualityLimit

INT8_LIBRARIES = ("executorch", "torchao")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is searched, and how it is judged.

    Attributes:
      pricing: of the experiment's resources and devices, with the margins that the limits are kept with.
      limits: on costs, as they are written; `doubts` says which of them bind.
      quality: the limit on the objective, None if there is none.
      goal: None where the objective itself is minimised.
      aims: of a search for a front, None for one with a single objective.
      feasible: the architectures that meet the binding limits.
      shared_s: core-seconds that weights took which all candidates share.
    """

    experiment: Experiment
    evaluator: Evaluator
    card: TaskCard
    tables: Sequence[LatencyTable]
    pricing: Pricing
    limits: tuple[Limit, ...]
    doubts: Doubts
    feasible: FeasibleSet
    quality: QualityLimit | None = None
    goal: Goal | None = None
    aims: Aims | None = None
    shared_s: float = 0.0

    @property
    def objective(self) -> str:
        return self.experiment.objective

    @property
    def minimised(self) -> str:
        """The metric or the resource of which the winner has the least."""
        return self.experiment.minimise or self.experiment.objective

    @property
    def binding(self) -> tuple[Limit, ...]:
        """The limits that the winner must meet."""
        return self.doubts.binding(self.limits)

    def shown(self) -> Shown:
        """Costs and limits, for the record."""
        return shown(self.pricing, self.binding, self.quality, self.experiment.costs)

    def informed(self, complete: Sequence[Trial]) -> "Prepared":
        """The same, its predictor one of the full fidelity that knows what the lower rungs have shown."""
        return replace(self, experiment=informed(self.experiment, self.pricing, complete))


def prepare(
    experiment: Experiment,
    folder: RunFolder,
    settings: Mapping[str, Any],
    options: Options,
    place: Workplace,
    progress: Progress,
) -> Prepared:
    """Make the evaluator with its data, time the devices, price the space and find what meets the limits.

    Raises:
      InfeasibleError: no architecture meets the limits.
      CardError: the evaluator says that more of the objective is better.
    """
    evaluator = prepared_evaluator(experiment, place)
    check_evaluator(folder, evaluator)
    evaluator = _with_int8(evaluator, experiment)
    card = card_of(evaluator, experiment.objective)
    for metric in experiment.metrics[1:]:
        card_of(evaluator, metric)
    tables = _tables(experiment, folder, settings, options, place, progress)
    pricing = price(experiment.space, experiment.resources, tables, baseline=experiment.baseline)
    limits = tuple(pricing.limit(text) for text in settings["limits"])
    quality = quality_limit(settings[QUALITY], experiment.objective, pricing) if settings.get(QUALITY) else None
    doubts = _doubts(experiment, tables, settings, limits, progress.say)
    space = _within(pricing, doubts.binding(limits), options.seed, folder, tables)
    if space.note:
        progress.say(space.note)
    progress.say(_feasible_text(space.feasible))
    limited = Limited(pricing=space.pricing, limits=doubts.binding(limits), feasible=space.feasible)
    shared = with_shared_weights(evaluator, experiment, limited, quality, folder, options.seed, progress)
    return Prepared(
        experiment=experiment,
        evaluator=shared.evaluator,
        card=card,
        tables=tables,
        pricing=space.pricing,
        limits=limits,
        doubts=doubts,
        feasible=space.feasible,
        quality=quality,
        goal=goal_of(experiment.minimise, quality, pricing),
        aims=aims_of(experiment.objectives, quality, pricing),
        shared_s=shared.seconds,
    )


def _with_int8(evaluator: Evaluator, experiment: Experiment) -> Evaluator:
    """The evaluator, measuring finals in int8 if that is wanted.

    Raises:
      ExperimentError: it cannot.
      ValueError: a library is missing.
    """
    if experiment.int8_finals is None:
        return evaluator
    if experiment.objectives:
        raise ExperimentError(
            f"finals in int8 are for a search with one objective, got {', '.join(experiment.objectives)}; leave out "
            "--int8-finals, and limit what int8 costs, such as weight_bytes.int8"
        )
    if not isinstance(evaluator, QuantisesFinals):
        raise ExperimentError(
            f"finals in int8 need an evaluator with quantising(steps) (nas.record.QuantisesFinals), and "
            f"{type(evaluator).__name__} of experiment {experiment.name!r} lacks it; leave out --int8-finals"
        )
    for library in INT8_LIBRARIES:
        if find_spec(library) is None:
            raise ValueError(f"int8 needs {library}, which is not installed: pip install 'chamnas[executorch]'")
    return evaluator.quantising(experiment.int8_finals)


def _tables(
    experiment: Experiment,
    folder: RunFolder,
    settings: Mapping[str, Any],
    options: Options,
    place: Workplace,
    progress: Progress,
) -> Sequence[LatencyTable]:
    return latency_tables(
        experiment,
        folder,
        place.cache,
        options.seed,
        progress,
        given=given_tables(settings),
        limits=settings["limits"],
        again=options.profile_again,
    )


def _doubts(
    experiment: Experiment,
    tables: Sequence[LatencyTable],
    settings: Mapping[str, Any],
    limits: Sequence[Limit],
    say: Callable[[str], None],
) -> Doubts:
    """Which limits this machine is too noisy to verify, said once."""
    doubts = first_doubts(
        experiment.devices, tables, given=settings.get("limits_given", True), brought=given_tables(settings)
    )
    for sentence in doubts_text(doubts, limits):
        say(sentence)
    return doubts


def _within(
    pricing: Pricing, limits: Sequence[Limit], seed: int, folder: RunFolder, tables: Sequence[LatencyTable]
) -> Within:
    """See `within`; what is infeasible by a predicted latency is said with the table that it rests on."""
    try:
        return within(pricing, limits, seed)
    except InfeasibleError as error:
        limited = {limit.resource for limit in limits}
        rests = [
            f"{table.resource().name} is predicted by {folder.latency_table(table.device)}, whose own margin is "
            f"{table.margin:.1%}; --profile-again in a new folder times it anew"
            for table in tables
            if table.resource().name in limited
        ]
        raise InfeasibleError(". ".join([str(error), *rests])) from error


def _feasible_text(feasible: FeasibleSet) -> str:
    kind = "certified" if feasible.certified else "estimated"
    return (
        f"between {feasible.count_low:.4g} and {feasible.count_high:.4g} of {feasible.size:.4g} architectures "
        f"meet the limits ({kind})"
    )

"""Opening a run: from a folder's settings to the experiment, its prices and its record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import optuna

from launch.experiment import Experiment, field_mistake
from launch.extensions import OwnFiles
from launch.extensions.parts import still_own, with_parts
from launch.paths import storage_file
from launch.pricing import Pricing, price, quality_limit
from launch.session import compatibility
from launch.session.folder import FolderError, RunFolder, check_unchanged
from launch.session.latency import given_tables, with_latencies
from launch.session.seeds import over_seeds
from launch.session.verification import first_doubts
from launch.terminal import recorded
from nas.costs import Limit
from nas.errors import aside, is_ours, place, told
from nas.latency import LatencyTable, read
from nas.plugins import EXPERIMENTS, PluginError
from nas.record import Phase, Shown, TaskCard, Trial
from nas.record.history import History
from nas.record.storage import HistoryError, open_storage
from nas.search import QualityLimit
from nas.strategies.halving import full_predictor

QUALITY, OBJECTIVE = "quality", "objective_given"
"""In experiment.json: the limit on the objective, and what the command gave as --objective: a text, or several."""
INT8_FINALS = "int8_finals"
"""Steps of the finals' training in int8; not there for finals in float32 alone."""
FINAL_SEEDS = "final_seeds"
"""Not there where each final is trained under one."""
AFRESH = "To begin again on purpose, give --out a new folder, or empty this one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An opened run. `settings` are those of experiment.json."""

    folder: RunFolder
    settings: Mapping[str, Any]
    experiment: Experiment
    history: History

    @property
    def seed(self) -> int:
        return int(self.settings["seed"])

    @property
    def objective(self) -> str:
        return self.experiment.objective

    @property
    def card(self) -> TaskCard:
        """What the task calls things, as the run's evaluator said it.

        Raises:
          CardError: the record of it cannot be read.
        """
        metrics = {name for trial in self.history.trials() for name in trial.metrics}
        return recorded(self.history.notes().get("task"), metrics)

    def trials(self, phase: Phase) -> list[Trial]:
        """The phase's trials by ticket."""
        return self.history.phase(phase)

    def finals(self) -> list[Trial]:
        """The finals by ticket, with means where they were trained under several seeds."""
        return over_seeds(self.trials("final"), self.trials("repeat"))

    def full_trials(self) -> list[Trial]:
        """The search's trials at the full fidelity, by ticket; without rungs all of them."""
        return [trial for trial in self.trials("search") if trial.fidelity == self.experiment.fidelity]

    def informed(self, pricing: Pricing) -> "Session":
        """The same run, its predictor one of the full fidelity that knows what the lower rungs have shown."""
        complete = [trial for trial in self.trials("search") if trial.state == "complete"]
        return replace(self, experiment=informed(self.experiment, pricing, complete))

    def later(self) -> "Session":
        """The run as it stands now, read on from this one; opened anew where its settings are others by now.

        Raises:
          FolderError, HistoryError: see `open_session`.
        """
        if self.folder.settings() != self.settings:
            return open_session(self.folder)
        return replace(self, history=self.history.later())

    def own_files(self, names: Iterable[str] = ()) -> OwnFiles:
        """The user's files of resources: the run's, and those that resource names speak of."""
        return OwnFiles.kept(self.settings).naming(names)

    def tables(self) -> list[LatencyTable]:
        """The run's own latency tables, one for each of the experiment's devices."""
        return [read(self.folder.latency_table(device.key)) for device in self.experiment.devices]

    def quality(self, pricing: Pricing) -> QualityLimit | None:
        """The run's limit on its objective."""
        text = self.settings.get(QUALITY)
        return quality_limit(text, self.objective, pricing) if text else None

    def binding(self, pricing: Pricing) -> tuple[Limit, ...]:
        """The run's limits, without those that its machine was too noisy to verify and that nobody gave."""
        given = self.settings.get("limits_given", True)
        brought = given_tables(self.settings)
        doubts = first_doubts(self.experiment.devices, self.tables(), given=given, brought=brought)
        return doubts.binding([pricing.limit(text) for text in self.settings["limits"]])

    def pricing(self, own: OwnFiles | None = None) -> Pricing:
        """Prices on this run's own latency tables, so that its figures stay what they were.

        Args:
          own: see `own_files`; None for the run's.

        Raises:
          KeptFileError, ResourceError: a file of the user's has gone or changed since the run began.
        """
        experiment = self.experiment
        resources = [*experiment.resources, *(own or self.own_files()).load(experiment.space)]
        return price(experiment.space, resources, self.tables(), baseline=experiment.baseline)


def identity(experiment: Experiment) -> dict[str, Any]:
    """What of an experiment a run's figures rest on."""
    return {
        "space": experiment.space.name,
        "space_size": str(experiment.space.size),
        "input": list(experiment.space.input),
        "objective": experiment.objective,
        **({"minimise": experiment.minimise} if experiment.minimise else {}),
        **({"objectives": list(experiment.objectives)} if experiment.objectives else {}),
        "fidelity": experiment.fidelity,
        "final_fidelity": experiment.final_fidelity,
        "num_design": experiment.num_design,
    }


def informed(experiment: Experiment, pricing: Pricing, complete: Sequence[Trial]) -> Experiment:
    """The experiment, its predictor one of `pricing.features` and of the full fidelity.

    Of lower rungs it knows what their complete trials showed.
    """
    predictor = full_predictor(
        pricing.choosing(experiment.predictor), experiment.ladder, pricing.features, complete, experiment.objective
    )
    return replace(experiment, predictor=predictor)


def limits_of(settings: Mapping[str, Any]) -> list[str]:
    """All limits of a run, those on costs first."""
    return [*settings["limits"], *([settings[QUALITY]] if settings.get(QUALITY) else [])]


def with_objectives(experiment: Experiment, names: Sequence[str]) -> Experiment:
    """The experiment with other objectives; none leaves its own.

    One is a resource to minimise, or else a metric. Several make a front, which is searched at one fidelity: rungs of
    the experiment's own are left out.

    Raises:
      ExperimentError: several are all resources, or one is named twice.
    """
    if not names:
        return experiment
    if len(names) > 1:
        ordered = tuple(sorted(names, key=experiment.is_resource))
        return replace(experiment, objective=ordered[0], minimise=None, objectives=ordered, rungs=())
    if experiment.is_resource(names[0]):
        return replace(experiment, minimise=names[0], objectives=())
    return replace(experiment, objective=names[0], minimise=None, objectives=())


def check_objectives(folder: RunFolder, experiment: Experiment) -> None:
    """See that a started run goes on along the front that it was started along, or along none.

    Raises:
      FolderError: it does not.
    """
    if folder.started:
        before = {"objectives": folder.settings().get("objectives", [])}
        check_unchanged(folder.path, before, {"objectives": list(experiment.objectives)})


def asked_before(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The objectives that a run's first command gave; an older run keeps one as a text."""
    kept = settings.get(OBJECTIVE, [])
    return (kept,) if isinstance(kept, str) else tuple(kept)


def kept_objectives(asked: Sequence[str]) -> dict[str, Any]:
    """For experiment.json what `asked_before` reads; several in the order in which they are searched."""
    return {OBJECTIVE: asked[0] if len(asked) == 1 else list(asked)} if asked else {}


def with_rungs(experiment: Experiment, settings: Mapping[str, Any]) -> Experiment:
    """The experiment with the rungs, and the finals, that the run was started with."""
    return replace(
        experiment,
        rungs=tuple(settings.get("rungs", ())),
        eta=settings.get("eta", experiment.eta),
        int8_finals=settings.get(INT8_FINALS),
        final_seeds=settings.get(FINAL_SEEDS, 1),
    )


def load_experiment(reference: str) -> Experiment:
    """The experiment behind a key, a dotted path or a file.

    Raises:
      PluginError: it is unknown, its function fails or returns something else.
    """
    make = EXPERIMENTS.load(reference)
    if not callable(make):
        raise PluginError(
            f"experiment of {reference} must be a function, got {type(make).__name__}; "
            "write `def experiment(): return Experiment(..)`"
        )
    try:
        with aside():
            experiment = make()
    except (Exception, SystemExit) as error:
        raise PluginError(_mistake(reference, error)) from error
    if not isinstance(experiment, Experiment):
        raise PluginError(f"experiment() of {reference} must return an Experiment, got {type(experiment).__name__}")
    return experiment


def _mistake(reference: str, error: BaseException) -> str:
    if isinstance(error, TypeError) and (slip := field_mistake(error)):
        return f"experiment() of {reference}: {slip}{place(error)}"
    said = f": {error}{place(error)}" if is_ours(error) else f" fails: {told(error)}"
    return f"experiment() of {reference}{said}"


def open_history(
    folder: RunFolder,
    settings: Mapping[str, Any],
    experiment: Experiment,
    *,
    create: bool,
    shown: Shown | None = None,
) -> History:
    """The run's record.

    Args:
      shown: prices and limits, for whoever writes to it.

    Raises:
      HistoryError: it cannot be read, or does not exist and may not be created, or has lost trials since it was last
        written.
    """
    location = settings["storage"] or folder.journal
    if not create:
        check_record(folder, settings)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    history = History(
        open_storage(location),
        settings["study"],
        choices=experiment.space.choices,
        objective=experiment.objective,
        beside=experiment.objectives[1:],
        shown=shown or Shown(),
        create=create,
    )
    _check_kept(folder, history)
    return history


def note_record(folder: RunFolder, history: History) -> None:
    """Keep how much the record holds, so that a later command knows whether it is still there."""
    folder.note_known(_extent(history))


def check_record(folder: RunFolder, settings: Mapping[str, Any]) -> None:
    """See that the file of a started run's record is there; before anything is prepared, for that may take long.

    Raises:
      HistoryError: it is gone or empty.
    """
    file = storage_file(str(settings["storage"] or folder.journal))
    if file is None or (file.is_file() and file.stat().st_size):
        return
    state = "empty" if file.is_file() else "gone"
    raise HistoryError(f"{folder.path} was started, and its record {file} is {state}; restore it from a copy. {AFRESH}")


def _check_kept(folder: RunFolder, history: History) -> None:
    known, found = folder.known(), _extent(history)
    num_damaged = len(history.passed_over().damaged)
    for what, number in known.items():
        if found.get(what, 0) + num_damaged < number:
            raise HistoryError(
                f"the record of {folder.path} holds {found.get(what, 0):,} {what}, and held {number:,}: it has lost "
                "some; restore it from a copy, or go on with what is left after `nas repair "
                f"{folder.path}`, which trains them again. {AFRESH}"
            )


def _extent(history: History) -> dict[str, int]:
    trials = history.trials()
    return {"trials": len(trials), "trials that have ended": sum(trial.state != "running" for trial in trials)}


def experiment_of(folder: RunFolder) -> Experiment:
    """The experiment of a run that has begun, with the run's objective and rungs.

    Raises:
      FolderError: there is no run, it is still preparing itself, or the experiment is not what it was.
    """
    settings = folder.settings()
    if not folder.started:
        raise FolderError(f"{folder.path} has handed out no trial yet; let the search run first")
    named = with_objectives(load_experiment(settings["experiment"]), asked_before(settings))
    experiment = with_rungs(named, settings)
    means = settings.get(compatibility.SETTING, {})
    compatibility.continued(folder.path, experiment, means, allow_new_options=False)
    check_unchanged(folder.path, settings, {**identity(experiment), **still_own(experiment, settings)})
    return experiment


def open_session(folder: RunFolder) -> Session:
    """Open an existing run to look at it.

    Raises:
      FolderError: there is no run, or it is still preparing itself.
      HistoryError: its record cannot be read.
    """
    settings = folder.settings()
    experiment = experiment_of(folder)
    experiment = with_latencies(with_parts(experiment, settings), settings, folder)
    history = open_history(folder, settings, experiment, create=False)
    return Session(folder=folder, settings=settings, experiment=experiment, history=history)

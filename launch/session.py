"""Opening a run: from a folder's settings to the experiment, its prices and its record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import optuna

from launch.experiment import Experiment
from launch.folder import FolderError, RunFolder, check_unchanged
from launch.latency import with_latencies
from launch.own_files import OwnFiles
from launch.parts import still_own, with_parts
from launch.pricing import Pricing, price
from nas.devices.table import read
from nas.history import History
from nas.plugins import EXPERIMENTS, PluginError
from nas.storage import open_storage
from nas.strategies.halving import full_predictor
from nas.trial import Phase, Trial


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

    def trials(self, phase: Phase) -> list[Trial]:
        """The phase's trials by ticket."""
        return sorted((t for t in self.history.trials() if t.phase == phase), key=lambda trial: trial.ticket)

    def full_trials(self) -> list[Trial]:
        """The search's trials at the full fidelity, by ticket; without rungs all of them."""
        return [trial for trial in self.trials("search") if trial.fidelity == self.experiment.fidelity]

    def informed(self, pricing: Pricing) -> "Session":
        """The same run, its predictor one of the full fidelity that knows what the lower rungs have shown."""
        complete = [trial for trial in self.trials("search") if trial.state == "complete"]
        return replace(self, experiment=informed(self.experiment, pricing, complete))

    def own_files(self, names: Iterable[str] = ()) -> OwnFiles:
        """The user's files of resources: the run's, and those that resource names speak of."""
        return OwnFiles.kept(self.settings).naming(names)

    def pricing(self, own: OwnFiles | None = None) -> Pricing:
        """Prices on this run's own latency tables, so that its figures stay what they were.

        Args:
          own: see `own_files`; None for the run's.

        Raises:
          KeptFileError, ResourceError: a file of the user's has gone or changed since the run began.
        """
        tables = [read(self.folder.latency_table(device.key)) for device in self.experiment.devices]
        experiment = self.experiment
        resources = [*experiment.resources, *(own or self.own_files()).load(experiment.space)]
        return price(experiment.space, resources, tables, baseline=experiment.baseline)


def identity(experiment: Experiment) -> dict[str, Any]:
    """What of an experiment a run's figures rest on."""
    return {
        "space": experiment.space.name,
        "space_size": str(experiment.space.size),
        "input": list(experiment.space.input),
        "objective": experiment.objective,
        "fidelity": experiment.fidelity,
        "final_fidelity": experiment.final_fidelity,
        "num_design": experiment.num_design,
    }


def informed(experiment: Experiment, pricing: Pricing, complete: Sequence[Trial]) -> Experiment:
    """The experiment, its predictor one of the full fidelity that knows what complete trials on lower rungs showed."""
    predictor = full_predictor(
        experiment.predictor, experiment.ladder, pricing.features, complete, experiment.objective
    )
    return replace(experiment, predictor=predictor)


def with_rungs(experiment: Experiment, settings: Mapping[str, Any]) -> Experiment:
    """The experiment with the rungs that the run was started with."""
    return replace(experiment, rungs=tuple(settings.get("rungs", ())), eta=settings.get("eta", experiment.eta))


def load_experiment(reference: str) -> Experiment:
    """The experiment behind a key, a dotted path or a file.

    Raises:
      PluginError: it is unknown, or its function returns something else.
    """
    experiment = EXPERIMENTS.load(reference)()
    if not isinstance(experiment, Experiment):
        raise PluginError(f"experiment() of {reference} must return an Experiment, got {type(experiment).__name__}")
    return experiment


def open_history(folder: RunFolder, settings: Mapping[str, Any], experiment: Experiment, *, create: bool) -> History:
    """The run's record.

    Raises:
      HistoryError: it cannot be read, or does not exist and may not be created.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return History(
        open_storage(settings["storage"] or folder.journal),
        settings["study"],
        choices=experiment.space.choices,
        objective=experiment.objective,
        create=create,
    )


def open_session(folder: RunFolder) -> Session:
    """Open an existing run to look at it.

    Raises:
      FolderError: there is no run, or it is still preparing itself.
      HistoryError: its record cannot be read.
    """
    settings = folder.settings()
    if not folder.started:
        raise FolderError(f"{folder.path} has handed out no trial yet; let the search run first")
    experiment = with_rungs(load_experiment(settings["experiment"]), settings)
    check_unchanged(folder.path, settings, {**identity(experiment), **still_own(experiment, settings)})
    experiment = with_latencies(with_parts(experiment, settings), settings, folder)
    history = open_history(folder, settings, experiment, create=False)
    return Session(folder=folder, settings=settings, experiment=experiment, history=history)

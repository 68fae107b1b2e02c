"""The system from Python: open a run and work with what it knows, or call any verb of the command as a function.

    from launch.api import open_run, select

    run = open_run("runs/demo")
    run.trials()                        # a pandas frame: decisions, metrics, costs, times
    run.front("macs", "error")          # its rows that no other dominates
    run.predict([architecture])         # what the run's predictor says, with its uncertainty
    run.winner()                        # a torch module with its weights
    select("runs/demo", limits=["macs <= 2e9"])["candidates"]

A verb's function takes the command's options by their names and gives what `--json` prints. What the command refuses it
refuses with an exception; what it prints beside its result goes to stderr as ever. pandas comes with `chamnas[pandas]`.
"""

import contextlib
import importlib
import importlib.util
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from launch import cli
from launch.paths import absolute
from launch.pricing import Pricing
from launch.report.facts import points_of
from launch.session import RunFolder
from launch.session.session import Session
from launch.session.session import open_session as _open_session
from nas.record import PHASES, Trial
from nas.search import Fitted, fit_to_trials
from nas.space import Architecture

if TYPE_CHECKING:
    import pandas as pd
    import torch


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run that is there, finished or under way, as it stood when it was opened."""

    folder: RunFolder
    session: Session
    pricing: Pricing

    def records(self) -> list[Trial]:
        """Every trial, the search's first, each phase by ticket."""
        return [trial for phase in PHASES for trial in self.session.trials(phase)]

    def trials(self) -> "pd.DataFrame":
        """A row for each trial, by its name such as "search-3".

        Columns: phase, ticket, state, origin, fidelity, failure, duration_s, ended; each decision as "x_NAME", each
        metric by its name, each resource by its name as predicted; of a merged run, run, trial and seed of its source.

        Raises:
          ImportError: pandas is not installed.
        """
        import pandas as pd

        frame = pd.DataFrame([self._row(trial) for trial in self.records()])
        return frame.set_index("name") if len(frame) else frame

    def front(self, x: str = "macs", y: str | None = None) -> "pd.DataFrame":
        """The rows of `trials` that no other search trial dominates in x and y, by ascending x.

        Args:
          y: None for the objective.

        Raises:
          ValueError: an axis is neither a resource nor a metric of the run, or no trial is complete.
        """
        points = points_of(self.session.full_trials(), self.pricing, x, y or self.session.objective)
        return self.trials().loc[[point.trial.name for point in points if point.on_front]]

    def predictor(self, metric: str | None = None) -> Fitted:
        """The run's predictor, fitted to its complete search trials; takes `pricing.features` of architectures.

        Args:
          metric: None for the objective.

        Raises:
          ValueError: no trial is complete, or the trials have no such metric.
        """
        complete = [trial for trial in self.session.full_trials() if trial.state == "complete"]
        name = metric or self.session.objective
        if not complete or name not in complete[0].metrics:
            known = ", ".join(complete[0].metrics) if complete else "none yet"
            raise ValueError(f"a predictor learns a metric of complete trials, got {name!r}; known: {known}")
        informed = self.session.informed(self.pricing)
        return fit_to_trials(informed.experiment.predictor, self.pricing.features, complete, name)

    def predict(self, architectures: Sequence[Architecture], metric: str | None = None) -> "pd.DataFrame":
        """Columns mean and std of a metric, and every resource, for each architecture (option indices)."""
        import pandas as pd

        population = np.array(architectures, dtype=np.int8)
        prediction = self.predictor(metric).predict(self.pricing.features(population))
        costs = {name: table.cost(population) for name, table in self.pricing.tables.items()}
        return pd.DataFrame({"mean": prediction.mean, "std": prediction.std, **costs})

    def winner(self, point: int | None = None) -> "torch.nn.Module":
        """The winner as a module with its weights, from its own winner.py.

        Args:
          point: of a front, its number; None for the run's winner.

        Raises:
          FileNotFoundError: there is no winner yet, or its training left no weights.
        """
        place = self.folder.path if point is None else self.folder.winners / f"{point:02d}"
        for name in ("winner.py", "winner.pt"):
            if not (place / name).exists():
                raise FileNotFoundError(f"{place / name} is not there; let the search end first")
        module: torch.nn.Module = _module(place / "winner.py").load()
        return module

    def _row(self, trial: Trial) -> dict[str, Any]:
        source = trial.source
        return {
            "name": trial.name,
            **{name: getattr(trial, name) for name in ("phase", "ticket", "state", "origin", "fidelity")},
            **{f"x_{name}": option for name, option in self.pricing.space.decisions(trial.architecture).items()},
            **trial.metrics,
            **self.pricing.costs(trial.architecture),
            "duration_s": trial.duration_s,
            "ended": trial.ended,
            "failure": trial.failure,
            **({"source_run": source.run, "source_trial": source.trial, "source_seed": source.seed} if source else {}),
        }


def open_run(path: str | Path) -> Run:
    """Open a run folder to look at it; nothing in it is changed.

    Raises:
      FolderError: there is no run, or it has handed out no trial yet.
      HistoryError: its record cannot be read.
    """
    session = _open_session(RunFolder(path=Path(path).absolute()))
    return Run(folder=session.folder, session=session, pricing=session.pricing())


def verb(name: str, *arguments: Any, **options: Any) -> Any:
    """Call a verb of the command by its name, and give what it prints with --json.

    Args:
      arguments: its arguments in order, such as a run folder.
      options: by their flags' names, with underscores: `limit=["macs <= 2e9"]`, `top=3`, `profile_again=True`.

    Raises:
      ValueError: the command has no such option, or refuses its value; and whatever the verb raises.
    """
    command = cli.nas.commands[name]
    words = [*_words(command, options), "--json", "--", *map(str, arguments)]
    try:
        with command.make_context(name, words) as context:
            given = absolute(context.params)
    except click.ClickException as error:
        raise ValueError(f"{name}: {error.format_message()}") from error
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        importlib.import_module(f"launch.verbs.{name}").run(**given)
    return json.loads(printed.getvalue())


def __getattr__(name: str) -> Any:
    """Every verb as a function of its name; see `verb`."""
    if name not in cli.nas.commands:
        raise AttributeError(f"launch.api has no {name!r}; verbs: {', '.join(sorted(cli.nas.commands))}")

    def call(*arguments: Any, **options: Any) -> Any:
        return verb(name, *arguments, **options)

    call.__name__, call.__doc__ = name, cli.nas.commands[name].help
    return call


def __dir__() -> list[str]:
    return sorted({*globals(), *cli.nas.commands})


def _words(command: click.Command, options: dict[str, Any]) -> list[str]:
    """Options as a shell would give them."""
    known = {option.opts[0].lstrip("-").replace("-", "_"): option for option in _options(command)}
    words = list[str]()
    for name, value in options.items():
        if name not in known:
            raise ValueError(f"{command.name} has no option {name!r}; known: {', '.join(sorted(known))}")
        flag = known[name].opts[0]
        if value is None or value is False:
            continue
        if known[name].is_flag:
            words.append(flag)
        else:
            several = value if known[name].multiple and not isinstance(value, str | Path) else [value]
            words += [word for one in several for word in (flag, str(one))]
    return words


def _options(command: click.Command) -> list[click.Option]:
    return [option for option in command.params if isinstance(option, click.Option) and option.name != "as_json"]


def _module(path: Path) -> ModuleType:
    """A file as a module, without a name that others could import."""
    spec = importlib.util.spec_from_file_location("winner", path)
    assert spec is not None and spec.loader is not None, "a .py file has both"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

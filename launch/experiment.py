"""What an experiment is: everything that is searched, and nothing about where or how it runs.

An experiment is a function that returns an `Experiment`; `launch/experiments/NAME.py` calls it `experiment`, and a
user's own file does the same. Flags of the command only say where and how to run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nas.checkpoints import Checkpoints
from nas.devices.device import Device
from nas.meters import AnyResource
from nas.predictor import Predictor
from nas.space import Space
from nas.strategy import MakeStrategy, Rungs
from nas.trial import Evaluator

DEFAULT_ETA = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What an experiment may need to know of the machine when it prepares its evaluator.

    Attributes:
      cache: a folder for what can be made again, such as a rendered data set.
      data: the user's own data set, None for the experiment's default.
      workers: processes that preparation may use.
      progress: told (what, done, total).
      checkpoints: where trainings may keep themselves, None for nowhere; an evaluator may do without.
    """

    cache: Path
    data: Path | None
    workers: int
    progress: Callable[[str, int, int], None]
    checkpoints: Checkpoints | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A search to run.

    Attributes:
      make_evaluator: prepares the data and returns what trains a candidate; called once, on the driver.
      predictor: learns the objective; `predictors/NAME.py` exports one.
      strategy: makes what decides which architectures are trained, see `nas.strategy`; None for ChamNet's search, and
        with rungs for `nas.strategies.halving`.
      resources: priced without measuring; a limit may name any of them.
      devices: each is profiled once per machine and gives the resource "latency_ms.<key>".
      limits: hold unless the command gives others, such as "macs <= 0.4 * published".
      baseline: the space's reference architecture that "baseline" stands for in limits.
      num_design: space-filling trials before the predictor guides; part of `num_trials`.
      fidelity: training budget of a search trial, in the evaluator's measure.
      rungs: smaller budgets, ascending, at which architectures are tried first; none for a search at `fidelity` alone.
      eta: with rungs, one in so many of a rung's complete trials is trained again on the next.
      num_finalists: how many are trained again, at `final_fidelity`.
      objective: the metric that is minimised.
    """

    name: str
    space: Space
    make_evaluator: Callable[[Workplace], Evaluator]
    predictor: Predictor
    strategy: MakeStrategy | None = None
    resources: tuple[AnyResource, ...]
    devices: tuple[Device, ...] = ()
    limits: tuple[str, ...] = ()
    baseline: str | None = None
    num_design: int
    num_trials: int
    fidelity: int
    num_finalists: int
    final_fidelity: int
    objective: str = "error"
    rungs: tuple[int, ...] = ()
    eta: float = DEFAULT_ETA

    @property
    def ladder(self) -> Rungs | None:
        """The rungs up to the full fidelity; None if there is that one only.

        Raises:
          ValueError: they do not ascend, or eta is no reduction.
        """
        return Rungs(fidelities=(*self.rungs, self.fidelity), eta=self.eta) if self.rungs else None

"""Evaluator that looks a candidate's result up in a table of architectures that somebody else has trained."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int8

from nas.record import Evaluation, Job
from nas.space import Architecture


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEvaluator:
    """Evaluator without training: results come from the table at once; see `nas.record.Evaluator`.

    Attributes:
      architectures: the rows, no two equal.
      metrics: the names of the columns.
      values: what was measured, lower is better; NaN says that the training failed.
      rungs: the same after cheaper trainings, by their fidelity; every other fidelity is answered from `values`.
    """

    architectures: Int8[np.ndarray, "n d"]
    metrics: tuple[str, ...]
    values: Float[np.ndarray, "n m"]
    rungs: Mapping[int, Float[np.ndarray, "n m"]] = field(default_factory=dict)
    _place: dict[Architecture, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_place", {tuple(row): i for i, row in enumerate(self.architectures.tolist())})

    @property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        return {}

    @property
    def data_facts(self) -> Mapping[str, str | int]:
        return {"rows": len(self.architectures)}

    def __call__(self, job: Job) -> Evaluation:
        """The architecture's row.

        Raises:
          ValueError: the table has no such row, or no finite value in it.
        """
        if job.architecture not in self._place:
            raise ValueError(f"the table has no row for {job.architecture}; propose only what it holds")
        values = self.rungs.get(job.fidelity, self.values)[self._place[job.architecture]]
        found = dict(zip(self.metrics, values.tolist(), strict=True))
        missing = [name for name, value in found.items() if not np.isfinite(value)]
        if missing:
            raise ValueError(f"the table has no value of {', '.join(missing)} for {job.architecture}: training failed")
        return Evaluation(metrics=found)

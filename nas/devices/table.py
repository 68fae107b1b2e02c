"""A latency table: milliseconds by operator key, how they were measured, and how well their sum fits whole networks.

The sum of operator times is corrected by a line fitted to whole networks (a constant and a slope); what is left is the
table's own error, which a search keeps as a margin. Stored as JSON, read without unpickling anything.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.stats import spearmanr

from nas.costs import Resource
from nas.ops import Network, Operator

FORMAT = 1


class TableError(ValueError):
    """A latency table that cannot be used: corrupt, foreign or incomplete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """latency = intercept_ms + slope x sum of operator times."""

    intercept_ms: float = 0.0
    slope: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How predictions agree with whole networks that had no part in fitting the line (cross-fitted).

    Attributes:
      mape: mean absolute error relative to the measured time.
      bias: mean of predicted / measured - 1.
      within_10_percent: share of networks predicted within 10 % of the measured time.
      margin: 95 % quantile of measured / predicted - 1, at least 0: what a search must keep below a limit.
    """

    num_networks: int
    mape: float
    bias: float
    spearman: float
    within_10_percent: float
    margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyTable:
    """Attributes:
    device: key of the device; the resource is called "latency_ms.<device>".
    machine: what the device said of itself.
    entries: milliseconds by operator key.
    spread: (largest - smallest) / median over the rounds of timing, by operator key.
    """

    device: str
    machine: Mapping[str, str]
    entries: Mapping[str, float]
    spread: Mapping[str, float]
    line: Line
    fit: Fit

    def resource(self) -> Resource:
        """The meter that limits and searches use, in milliseconds."""
        return Resource(
            name=f"latency_ms.{self.device}", unit="ms", measure=self.measure, constant=self.line.intercept_ms
        )

    def measure(self, op: Operator) -> float:
        """Milliseconds of one operator, with the line's slope applied.

        Raises:
          TableError: the table lacks the operator.
        """
        if op.key not in self.entries:
            raise TableError(
                f"the latency table of {self.device!r} has no operator {op.key!r}; "
                "profile this space at this input size"
            )
        return self.line.slope * self.entries[op.key]


def operator_sum(entries: Mapping[str, float], network: Network) -> float:
    return sum(entries[node.op.key] for node in network.nodes)


def fit_line(sums: Float[np.ndarray, " n"], measured: Float[np.ndarray, " n"]) -> Line:
    """Least squares of relative errors, with an intercept that is not negative."""
    design = np.stack([1 / measured, sums / measured], axis=1)
    intercept, slope = np.linalg.lstsq(design, np.ones(len(sums)), rcond=None)[0]
    if intercept < 0:
        weighted = sums / measured
        intercept, slope = 0.0, float(weighted.sum() / np.square(weighted).sum())
    return Line(intercept_ms=float(intercept), slope=float(slope))


def cross_fit(sums: Float[np.ndarray, " n"], measured: Float[np.ndarray, " n"]) -> Fit:
    """Judge the line on networks that it has not seen: each one is predicted by a line fitted to all others."""
    predicted = np.empty(len(sums))
    for i in range(len(sums)):
        others = np.arange(len(sums)) != i
        line = fit_line(sums[others], measured[others])
        predicted[i] = line.intercept_ms + line.slope * sums[i]
    error = predicted / measured - 1
    return Fit(
        num_networks=len(sums),
        mape=float(np.abs(error).mean()),
        bias=float(error.mean()),
        spearman=float(spearmanr(predicted, measured).statistic),
        within_10_percent=float((np.abs(error) <= 0.1).mean()),
        margin=max(0.0, float(np.quantile(measured / predicted - 1, 0.95))),
    )


def write(table: LatencyTable, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_text(json.dumps({"format": FORMAT, "unit": "ms", **asdict(table)}, indent=1))
    draft.replace(path)


def read(path: Path) -> LatencyTable:
    """Load and check a table.

    Raises:
      TableError: the file is no table of this format, or an entry is not a positive number.
    """
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise TableError(f"cannot read the latency table {path}: {error}; profile the device again") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT or content.get("unit") != "ms":
        raise TableError(f"{path} is no latency table of format {FORMAT} in ms; profile the device again")
    try:
        return _thaw(path, content)
    except (KeyError, TypeError, AttributeError) as error:
        raise TableError(f"{path} is damaged ({type(error).__name__}: {error}); profile the device again") from error


def _thaw(path: Path, content: Mapping[str, Any]) -> LatencyTable:
    line, fit = Line(**content["line"]), Fit(**content["fit"])
    _check_numbers(path, {f"operator {key!r}": ms for key, ms in content["entries"].items()})
    _check_numbers(path, {"the intercept": line.intercept_ms, "the slope": line.slope, "the margin": fit.margin})
    return LatencyTable(
        device=content["device"],
        machine=content["machine"],
        entries=content["entries"],
        spread=content["spread"],
        line=line,
        fit=fit,
    )


def _check_numbers(path: Path, numbers: Mapping[str, Any]) -> None:
    for name, value in numbers.items():
        if type(value) not in (int, float) or not math.isfinite(value) or value < 0:
            raise TableError(f"{path}: {name} is {value!r}; it must be a number from 0; profile the device again")

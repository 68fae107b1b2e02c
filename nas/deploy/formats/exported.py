"""What an export is, whatever its format: a file's content, how it is called, and how its own runtime runs it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32

Picture = Float32[np.ndarray, "_ _ _ _"]
Answer = Float32[np.ndarray, "..."]


class ExportError(ValueError):
    """A network that a format cannot hold, or an export that does not compute what the network does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A tensor that goes in or comes out: float32, its sides as numbers or, where they are free, as names."""

    name: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exported:
    """A network for a runtime.

    Attributes:
      runtime: name and version of what it was made with and checked on.
      run: the runtime's answer to a picture, from `content` alone.
      facts: what else there is to know of the file, such as how many delegates it has.
    """

    content: bytes
    input: Port
    output: Port
    runtime: str
    run: Callable[[Picture], Answer]
    facts: Mapping[str, str | int | list[str]] = field(default_factory=dict)


def difference(given: Answer, wanted: Answer) -> float:
    """The largest difference of two answers, as a share of the range of the wanted one.

    Raises:
      ExportError: they have other shapes, or are not finite.
    """
    if given.shape != wanted.shape or not np.isfinite(given).all():
        raise ExportError(
            f"an export must answer as the network does, {wanted.shape} of finite numbers, and gave {given.shape}; "
            "this is a fault of the export: report it, and use another format"
        )
    return float(np.abs(given - wanted).max() / max(float(np.ptp(wanted)), 1e-12))


def signal_to_noise_db(given: Answer, wanted: Answer) -> float:
    """How far a signal stands above what was changed in it: 10 log10 of variance over mean squared difference.

    A constant difference counts as noise; infinite where there is none.
    """
    noise = float(np.square(given.astype(np.float64) - wanted).mean())
    return float("inf") if noise == 0 else float(10 * np.log10(wanted.astype(np.float64).var() / noise))

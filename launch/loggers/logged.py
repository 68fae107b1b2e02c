"""What is logged of a run: numbers with their steps, texts, pictures and files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One number of a series; `tag` is such as "final/error"."""

    tag: str
    step: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """Winner and finals of a run.

    Attributes:
      name: of the run, for people.
      study: of its record, which no other run has.
      texts: by name, what it was asked for.
      scalars: the search's course by ticket, and of every final, by its ticket, metrics and limits.
      pictures: of finals, PNG.
      files: what is taken away; only those that are there.
    """

    name: str
    study: str
    texts: Mapping[str, str]
    scalars: tuple[Scalar, ...]
    pictures: tuple[Path, ...]
    files: tuple[Path, ...]

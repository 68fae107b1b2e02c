"""What predictors see of a table's decisions: as names, as numbers, by what they build.

Which are numbers is said by `--numeric` or by the header, or else left to the predictor to find out.

Nobody can see from 0, 1, 2 whether they are widths or the codes of operations. Where it is not said, features hold the
columns of both codings, and `predictors.coding` chooses during the search, on what has been trained so far. What looks
like codes (0, 1, 2, .. without a gap) must prove itself the more clearly to be a number. A decision of two options is
the same either way and counts as a name. Where a structure says what decisions build, that is seen in their place, and
they must prove that they add to it.

    n, f   architectures; features, of all codings one beside the other, then the statistics
"""

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from launch.bench.question.structures import structured
from nas.space import Choice, Structure
from predictors.coding import Coding
from search_spaces.table import Results, ResultsError, features, holds_numbers, named, numbers, values_of

MIN_OPTIONS = 3
CAUTION = 3.0
"""Of a coding that takes what looks like codes for numbers; the margin is then a whole standard error of tau."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A coding before its columns have their places; `caution` as in `predictors.coding.Coding`."""

    name: str
    block: Float[np.ndarray, "n c"]
    caution: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """Features of a table's architectures, with their codings.

    Attributes:
      encoded: what a predictor sees of each architecture.
      codings: the columns of each; one where everything is said.
      numbers: the decisions that are numbers in every coding.
      notes: what a reader should know, as sentences.
    """

    encoded: Float[np.ndarray, "n f"]
    codings: tuple[Coding, ...]
    numbers: tuple[str, ...]
    notes: tuple[str, ...]


def coded(
    results: Results, statistics: Float[np.ndarray, "n s"], asked: str | None, structure: str | None = None
) -> Coded:
    """The features of a table's architectures.

    Args:
      asked: see `numeric`.
      structure: see `launch.bench.question.structures`.

    Raises:
      ResultsError: a decision that is to be a number is none, or is unknown; or the structure does not fit.
      PluginError, PartError: there is no such structure, or it fails.
    """
    said = dict(results.said) if asked is None else numeric(results, asked)
    told = [choice.name for choice in results.choices if said.get(choice.name)]
    open_ones = [choice for choice in results.choices if choice.name not in said and _may_be_number(choice)]
    candidates = [
        Candidate(name="names", block=_block(results, told)),
        *(
            Candidate(name=name, block=_block(results, [*told, *some]), caution=caution)
            for name, some, caution in _ways(open_ones)
        ),
    ]
    always, notes = [features((), results.architectures, statistics)], _notes(told, open_ones)
    if structure is not None:
        built, wired = structured(results, structure)
        candidates = _after_structure(results, built, candidates)
        always.insert(0, wired)
        notes.append(
            f"predictors see what {structure} says of the decisions, {wired.shape[1]} features, in their place"
        )
    return Coded(
        encoded=np.concatenate([*(one.block for one in candidates), *always], axis=1),
        codings=_placed(candidates),
        numbers=tuple(told),
        notes=tuple(notes),
    )


def _after_structure(results: Results, structure: Structure, candidates: Sequence[Candidate]) -> list[Candidate]:
    """First none of the decisions that the structure reads, the others as names; then the codings as they were."""
    others = [i for i, choice in enumerate(results.choices) if choice.name not in structure.decisions]
    block = named([results.choices[i] for i in others], results.architectures[:, others])
    added = [replace(one, name=f"structure and {one.name}") for one in candidates]
    return [Candidate(name="structure", block=block), *added]


def _placed(candidates: Sequence[Candidate]) -> tuple[Coding, ...]:
    """The codings, whose columns stand one beside the other."""
    ends = np.cumsum([one.block.shape[1] for one in candidates]).tolist()
    return tuple(
        Coding(name=one.name, columns=tuple(range(end - one.block.shape[1], end)), caution=one.caution)
        for one, end in zip(candidates, ends, strict=True)
    )


def numeric(results: Results, asked: str) -> dict[str, bool]:
    """Whether each decision is a number: "all" that can be, "none", or those named, such as "x_width*,x_depth".

    Raises:
      ResultsError: a name is that of no decision, or of one that does not hold numbers.
    """
    known = {choice.name: choice for choice in results.choices}
    if asked in ("all", "none"):
        return {name: asked == "all" and holds_numbers(choice) for name, choice in known.items()}
    wanted = dict.fromkeys(known, False)
    for pattern in filter(None, map(str.strip, asked.split(","))):
        found = fnmatch.filter(known, pattern)
        if not found:
            raise ResultsError(
                f"--numeric takes decisions, all or none, and {results.name} has no decision {pattern!r}; known: "
                f"{', '.join(known)}"
            )
        for name in found:
            values_of(known[name])
            wanted[name] = True
    return wanted


def _ways(open_ones: Sequence[Choice]) -> Iterator[tuple[str, list[str], float]]:
    """Which of the decisions that nobody has spoken of to take for numbers, and how cautiously."""
    uncoded = [choice.name for choice in open_ones if not _looks_like_codes(choice)]
    if 0 < len(uncoded) < len(open_ones):
        yield "numbers but for codes", uncoded, 1.0
    if open_ones:
        yield "numbers", [choice.name for choice in open_ones], 1.0 if len(uncoded) == len(open_ones) else CAUTION


def _block(results: Results, is_number: Sequence[str]) -> Float[np.ndarray, "n c"]:
    """The decisions in one coding: names, then numbers."""
    mask = np.array([choice.name in is_number for choice in results.choices])
    blocks = [
        code([results.choices[i] for i in np.flatnonzero(chosen)], results.architectures[:, chosen])
        for code, chosen in ((named, ~mask), (numbers, mask))
    ]
    return np.concatenate(blocks, axis=1)


def _may_be_number(choice: Choice) -> bool:
    return len(choice.options) >= MIN_OPTIONS and holds_numbers(choice)


def _looks_like_codes(choice: Choice) -> bool:
    """0, 1, 2, .. without a gap."""
    return choice.options == tuple(range(len(choice.options)))


def _notes(told: Sequence[str], open_ones: Sequence[Choice]) -> list[str]:
    notes = []
    if told:
        notes.append(f"{_listed(told)} count as numbers")
    if open_ones:
        notes.append(
            f"{_listed([choice.name for choice in open_ones])} may be numbers or names: predictors find it out on what "
            "has been trained; --numeric COL,..|all|none says it, and so does a header such as "
            f"{open_ones[0].name}:number or {open_ones[0].name}:name"
        )
    return notes


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:3])}, .. {names[-1]} ({len(names)} decisions)"

"""Infers from a column's name its unit, and whether it was counted without training.

    latency_ms_pixel3, time (us), energy_mj     ms, us, mJ
    size_kb, weight_bytes                       KB, bytes
    mmacs, gflops, params_m, flops (M)          counts, in millions or billions

A unit can be said where a name does not: `--unit latency=ms`, `--unit cost=M`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

PREFIXES = {"K": 1e3, "M": 1e6, "G": 1e9}
WORDS = {
    "us": "us", "ms": "ms", "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "millisecond": "ms",
    "milliseconds": "ms", "microsecond": "us", "microseconds": "us", "nj": "nJ", "uj": "uJ", "mj": "mJ", "j": "J",
    "mw": "mW", "w": "W", "byte": "bytes", "bytes": "bytes", "kb": "KB", "mb": "MB", "gb": "GB", "kib": "KiB",
    "mib": "MiB", "gib": "GiB",
}  # fmt: skip
"""The unit that each word of a column's name stands for, in lower case."""
COUNTS = {
    **dict.fromkeys(("param", "params", "parameter", "parameters"), ""),
    **dict.fromkeys(("mac", "macs", "madd", "madds", "multadds"), "MACs"),
    **dict.fromkeys(("flop", "flops"), "FLOPs"),
}
"""Words for what is counted without training, and the unit of one."""
FILLERS = frozenset({"num", "number", "n", "no", "of", "count", "total", "model"})
"""Words that may stand beside one of them."""
KNOWN_BY_NAME = (
    "params, macs, madds or flops, in thousands, millions or billions too (mmacs, params_m, flops (M)), depth"
)

_WORD = re.compile(r"[A-Za-z]+\d*|\d+")


class UnitError(ValueError):
    """A unit that cannot be read, or that is said of no column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Unit of a column: `scale` times `name`; an empty name is a plain count, or nothing that is known."""

    name: str = ""
    scale: float = 1.0

    @property
    def is_known(self) -> bool:
        return bool(self.name) or self.scale != 1.0

    def __str__(self) -> str:
        prefix = next((prefix for prefix, scale in PREFIXES.items() if scale == self.scale), "")
        return prefix + self.name


def unit_of(column: str) -> Unit:
    """The unit that a column's name says; the last word that is one counts."""
    words = _words(column)
    if (count := _count(words)) is not None:
        return count
    bracket = re.search(r"[(\[]\s*([KMGkmg])\s*[)\]]", column)
    if bracket:
        return Unit(scale=PREFIXES[bracket[1].upper()])
    found = [WORDS[word] for word in words[1:] or words if word in WORDS]
    return Unit(name=found[-1] if found else "")


def is_counted(column: str) -> bool:
    """Whether a column is taken to be counted without training, by its name."""
    words = _words(column)
    return words == ["depth"] or _count(words) is not None


def said_units(texts: Sequence[str], columns: Iterable[str]) -> dict[str, Unit]:
    """Read "latency=ms", "cost=M", "work=GFLOPs", ..

    Raises:
      UnitError: a text is no such thing, or there is no such column.
    """
    known, said = list(columns), {}
    for text in texts:
        column, equals, unit = (part.strip() for part in text.rpartition("="))
        if not equals or not column or not re.fullmatch(r"[A-Za-z]+", unit, re.ASCII):
            raise UnitError(f"a unit is COLUMN=UNIT, such as latency=ms, energy=mJ or cost=M, got {text!r}")
        if column not in known:
            raise UnitError(f"--unit {text}: the table has no column {column!r}; known: {', '.join(known) or 'none'}")
        said[column] = _read(unit)
    return said


def _read(unit: str) -> Unit:
    counted = re.fullmatch(r"([KMG]?)(MACs|FLOPs|params|parameters|)", unit)
    if counted:
        return Unit(name=COUNTS.get(counted[2].lower(), ""), scale=PREFIXES.get(counted[1], 1.0))
    return Unit(name=WORDS.get(unit.lower(), unit))


def _words(column: str) -> list[str]:
    """In lower case; camelCase is not taken apart, for MFLOPs and params are not."""
    return [word.lower() for word in _WORD.findall(column)]


def _count(words: Sequence[str]) -> Unit | None:
    """The unit of a count that the words name, with a prefix before it or as a word of its own; None if they do not."""
    left = [word for word in words if word not in FILLERS]
    scales: Mapping[str, float] = {prefix.lower(): scale for prefix, scale in PREFIXES.items()}
    alone = [scales[word] for word in left if word in scales]
    named = [word for word in left if word not in scales]
    if len(named) != 1 or len(alone) > 1:
        return None
    word = named[0]
    if word in COUNTS:
        return Unit(name=COUNTS[word], scale=alone[0] if alone else 1.0)
    if not alone and word[:1] in scales and word[1:] in COUNTS:
        return Unit(name=COUNTS[word[1:]], scale=scales[word[0]])
    return None

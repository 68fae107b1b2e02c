"""Units in text: a resource's own unit with a prefix, bytes, times, and the nearest right spelling of others.

A prefix is decimal (K, M, G, T; k as well), bytes have binary ones too (KiB). Units of physics, such as J or W, take
the small prefixes as well; of counts there is no thousandth, so that "mMACs" stays the mistake that it is.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction

LARGE = {"K": Fraction(10**3), "k": Fraction(10**3), "M": Fraction(10**6), "G": Fraction(10**9), "T": Fraction(10**12)}
SMALL = {"n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 10**3)}
BYTES = {
    "B": Fraction(1), "KB": Fraction(10**3), "MB": Fraction(10**6), "GB": Fraction(10**9), "TB": Fraction(10**12),
    "KiB": Fraction(2**10), "MiB": Fraction(2**20), "GiB": Fraction(2**30), "TiB": Fraction(2**40),
    "kB": Fraction(10**3), "bytes": Fraction(1),
}  # fmt: skip
TIMES = {**{f"{prefix}s": size for prefix, size in SMALL.items()}, "s": Fraction(1)}
PHYSICAL = ("J", "Wh", "W", "V", "Ah", "A", "Hz", "eV")
COUNTED = ("MACs", "FLOPs", "parameters", "params")
OTHER_NAMES = {"parameters": "params"}
WELL_KNOWN = frozenset({*LARGE, *BYTES, *TIMES})
"""What is never the name of anything else."""

_THOUSANDS = re.compile(
    r"(?<![\w.,])\d{1,3}(?:([, '\u2019\u00a0\u202f])\d{3})(?:\1\d{3})*(?:\.\d+)?(?![\d,])", re.ASCII
)
_POINTS = re.compile(r"(?<![\w.,])\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?(?![\d.,])", re.ASCII)
_DECIMAL_COMMA = re.compile(r"(?<![\w.,])\d+,\d+(?![\d.,])", re.ASCII)


def sizes(unit: str) -> dict[str, Fraction]:
    """How many of `unit` each unit is that fits it, itself among them; "" for a plain number of something."""
    for family in (BYTES, TIMES):
        if unit in family:
            return {name: size / family[unit] for name, size in family.items()}
    prefix, base = _parted(unit)
    own = (LARGE | SMALL).get(prefix, Fraction(1))
    if base in PHYSICAL:
        bare = {} if prefix else LARGE  # of millijoules, nobody knows what "3 K" are
        return bare | {name: size / own for name, size in _prefixed(base, {"": Fraction(1)} | SMALL | LARGE).items()}
    names = [name for name in (base, OTHER_NAMES.get(base, "")) if name.isidentifier()]
    spelt = {word: size for name in names for word, size in _prefixed(name, {"": Fraction(1)} | LARGE).items()}
    return {name: size / own for name, size in {**LARGE, **spelt}.items()} | {unit: Fraction(1)}


def spellings(unit: str) -> list[str]:
    """What fits a unit, each once, as a person is told."""
    twice = "K" if _parted(unit)[1] in PHYSICAL else "k"
    return [name for name in sizes(unit) if name and not (name.startswith(twice) and name != unit)]


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The right spellings of a word that is not among the known: other capitals first, else the most alike."""
    spelt: dict[str, list[str]] = {}
    for name in known:
        spelt.setdefault(name.casefold(), []).append(name)
    alike = difflib.get_close_matches(word.casefold(), spelt, n=1, cutoff=0.75)
    return spelt.get(word.casefold()) or [name for key in alike for name in spelt[key]]


def plain_spellings(text: str) -> list[tuple[str, str]]:
    """What a number with separators of thousands or a decimal comma may mean, as (written, to be written)."""
    meant: list[tuple[str, str]] = []
    if number := _THOUSANDS.search(text):
        meant.append((number[0], number[0].replace(number[1], "")))
    if number := _DECIMAL_COMMA.search(text):
        meant.append((number[0], number[0].replace(",", ".")))
    if number := _POINTS.search(text):
        meant.append((number[0], number[0].replace(".", "").replace(",", ".")))
    return meant


def _parted(unit: str) -> tuple[str, str]:
    """A unit's prefix and what it stands before; ("", unit) if there is none."""
    prefix, base = unit[:1], unit[1:]
    if (prefix in LARGE or prefix in SMALL) and base in PHYSICAL:
        return prefix, base
    if prefix in LARGE and base in ("", *COUNTED):
        return prefix, base
    return "", unit


def _prefixed(base: str, prefixes: Mapping[str, Fraction]) -> dict[str, Fraction]:
    return {f"{prefix}{base}": size for prefix, size in prefixes.items()}

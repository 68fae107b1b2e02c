"""Summary of the depth read from a data set, in numbers and in sentences.

rise    natural logarithm of depth in the lowest third of a picture over that in the highest: below 0 nearly always,
        because floors, roads and tables are near where skies, walls and hills are far
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Shaped

from nas.depth.data.depth_encoding import Meaning, text_of
from nas.depth.data.files import UNREADABLE, Turn
from nas.depth.data.readers.reader import Frame, Source

NUM_COUNTED, NUM_POOLED = 16_384, 512
"""Pixels of a picture, drawn at random, in which values are counted and which are pooled for the median."""
MIN_SHARE, MIN_KNOWN = 0.01, 0.1
"""Of a picture's pixels, to be common; of a third's, to tell how depth rises."""
NUM_NAMED = 3
PLAIN = "folder"
"""The reader whose format there is nothing to say of."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """One pair as it was read; numbers as they stand in the depth file.

    Attributes:
      rgb: the picture's path below the folder.
      depth: its depth's.
      shape: the picture's height and width.
      depth_shape: its depth's.
      is_turned: whether the picture was.
      turn: how its depth was turned.
      unreadable_exif: whether the picture says something of its orientation that cannot be read.
      num_pixels: of the depth.
      num_infinite: of those, infinite ones.
      num_named: of those, pixels whose value its owner has named as invalid.
      num_valid: pixels with depth.
      common: values that many valid pixels have, and how many (estimated in large pictures).
      pooled: some valid values, drawn at random.
      pooled_depth: depth of the same pixels.
      rise: see above; NaN where a third has too little depth.
    """

    rgb: str
    depth: str
    shape: tuple[int, int]
    depth_shape: tuple[int, int]
    is_turned: bool
    turn: Turn
    unreadable_exif: bool
    num_pixels: int
    num_infinite: int
    num_named: int
    num_valid: int
    least: float
    largest: float
    common: Mapping[float, float]
    pooled: Shaped[np.ndarray, " k"]
    pooled_depth: Float[np.ndarray, " k"]
    rise: float

    @property
    def is_constant(self) -> bool:
        return self.least == self.largest


def look(
    rgb: str,
    frame: Frame,
    valid: Bool[np.ndarray, "h w"],
    marked: Bool[np.ndarray, "h w"],
    small: Float32[np.ndarray, "p q"],
) -> Sight:
    """Statistics of one pair; at least one pixel is valid.

    Args:
      rgb: the picture's name.
      marked: pixels whose value its owner has named as invalid.
      small: its depth as it is trained on.
    """
    values, depths = frame.numbers[valid], frame.depth[valid]
    rng = np.random.default_rng(0)
    chosen = np.arange(len(values)) if len(values) <= NUM_COUNTED else rng.integers(0, len(values), NUM_COUNTED)
    drawn, of_drawn = values[chosen], depths[chosen]
    kinds, counts = np.unique(drawn, return_counts=True)
    often = counts > MIN_SHARE * len(drawn)
    few = np.arange(len(drawn)) if len(drawn) <= NUM_POOLED else rng.integers(0, len(drawn), NUM_POOLED)
    numbers, picture = frame.numbers, frame.picture
    return Sight(
        rgb=rgb,
        depth=frame.depth_name,
        shape=picture.shape,
        depth_shape=(numbers.shape[0], numbers.shape[1]),
        is_turned=picture.is_turned,
        turn=frame.turn,
        unreadable_exif=picture.orientation == UNREADABLE,
        num_pixels=numbers.size,
        num_infinite=int(np.isinf(numbers).sum()),
        num_named=int((marked & (numbers > 0)).sum()),
        num_valid=len(values),
        least=float(values.min()),
        largest=float(values.max()),
        common={
            float(value): float(count) * len(values) / len(drawn)
            for value, count in zip(kinds[often], counts[often], strict=True)
        },
        pooled=drawn[few],
        pooled_depth=of_drawn[few],
        rise=_rise(small),
    )


def _rise(small: Float32[np.ndarray, "p q"]) -> float:
    third = max(1, len(small) // 3)
    upper, lower = small[:third], small[-third:]
    known = [part[np.isfinite(part)].astype(np.float64) for part in (upper, lower)]
    if min(len(part) for part in known) < MIN_KNOWN * upper.size:
        return math.nan
    return math.log(float(np.median(known[1])) / float(np.median(known[0])))


def median_depth(sights: Sequence[Sight]) -> float:
    """The median of all pictures' depth, each counting alike."""
    return float(np.median(np.concatenate([sight.pooled_depth.astype(np.float64) for sight in sights])))


def sentences(
    sights: Sequence[Sight], meaning: Meaning, source: Source, key: str, num_groups: int, parts: Sequence[int]
) -> tuple[str, ...]:
    """What was read, then what is out of the ordinary, each kind once; `parts` are the pictures of each."""
    first = (
        _read(sights, meaning, num_groups)
        if key == PLAIN
        else _read_as(sights, meaning, source, key, num_groups, parts)
    )
    told = (first, *_turned(sights), _scaled(sights), _constant(sights), source.unused)
    return tuple(text for text in told if text)


def _read_as(
    sights: Sequence[Sight], meaning: Meaning, source: Source, key: str, num_groups: int, parts: Sequence[int]
) -> str:
    num_valid, num_pixels = sum(sight.num_valid for sight in sights), sum(sight.num_pixels for sight in sights)
    unit = "" if source.median_m is None else " m"
    train, validation, test = (f"{number:,}" for number in parts)
    return (
        f"read {len(sights):,} pictures in {num_groups:,} groups as {key}: {source.scale}; {source.invalid}; "
        f"{source.split}, {train} to train on, {validation} for validation and {test} for test; "
        f"{share_text(num_valid / num_pixels)} of the depth's pixels are valid{_marked(sights, meaning, num_pixels)}, "
        f"their median depth is {median_depth(sights):.3g}{unit}"
    )


def counts_of(sights: Sequence[Sight]) -> dict[float, float]:
    """Pixels of the common values over all pictures."""
    counts: dict[float, float] = defaultdict(float)
    for sight in sights:
        for value, count in sight.common.items():
            counts[value] += count
    return counts


def pooled_of(sights: Sequence[Sight]) -> Float64[np.ndarray, " k"]:
    return np.concatenate([sight.pooled.astype(np.float64) for sight in sights])


def _read(sights: Sequence[Sight], meaning: Meaning, num_groups: int) -> str:
    num_valid, num_pixels = sum(sight.num_valid for sight in sights), sum(sight.num_pixels for sight in sights)
    least, largest = min(sight.least for sight in sights), max(sight.largest for sight in sights)
    return (
        f"read {len(sights):,} pictures in {num_groups:,} groups: {share_text(num_valid / num_pixels)} of the depth's "
        f"pixels are valid{_marked(sights, meaning, num_pixels)}; {meaning.said} goes from {least:.4g} to "
        f"{largest:.4g}, median {np.median(pooled_of(sights)):.4g}; {_commonest(sights, num_valid)}"
    )


def _marked(sights: Sequence[Sight], meaning: Meaning, num_pixels: int) -> str:
    """How many pixels are infinite, or invalid by the owner's own marks, in brackets."""
    num_infinite, num_named = sum(sight.num_infinite for sight in sights), sum(sight.num_named for sight in sights)
    told = [f"{share_text(num_infinite / num_pixels)} are infinite"] if num_infinite else []
    if meaning.invalid:
        marks = " or ".join(text_of(value) for value in meaning.invalid)
        told.append(f"{share_text(num_named / num_pixels)} are {marks}")
    return f" ({' and '.join(told)}, which is invalid)" if told else ""


def _commonest(sights: Sequence[Sight], num_valid: int) -> str:
    counts = counts_of(sights)
    if not counts:
        return f"no single value is in {share_text(MIN_SHARE)} of a picture"
    value = max(counts, key=lambda value: counts[value])
    return f"the commonest value, {text_of(value)}, fills {share_text(counts[value] / num_valid)} of the valid pixels"


def _turned(sights: Sequence[Sight]) -> list[str]:
    turned = [sight for sight in sights if sight.is_turned or sight.turn != "none"]
    depths = Counter(sight.turn for sight in turned)
    how: dict[Turn, str] = {
        "with its picture": "turned with them in {}",
        "upright already": "was upright already in {}",
        "by its own word": "says itself how it lies in {}",
    }
    told = ", ".join(text.format(f"{depths[turn]:,}") for turn, text in how.items() if depths[turn])
    unreadable = [sight for sight in sights if sight.unreadable_exif]
    return [
        f"{len(turned):,} of {len(sights):,} pairs are stored turned or mirrored (EXIF orientation; such as "
        f"{turned[0].rgb}) and were set upright: their depth {told}"
        if turned
        else "",
        _named(
            unreadable,
            "the EXIF data of {} cannot be read, which may tell its orientation: it is taken as upright",
            lambda s: s.rgb,
        ),
    ]


def _scaled(sights: Sequence[Sight]) -> str:
    scaled = [sight for sight in sights if sight.shape != sight.depth_shape]
    if not scaled:
        return ""
    small, large = (f"{h}x{w}" for h, w in (scaled[0].depth_shape, scaled[0].shape))
    return (
        f"depth of {len(scaled):,} of {len(sights):,} pictures has the picture's aspect and another size (such as "
        f"{scaled[0].depth}, {small} for {large}): it was scaled, valid pixels alone"
    )


def _constant(sights: Sequence[Sight]) -> str:
    constant = [sight for sight in sights if sight.is_constant]
    return _named(constant, "depth is one single value in {}; remove what is not real", lambda s: s.depth)


def _named(sights: Sequence[Sight], text: str, name: Callable[[Sight], str]) -> str:
    if not sights:
        return ""
    names = ", ".join(name(sight) for sight in sights[:NUM_NAMED])
    more = ", .." if len(sights) > NUM_NAMED else ""
    return text.format(f"{len(sights):,} picture{'s' if len(sights) > 1 else ''} ({names}{more})")


def share_text(share: float) -> str:
    return f"{100 * share:.3g} %"

"""Summary of the depth read from a folder, and checks for values that are most likely not real depth.

mark    a value that many pixels have at the top of the range: mostly "no depth here", such as 65535 in 16 bits
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Shaped

from nas.depth.data.depth_encoding import Meaning, text_of
from nas.depth.data.images import DataError
from nas.depth.data.orientation import UNREADABLE
from nas.depth.data.picture_files import Picture, Turn

NUM_COUNTED, NUM_POOLED = 16_384, 512
"""Pixels of a picture, drawn at random, in which values are counted and which are pooled for the median."""
MIN_SHARE, MARK_SHARE, SHARE_ABOVE = 0.01, 0.1, 0.01
"""Of a picture's pixels, to be common; of the folder's, to be asked about; of the folder's above, to be at the top."""
LARGEST_OF_TYPE = frozenset(
    {2.0**bits - 1 for bits in (8, 10, 12, 14, 15, 16, 31, 32)}
    | {float(np.finfo(kind).max) for kind in (np.float16, np.float32, np.float64)}
)
NUM_NAMED = 3


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
      num_named: of those, pixels that only their value, named by the owner, makes invalid.
      num_valid: pixels with depth.
      common: values that many valid pixels have, and how many (estimated in large pictures).
      pooled: some valid values, drawn at random.
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

    @property
    def is_constant(self) -> bool:
        return self.least == self.largest


def look(
    rgb: str,
    depth: str,
    picture: Picture,
    turn: Turn,
    numbers: Shaped[np.ndarray, "h w"],
    valid: Bool[np.ndarray, "h w"],
) -> Sight:
    """Statistics of one pair; at least one pixel is valid."""
    values = numbers[valid]
    rng = np.random.default_rng(0)
    drawn = values if len(values) <= NUM_COUNTED else values[rng.integers(0, len(values), NUM_COUNTED)]
    kinds, counts = np.unique(drawn, return_counts=True)
    often = counts > MIN_SHARE * len(drawn)
    return Sight(
        rgb=rgb,
        depth=depth,
        shape=picture.shape,
        depth_shape=(numbers.shape[0], numbers.shape[1]),
        is_turned=picture.is_turned,
        turn=turn,
        unreadable_exif=picture.orientation == UNREADABLE,
        num_pixels=numbers.size,
        num_infinite=int(np.isinf(numbers).sum()),
        num_named=int((np.isfinite(numbers) & (numbers > 0)).sum()) - len(values),
        num_valid=len(values),
        least=float(values.min()),
        largest=float(values.max()),
        common={
            float(value): float(count) * len(values) / len(drawn)
            for value, count in zip(kinds[often], counts[often], strict=True)
        },
        pooled=drawn if len(drawn) <= NUM_POOLED else drawn[rng.integers(0, len(drawn), NUM_POOLED)],
    )


def check(sights: Sequence[Sight], meaning: Meaning) -> None:
    """Refuse depth that is constant in every picture, and a mark of which the owner has not said what it means.

    Raises:
      DataError: every picture's depth is constant, or there is a mark of which nobody has said what it means.
    """
    if all(sight.is_constant for sight in sights):
        values = ", ".join(text_of(value) for value in sorted({sight.largest for sight in sights})[:NUM_NAMED])
        raise DataError(
            f"depth must differ within a picture, each of all {len(sights):,} depth files holds one value only "
            f"({values}; such as {sights[0].depth}); export real depth"
        )
    mark = _mark(sights, meaning)
    if mark is not None:
        value, where = mark
        raise DataError(
            "a value of more than a tenth of the pixels at the top of the range is mostly a mark for no depth, "
            f"{text_of(value)} {where}; give --depth-invalid {text_of(value)} if those pixels are invalid, or "
            f"--depth-valid {text_of(value)} if it is real"
        )


def sentences(sights: Sequence[Sight], meaning: Meaning, *, num_groups: int, unused: str) -> tuple[str, ...]:
    """What was read, then what is out of the ordinary, each kind once."""
    told = (_read(sights, meaning, num_groups), *_turned(sights), _scaled(sights), _constant(sights), unused)
    return tuple(text for text in told if text)


def _mark(sights: Sequence[Sight], meaning: Meaning) -> tuple[float, str] | None:
    """A value that must be asked about, and where it stands."""
    num_valid = sum(sight.num_valid for sight in sights)
    pooled, known = _pooled(sights), {text_of(value) for value in meaning.valid}
    # A constant picture is named by itself; that it lies at the top of the range is then no wonder.
    counts = _counts([sight for sight in sights if not sight.is_constant or sight.largest in LARGEST_OF_TYPE])
    top = max(sight.largest for sight in sights)
    for value in sorted((value for value in counts if text_of(value) not in known), reverse=True):
        if (pooled > value).mean() > SHARE_ABOVE:
            return None
        if counts[value] > MARK_SHARE * num_valid:
            return value, f"fills {_share(counts[value] / num_valid)} of the pixels with {meaning.kind}"
        if value == top and value in LARGEST_OF_TYPE:
            for sight in sights:
                if sight.common.get(value, 0) > MARK_SHARE * sight.num_valid:
                    return value, f"fills {_share(sight.common[value] / sight.num_valid)} of {sight.depth}"
    return None


def _counts(sights: Sequence[Sight]) -> dict[float, float]:
    """Pixels of the common values over all pictures."""
    counts: dict[float, float] = defaultdict(float)
    for sight in sights:
        for value, count in sight.common.items():
            counts[value] += count
    return counts


def _pooled(sights: Sequence[Sight]) -> Float64[np.ndarray, " k"]:
    return np.concatenate([sight.pooled.astype(np.float64) for sight in sights])


def _read(sights: Sequence[Sight], meaning: Meaning, num_groups: int) -> str:
    num_valid, num_pixels = sum(sight.num_valid for sight in sights), sum(sight.num_pixels for sight in sights)
    least, largest = min(sight.least for sight in sights), max(sight.largest for sight in sights)
    return (
        f"read {len(sights):,} pictures in {num_groups:,} groups: {_share(num_valid / num_pixels)} of the depth's "
        f"pixels are valid{_marked(sights, meaning, num_pixels)}; {meaning.kind} goes from {least:.4g} to "
        f"{largest:.4g}, median {np.median(_pooled(sights)):.4g}; {_commonest(sights, num_valid)}"
    )


def _marked(sights: Sequence[Sight], meaning: Meaning, num_pixels: int) -> str:
    """How many pixels are infinite, or invalid by the owner's own marks, in brackets."""
    num_infinite, num_named = sum(sight.num_infinite for sight in sights), sum(sight.num_named for sight in sights)
    told = [f"{_share(num_infinite / num_pixels)} are infinite"] if num_infinite else []
    if meaning.invalid:
        marks = " or ".join(text_of(value) for value in meaning.invalid)
        told.append(f"{_share(num_named / num_pixels)} are {marks}")
    return f" ({' and '.join(told)}, which is invalid)" if told else ""


def _commonest(sights: Sequence[Sight], num_valid: int) -> str:
    counts = _counts(sights)
    if not counts:
        return f"no single value is in {_share(MIN_SHARE)} of a picture"
    value = max(counts, key=lambda value: counts[value])
    return f"the commonest value, {text_of(value)}, fills {_share(counts[value] / num_valid)} of the valid pixels"


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


def _share(share: float) -> str:
    return f"{100 * share:.3g} %"

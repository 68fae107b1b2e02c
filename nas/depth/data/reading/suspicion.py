"""Checks for depth that is most likely something else: constant, marked, in another scale, or upside down.

mark    a value that many pixels have at the top of the range: mostly "no depth here", such as 65535 in 16 bits
rise    see `nas.depth.data.reading.survey`: above 0 in most pictures, depth and disparity are exchanged
"""

import math
from collections.abc import Sequence

import numpy as np

from nas.depth.data.depth_encoding import Kind, Meaning, text_of
from nas.depth.data.images import DataError
from nas.depth.data.readers.reader import Source
from nas.depth.data.reading.survey import NUM_NAMED, Sight, counts_of, median_depth, pooled_of, share_text

MARK_SHARE, SHARE_ABOVE = 0.1, 0.01
"""Of a data set's pixels, to be asked about; of its pixels above, to be at the top."""
LARGEST_OF_TYPE = frozenset(
    {2.0**bits - 1 for bits in (8, 10, 12, 14, 15, 16, 31, 32)}
    | {float(np.finfo(kind).max) for kind in (np.float16, np.float32, np.float64)}
)
MIN_RISE, RISING_SHARE, NUM_JUDGED = 0.05, 0.9, 12
"""Of a picture, to count as upside down; of the pictures, to be asked about; pictures that are enough to judge by."""
CORRECTIONS = {
    "divided by 256": 1 / 256, "divided by 1000": 1e-3, "divided by 5000": 2e-4, "multiplied by 256": 256.0,
    "multiplied by 1000": 1000.0,
}  # fmt: skip
"""Mistakes that people make with scales, the commonest first."""


def check(sights: Sequence[Sight], meaning: Meaning, source: Source, name: str, key: str) -> None:
    """Refuse what cannot be: one depth in every picture, a mark that nobody has explained, a scale or order of another.

    Args:
      name: of the data set.
      key: of its reader.

    Raises:
      DataError: see above; or the median depth is none that such data have, or depth grows toward the lower edge.
    """
    if all(sight.is_constant for sight in sights):
        values = ", ".join(text_of(value) for value in sorted({sight.largest for sight in sights})[:NUM_NAMED])
        raise DataError(
            f"depth must differ within a picture, each of all {len(sights):,} depth files holds one value only "
            f"({values}; such as {sights[0].depth}); export real depth"
        )
    mark = _mark(sights, meaning) if source.asks_marks else None
    if mark is not None:
        value, where = mark
        raise DataError(
            "a value of more than a tenth of the pixels at the top of the range is mostly a mark for no depth, "
            f"{text_of(value)} {where}; give --depth-invalid {text_of(value)} if those pixels are invalid, or "
            f"--depth-valid {text_of(value)} if it is real"
        )
    _check_median(sights, source, name, key)
    if meaning.kind is None:
        _check_rise(sights, source, name)


def _check_median(sights: Sequence[Sight], source: Source, name: str, key: str) -> None:
    median = median_depth(sights)
    if source.median_m is None or source.median_m[0] <= median <= source.median_m[1]:
        return
    low, high = source.median_m
    hint = next((f", which would be {median * by:.3g} m if {how}" for how, by in CORRECTIONS.items()
                 if low <= median * by <= high), "")  # fmt: skip
    raise DataError(
        f"the median depth of {key} lies between {low:g} and {high:g} m where {source.scale}, {name} has "
        f"{median:.4g} m{hint}; export depth in the format's own scale, or as pairs in rgb/ and depth/ in any unit"
    )


def _check_rise(sights: Sequence[Sight], source: Source, name: str) -> None:
    rises = np.array([sight.rise for sight in sights if not math.isnan(sight.rise)])
    rising = float((rises > MIN_RISE).mean()) if len(rises) else 0.0
    if len(rises) < NUM_JUDGED or rising < RISING_SHARE:
        return
    kind: Kind = source.kind or "depth"
    other = "depth" if kind == "disparity" else "disparity"
    cure = (
        f"give --depth-is {other} if greater is {'farther' if other == 'depth' else 'nearer'}, or --depth-is {kind} if "
        "the pictures are so"
        if source.kind is None
        else f"export them anew, or give --depth-is {kind} if the pictures are so"
    )
    raise DataError(
        "depth is mostly nearer at the lower edge of a picture than at the upper, it is farther there in "
        f"{share_text(rising)} of the pictures of {name}, as if depth and disparity were exchanged; {cure}"
    )


def _mark(sights: Sequence[Sight], meaning: Meaning) -> tuple[float, str] | None:
    """A value that must be asked about, and where it stands."""
    num_valid = sum(sight.num_valid for sight in sights)
    pooled, known = pooled_of(sights), {text_of(value) for value in meaning.valid}
    # A constant picture is named by itself; that it lies at the top of the range is then no wonder.
    counts = counts_of([sight for sight in sights if not sight.is_constant or sight.largest in LARGEST_OF_TYPE])
    top = max(sight.largest for sight in sights)
    for value in sorted((value for value in counts if text_of(value) not in known), reverse=True):
        if (pooled > value).mean() > SHARE_ABOVE:
            return None
        if counts[value] > MARK_SHARE * num_valid:
            return value, f"fills {share_text(counts[value] / num_valid)} of the pixels with {meaning.said}"
        if value == top and value in LARGEST_OF_TYPE:
            for sight in sights:
                if sight.common.get(value, 0) > MARK_SHARE * sight.num_valid:
                    return value, f"fills {share_text(sight.common[value] / sight.num_valid)} of {sight.depth}"
    return None

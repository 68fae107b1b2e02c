"""Several data sets as one: how often a training draws from each is a matter of weights, not of their sizes.

A loss that ignores scale and shift lets sets of different units go together. Metrics are means over all pictures of
validation and test, whatever the weights; only `rmse` there mixes the units.
"""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import numpy as np

from nas.depth.data.images import DepthData, DepthImages, concatenate
from nas.depth.data.storage import Room, joined


def mixed(sets: Sequence[DepthData], weights: Sequence[float], room: Room | None = None) -> DepthData:
    """One data set of several, their groups named by set.

    Args:
      sets: two or more.
      weights: of each, above 0: the share of a training's draws.
      room: see `nas.depth.data.reading.read_set`.

    Raises:
      DataError: sizes differ.
    """
    names = _names(sets)
    shares = np.array(weights, dtype=np.float64) / sum(weights)
    train = [_named(one.train, name) for one, name in zip(sets, names, strict=True)]
    draws = [np.full(len(images), share / len(images)) for images, share in zip(train, shares, strict=True)]
    together = sha256(" ".join(names).encode()).hexdigest()[:8]
    told = ", ".join(
        f"{100 * share:.3g} % from {name} ({len(one.train):,} pictures)"
        for one, name, share in zip(sets, names, shares, strict=True)
    )
    return DepthData(
        train=replace(joined(train, f"mixture-{together}", room), draws=np.concatenate(draws)),
        validation=concatenate([_named(one.validation, name) for one, name in zip(sets, names, strict=True)]),
        test=concatenate([_named(one.test, name) for one, name in zip(sets, names, strict=True)]),
        name=" + ".join(names),
        provenance="; ".join(one.provenance for one in sets),
        notes=(*(note for one in sets for note in one.notes), f"training draws {told}"),
        digest=sha256(
            repr([(one.digest, weight) for one, weight in zip(sets, weights, strict=True)]).encode()
        ).hexdigest(),
    )


def _names(sets: Sequence[DepthData]) -> list[str]:
    """The sets' names, numbered where two are alike."""
    names = [one.name for one in sets]
    return [name if names.count(name) == 1 else f"{name}-{names[: i + 1].count(name)}" for i, name in enumerate(names)]


def _named(images: DepthImages, name: str) -> DepthImages:
    return replace(images, group=tuple(f"{name}/{group}" for group in images.group))

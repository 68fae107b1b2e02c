"""Skins: the colour of a solid at each point, made up at random.

Two colours are mixed by a sum of waves through space, softly or with hard borders: stripes, checks, spots, marble. What
finer texture there is, augmentation lays over it in training (`nas.depth.training.augmentation.scenes`).
"""

from colorsys import hsv_to_rgb
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

MOST_WAVES = 5
FINENESS = 4.0, 60.0
"""Of the waves, in radians a unit of length; the logarithm is uniform."""
HARDNESS = 0.5, 20.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Skin:
    """colours: two, linear, 0 to 1. waves and phases: of their mixture; hardness: of its borders."""

    colours: Float32[np.ndarray, "2 3"]
    waves: Float32[np.ndarray, "k 3"]
    phases: Float32[np.ndarray, " k"]
    hardness: float

    def at(self, points: Float32[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
        """Linear colour at each point."""
        if not len(self.waves):
            return np.broadcast_to(self.colours[0], points.shape)
        height = np.sin(points @ self.waves.T + self.phases).mean(axis=1)
        share = (0.5 + 0.5 * np.tanh(self.hardness * height))[:, None].astype(np.float32)
        mixed: Float32[np.ndarray, "n 3"] = self.colours[0] + share * (self.colours[1] - self.colours[0])
        return mixed


def random_skin(rng: np.random.Generator, *, length: float = 1.0) -> Skin:
    """A skin for a solid of about that size; a third of them are plain."""
    number = 0 if rng.random() < 0.33 else int(rng.integers(1, MOST_WAVES + 1))
    fineness = np.exp(rng.uniform(*np.log(FINENESS))) / length
    directions = rng.normal(size=(number, 3)) / np.sqrt(3)
    return Skin(
        colours=_two_colours(rng),
        waves=(fineness * directions).astype(np.float32),
        phases=rng.uniform(0, 2 * np.pi, number).astype(np.float32),
        hardness=float(np.exp(rng.uniform(*np.log(HARDNESS)))),
    )


def _two_colours(rng: np.random.Generator) -> Float32[np.ndarray, "2 3"]:
    """Most often shades of one hue, and rarely of full saturation: the world is mostly grey and brown."""
    warm = rng.random() < 0.6
    hue = rng.normal(0.09, 0.05) if warm else rng.random()
    second = hue + rng.normal(0, 0.04) if rng.random() < 0.8 else rng.random()
    colours = [hsv_to_rgb(one % 1.0, rng.beta(1.2, 3.5), rng.uniform(0.05, 0.9)) for one in (hue, second)]
    return np.array(colours, dtype=np.float32)

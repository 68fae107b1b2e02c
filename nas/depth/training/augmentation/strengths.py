"""How strongly training pictures are changed."""

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """0 switches a part off, and 1 `least_crop`. The defaults are meant for trainings of thousands of steps.

    Args:
      least_crop: the sides of the smallest cut-out, as a share of the picture's; sides are uniform from there to 1.
      stretch: standard deviation of the logarithm of a cut-out's aspect ratio, against the picture's.
      shear: standard deviation of the sideways shift of a cut-out's lowest row against its middle, as a share of the
        picture's width.
      flip: probability of a mirrored picture.
      foreign: probability of another picture's fine texture laid over all, up to `foreign_strength` times its own.
      foreign_strength: see `foreign`.
      occluder: probability of a textured thing in front of everything that it covers.
      blur: probability of a Gaussian blur, its sigma uniform up to `blur_px`.
      blur_px: in pixels.
      gamma: standard deviation of the logarithm of an exponent.
      contrast: likewise of a factor around the picture's mean.
      saturation: likewise of a factor around its grey.
      colour: likewise of a gain for each colour channel.
      noise: highest standard deviation of a sensor's noise, of 1; uniform from 0.
      jpeg: probability of having been kept as a JPEG file, its quality uniform from `least_quality` to 95.
      least_quality: in per cent, as JPEG's encoders count.

    Raises:
      ValueError: a value is out of range.
    """

    least_crop: float = 0.6
    stretch: float = 0.1
    shear: float = 0.05
    flip: float = 0.5
    foreign: float = 0.2
    foreign_strength: float = 0.7
    occluder: float = 0.2
    blur: float = 0.2
    blur_px: float = 1.0
    gamma: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2
    colour: float = 0.1
    noise: float = 0.03
    jpeg: float = 0.2
    least_quality: float = 30.0

    def __post_init__(self) -> None:
        if not 0 < self.least_crop <= 1:
            raise ValueError(f"least_crop must be in (0, 1], got {self.least_crop}; 1 switches it off")
        if not 1 <= self.least_quality <= 95:
            raise ValueError(f"least_quality must be from 1 to 95, got {self.least_quality}; jpeg=0 switches it off")
        for name in ("flip", "foreign", "occluder", "blur", "jpeg"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a probability, got {getattr(self, name)}; give one from 0 to 1")
        for field in fields(self):
            if not 0 <= getattr(self, field.name) < math.inf:
                raise ValueError(
                    f"{field.name} must not be below 0, got {getattr(self, field.name)}; 0 switches it off"
                )

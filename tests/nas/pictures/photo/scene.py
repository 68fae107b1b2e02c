"""A scene whose depth and whose every view are known: a slanted wall, a card before it, a disc before both."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

HEIGHT, WIDTH = 120, 160
FAR, NEAR = 1.0, 3.0  # disparity of the wall's left side and of the disc, the least and the greatest

Plane = Float[np.ndarray, "h w"]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Attributes: `travel` in pixels of the nearest against the farthest; `pivot`, the parallax that stays in place."""

    x: float = 0.0
    y: float = 0.0
    travel: float = 0.0
    pivot: float = 0.0


def rendered(view: View) -> tuple[UInt8[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"]]:
    """Colours, and log-disparity, as the eye sees them."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    colours, disparity = np.zeros((HEIGHT, WIDTH, 3)), np.zeros((HEIGHT, WIDTH))
    for surface in (_wall, _card, _disc):  # from far to near
        shape, given, painted = surface(*_seen(view, surface, x, y))
        colours[shape], disparity[shape] = painted[shape], given[shape]
    return np.rint(colours).astype(np.uint8), np.log(disparity).astype(np.float32)


def _seen(view: View, surface, x: Plane, y: Plane) -> tuple[Plane, Plane]:  # type: ignore[no-untyped-def]  # one of three
    """Where on the picture at rest lies what the view sees; a slanted surface is met after a few steps."""
    at = x, y
    for _ in range(8):
        parallax = (surface(*at)[1] - FAR) / (NEAR - FAR) - view.pivot
        at = x + view.x * view.travel * parallax, y + view.y * view.travel * parallax
    return at


def _wall(x: Plane, y: Plane) -> tuple[Bool[np.ndarray, "h w"], Plane, Float[np.ndarray, "h w 3"]]:
    waves = np.sin(x / 3.0) * np.cos(y / 4.0)
    colours = np.stack([70 + 20 * waves, 110 + 40 * np.sin((x + y) / 6), 190 + 40 * waves], axis=2)
    return np.ones(x.shape, bool), FAR + 0.3 * np.clip(x / WIDTH, -1, 2), colours


def _card(x: Plane, y: Plane) -> tuple[Bool[np.ndarray, "h w"], Plane, Float[np.ndarray, "h w 3"]]:
    colours = np.stack([90 + 0 * x, 180 + 50 * np.sin(y / 2.5), 80 + 20 * np.sin(x / 5)], axis=2)
    return (x > 20) & (x < 60) & (y > 30) & (y < 100), np.full(x.shape, 2.0), colours


def _disc(x: Plane, y: Plane) -> tuple[Bool[np.ndarray, "h w"], Plane, Float[np.ndarray, "h w 3"]]:
    rings = np.sin(np.hypot(x - 95, y - 55) / 2)
    colours = np.stack([215 + 30 * rings, 60 + 0 * x, 60 + 20 * rings], axis=2)
    return np.hypot(x - 95, y - 55) < 30, np.full(x.shape, NEAR), colours


def reddest(rgb: UInt8[np.ndarray, "h w 3"]) -> Float[np.ndarray, "2"]:
    """Middle of the disc, row and column."""
    red = rgb.astype(int)
    centre: Float[np.ndarray, 2] = np.argwhere((red[..., 0] > 170) & (red[..., 1] < 90)).mean(axis=0)
    return centre

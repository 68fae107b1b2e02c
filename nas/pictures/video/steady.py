"""Depth of a video, steady: frame by frame in, frame by frame out, at most two frames late and with little memory.

A network that sees one frame gives log-disparity in a scale and a shift of its own, which flicker, and noise. Both are
taken out, neither by what was put out before, which would go astray:

    gauge     each frame gets the median and the spread that the raw frames around it have on average: exponentially
              fading ones before it, and two after it
    average   a pixel is averaged with what was put out where the optical flow says that it was, as far as colour and
              depth agree that it is the same point
    cut       where the flow explains hardly any of a frame, all begins anew

Chained alignment, each frame to the last output by least squares, looks steadier and destroys depth: errors of scale
multiply. Source for the measure of a frame: Ranftl et al. 2020 (MiDaS), equation 5, median and mean deviation.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8

from nas.pictures.video.errors import VideoError
from nas.pictures.video.flow import Flow, flow_between, grey

LATE = 2
"""Frames that are waited for."""
Predict = Callable[[UInt8[np.ndarray, "h w 3"]], Float32[np.ndarray, "p q"]]
"""The log-disparity of a frame, in any gauge, all frames' at one size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steadiness:
    """How strongly frames hold together.

    Attributes:
      fade: of a raw frame's weight in the gauge, from one frame to the next.
      keep: share of what was put out before in the average, where it is the same point.
      agreement: difference of depth, in spreads, at which it counts a third as the same.
      cut: a frame begins anew where the flow explains less than this share of it.
    """

    fade: float = 0.9
    keep: float = 0.8
    agreement: float = 0.5
    cut: float = 0.25


USUAL = Steadiness()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SteadyFrame:
    """A frame with its depth.

    Attributes:
      number: from 0.
      raw: the network's log-disparity.
      log_disparity: the same, steady.
      begins: whether it is the first after a cut, or of all.
    """

    number: int
    rgb: UInt8[np.ndarray, "h w 3"]
    raw: Float32[np.ndarray, "p q"]
    log_disparity: Float32[np.ndarray, "p q"]
    begins: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    """A frame that waits; `flow` leads to the one before, None where it begins anew."""

    number: int
    rgb: UInt8[np.ndarray, "h w 3"]
    raw: Float32[np.ndarray, "p q"]
    median: float
    spread: float
    flow: Flow | None


def steadied(
    frames: Iterable[UInt8[np.ndarray, "_ _ 3"]], predict: Predict, steadiness: Steadiness = USUAL
) -> Iterator[SteadyFrame]:
    """Each frame with its steady depth, when `LATE` more have come, a cut, or the end.

    Raises:
      VideoError: there is no frame, one has another size than those before, or a prediction is not finite.
    """
    waiting: deque[_Seen] = deque()
    shot = _Shot(steadiness)
    for seen in _seen(frames, predict, steadiness):
        if seen.flow is None:
            yield from _rest(shot, waiting)
            shot = _Shot(steadiness)
        waiting.append(seen)
        if len(waiting) > LATE:
            yield shot.put_out(waiting)
    yield from _rest(shot, waiting)


def _rest(shot: "_Shot", waiting: deque[_Seen]) -> Iterator[SteadyFrame]:
    while waiting:
        yield shot.put_out(waiting)


class _Shot:
    """What is kept of the frames since the last cut: three sums, and what was put out last."""

    def __init__(self, steadiness: Steadiness) -> None:
        self._how = steadiness
        self._sums = np.zeros(3)  # of medians, spreads and weights
        self._last: Float32[np.ndarray, "p q"] | None = None

    def put_out(self, waiting: deque[_Seen]) -> SteadyFrame:
        """The first of those that wait, which leaves them."""
        median, spread = self._gauge(waiting)
        seen = waiting.popleft()
        gauged = ((seen.raw - seen.median) * (spread / seen.spread) + median).astype(np.float32)
        begins = self._last is None
        if self._last is not None and seen.flow is not None:
            gauged = self._averaged(gauged, self._last, seen.flow, spread)
        self._last = gauged
        return SteadyFrame(number=seen.number, rgb=seen.rgb, raw=seen.raw, log_disparity=gauged, begins=begins)

    def _gauge(self, waiting: deque[_Seen]) -> tuple[float, float]:
        """Median and spread on average over the frames before, this one, and those that wait behind it."""
        first = waiting[0]
        self._sums = self._how.fade * self._sums + (first.median, first.spread, 1.0)
        sums = self._sums.copy()
        for distance, later in enumerate(list(waiting)[1:], start=1):
            sums += self._how.fade**distance * np.array([later.median, later.spread, 1.0])
        return float(sums[0] / sums[2]), float(sums[1] / sums[2])

    def _averaged(
        self, now: Float32[np.ndarray, "p q"], before: Float32[np.ndarray, "p q"], flow: Flow, spread: float
    ) -> Float32[np.ndarray, "p q"]:
        was = flow.warped(before)
        agreement = np.exp(-(((now - was) / (self._how.agreement * spread)) ** 2))
        weight = self._how.keep * flow.trust * agreement
        averaged: Float32[np.ndarray, "p q"] = (now + weight * (was - now)).astype(np.float32)
        return averaged


def _seen(frames: Iterable[UInt8[np.ndarray, "_ _ 3"]], predict: Predict, steadiness: Steadiness) -> Iterator[_Seen]:
    """Each frame with its raw depth, and the flow back to the one before."""
    before: UInt8[np.ndarray, "p q"] | None = None
    size: tuple[int, ...] | None = None
    for number, rgb in enumerate(frames):
        if size is not None and rgb.shape != size:
            raise VideoError(
                f"all frames of a video have one size, frame {number} is {rgb.shape[1]} x {rgb.shape[0]} after "
                f"{size[1]} x {size[0]}; cut the video there"
            )
        size, raw = rgb.shape, predict(rgb)
        if not np.isfinite(raw).all():
            raise VideoError(f"depth must be finite, that of frame {number} is not; the network is damaged")
        now = grey(rgb, (raw.shape[0], raw.shape[1]))
        flow = None if before is None else flow_between(now, before)
        same = flow is not None and float(flow.trust.mean()) >= steadiness.cut
        median = float(np.median(raw))
        yield _Seen(
            number=number,
            rgb=rgb,
            raw=raw,
            median=median,
            spread=max(float(np.abs(raw - median).mean()), 1e-6),
            flow=flow if same else None,
        )
        before = now
    if size is None:
        raise VideoError("a video needs frames, got none; see whether the file plays")

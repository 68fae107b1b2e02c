"""Steady depth of a clip, and its files, frame by frame.

NAME-depth/000000.png ..   log-disparity in 16 bits; within a shot one grey is one depth
NAME-side-by-side.mp4      the clip beside its depth in colours
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from nas.pictures.depth import answer_to, coloured, ends_of, grey_png
from nas.pictures.model import DepthModel
from nas.pictures.upsampling import upsampled
from nas.pictures.video.clip import Clip, Writer, frames_of, written
from nas.pictures.video.steady import SteadyFrame, steadied
from nas.record import write_whole

HEADROOM = 0.5
"""Of a shot's first range, to either side: what comes into view later may be nearer or farther."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made of a clip. `size`: height and width of a frame; `shots`: the parts between cuts."""

    num_frames: int
    shots: int
    size: tuple[int, int]
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shades:
    """What greys and colours stand for until the next cut: a range that followed each frame would flicker."""

    greys: tuple[float, float]
    ends: tuple[float, float]

    @classmethod
    def of(cls, first: Float32[np.ndarray, "h w"]) -> "Shades":
        low, high = float(first.min()), float(first.max())
        room = HEADROOM * (high - low)
        return cls(greys=(low - room, high + room), ends=ends_of(first))


def video_files(
    model: DepthModel,
    clip: Clip,
    *,
    folder: Path,
    beside: Path,
    long_side: int | None,
    told: Callable[[int], None],
) -> Made:
    """Write the depth of every frame into `folder`, and the video `beside`.

    Args:
      long_side: see `nas.pictures.network_size`.
      told: how many frames are done, after each.

    Raises:
      VideoError: it has no frame, one of another size, or one that cannot be decoded; frames before that are kept.
      PictureError, ValueError: see `nas.pictures.depth.answer_to`.
    """
    with written(beside, clip.rate) as writer:
        output = _Output(folder, writer)
        for frame in steadied(frames_of(clip), lambda rgb: answer_to(model, rgb, long_side)):
            output.put(frame)
            told(frame.number + 1)
    return output.made()


class _Output:
    """Where frames go, and what is remembered of them."""

    def __init__(self, folder: Path, writer: Writer) -> None:
        self._folder, self._writer = folder, writer
        self._shades: Shades | None = None
        self._num, self._shots, self._size = 0, 0, (0, 0)
        self._low, self._high = np.inf, -np.inf

    def put(self, frame: SteadyFrame) -> None:
        depth = upsampled(frame.log_disparity, frame.rgb)
        if frame.begins or self._shades is None:
            self._shades, self._shots = Shades.of(depth), self._shots + 1
        write_whole(self._folder / f"{frame.number:06}.png", grey_png(depth, *self._shades.greys))
        self._writer.add(np.concatenate([frame.rgb, coloured(depth, self._shades.ends)], axis=1))
        self._num, self._size = frame.number + 1, (depth.shape[0], depth.shape[1])
        self._low, self._high = min(self._low, float(depth.min())), max(self._high, float(depth.max()))

    def made(self) -> Made:
        return Made(
            num_frames=self._num,
            shots=self._shots,
            size=self._size,
            low=float(self._low),
            high=float(self._high),
        )

"""Clips as files: frames in and frames out one by one, so that memory does not grow with the clip. Needs PyAV.

FFmpeg, which PyAV brings, reads what cameras and phones write. A phone held upright stores its frames lying, and says
so; they are turned. What is written is MP4 with H.264, or MPEG-4 where FFmpeg was built without that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from jaxtyping import UInt8

from nas.pictures.reading import SMALLEST_SIDE
from nas.pictures.video.errors import VideoError
from nas.record import DRAFT

ENCODERS = ("libx264", "mpeg4")
USUAL_RATE = Fraction(25)
"""Frames a second, of a file that does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What a file says of itself before it is decoded.

    Attributes:
      rate: frames a second.
      num_frames: 0 where the file does not say.
    """

    path: Path
    rate: Fraction
    num_frames: int


def look_at(path: Path) -> Clip:
    """The first video stream of a file.

    Raises:
      VideoError: it has none, or cannot be read.
    """
    with _reading(path), av.open(str(path)) as container:
        if not container.streams.video:
            raise VideoError(f"a video must have frames, {path} has sound alone; name another file")
        stream = container.streams.video[0]
        rate = stream.average_rate or stream.guessed_rate or USUAL_RATE
        return Clip(path=path, rate=Fraction(rate), num_frames=stream.frames)


def frames_of(clip: Clip) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
    """Its frames in order, upright RGB.

    Raises:
      VideoError: a frame cannot be decoded, or is too small to show anything.
    """
    with _reading(clip.path), av.open(str(clip.path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            if min(frame.width, frame.height) < SMALLEST_SIDE:
                raise VideoError(
                    f"a video must have {SMALLEST_SIDE} pixels a side at least, {clip.path} has {frame.width} x "
                    f"{frame.height}; give a larger one"
                )
            rgb = frame.to_ndarray(format="rgb24")
            yield np.ascontiguousarray(np.rot90(rgb, frame.rotation // 90))


class Writer:
    """A video that is written frame by frame, all of the first one's size; odd sides lose their last pixel."""

    def __init__(self, container: av.container.OutputContainer, rate: Fraction) -> None:
        self._container = container
        encoder = next(name for name in ENCODERS if name in av.codecs_available)
        self._stream = cast(av.VideoStream, container.add_stream(encoder, rate=rate))
        self._stream.pix_fmt = "yuv420p"  # what every player plays
        self._is_sized = False

    def add(self, rgb: UInt8[np.ndarray, "h w 3"]) -> None:
        """Behind those before."""
        even = np.ascontiguousarray(rgb[: rgb.shape[0] // 2 * 2, : rgb.shape[1] // 2 * 2])
        if not self._is_sized:
            self._stream.height, self._stream.width, self._is_sized = even.shape[0], even.shape[1], True
        self._container.mux(self._stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))

    def end(self) -> None:
        self._container.mux(self._stream.encode())


@contextmanager
def written(path: Path, rate: Fraction) -> Iterator[Writer]:
    """A writer of the file `path`, which is there when all has been written, and not before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}{DRAFT}")
    try:
        with av.open(str(draft), "w", format="mp4") as container:
            writer = Writer(container, rate)
            yield writer
            writer.end()
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except av.FFmpegError as error:
        raise VideoError(f"a video is what FFmpeg can read, {path} is not: {error.strerror}; replace it") from error

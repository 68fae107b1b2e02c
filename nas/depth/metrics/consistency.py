"""Metrics of depth over time, of a clip whose true depth, flow and camera poses are known.

All of them first align the clip's log-disparity to the truth by one scale and one shift for all frames: what flickers
between frames stays in. `d` is the aligned depth, `p` the aligned log-disparity.

    warp_error   mean |p_t - p_(t-1) where the true flow says that the point was|: unlike OPW it sees flicker of scale
                 and shift; of true depth itself it is above 0 where points come nearer
    opw          the same of p_t normalised by its own median and mean deviation, weighted by how alike the colours are:
                 it is blind to flicker of scale and shift
    tae          mean |d_t moved by the true poses - d_(t+1)| / d_(t+1), in per cent, both ways

A point that the true depth says is hidden or outside of the other frame counts nowhere.

Source: Wang et al. 2023, "Neural video depth stabilizer", equation 9 (OPW, NVDS); Yang et al. 2024, "Depth Any Video",
equation 4 (TAE).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, UInt8

from nas.depth.metrics.metrics import align

HIDDEN = 0.05
"""Of depth: a point that the other frame sees so much nearer is hidden there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clip:
    """A clip with all that is known of it.

    Args:
      rgb: the frames.
      depth: true planar depth above 0, NaN where it is not known.
      pose: of each frame, from its camera to the world: x right, y down, z forward.
      focal: in pixels, of both axes; the centre of the picture is the camera's.
    """

    rgb: UInt8[np.ndarray, "n h w 3"]
    depth: Float[np.ndarray, "n h w"]
    pose: Float[np.ndarray, "n 4 4"]
    focal: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """See above; lower is better."""

    warp_error: float
    opw: float
    tae: float


def consistency(log_disparity: Float[np.ndarray, "n h w"], clip: Clip) -> Consistency:
    """The clip's metrics of a prediction in any gauge, the same for all frames.

    Raises:
      ValueError: there are less than two frames, or two that see nothing in common.
    """
    if len(log_disparity) < 2:
        raise ValueError(f"consistency is between frames, got {len(log_disparity)}; give two or more")
    p = aligned_clip(log_disparity, clip)
    depth, pairs = np.exp(-p), [(t, t - 1) for t in range(1, len(p))]
    warp, opw = zip(*(_along_flow(p, clip, now, before) for now, before in pairs), strict=True)
    moved = [_moved_error(depth, clip, *pair) for now, before in pairs for pair in ((now, before), (before, now))]
    return Consistency(warp_error=float(np.mean(warp)), opw=float(np.mean(opw)), tae=100 * float(np.mean(moved)))


def aligned_clip(log_disparity: Float[np.ndarray, "n h w"], clip: Clip) -> Float64[np.ndarray, "n h w"]:
    """The log-disparity under one scale and one shift for the whole clip."""
    flat = log_disparity.reshape(1, -1, log_disparity.shape[-1]).astype(np.float64)
    depth = clip.depth.astype(np.float64).reshape(flat.shape)
    known = np.isfinite(depth)
    mean = flat[known].mean()
    scale_and_shift = align(flat, -np.log(np.where(known, depth, 1)), known)
    # Of pixels without truth `align` says nothing: they get the same scale and shift.
    spread = float(((flat[known] - mean) ** 2).sum())
    slope = float(((flat[known] - mean) * scale_and_shift[known]).sum()) / spread if spread > 0 else 0.0
    shift = float(scale_and_shift[known].mean())
    aligned: Float64[np.ndarray, "n h w"] = (slope * (flat - mean) + shift).reshape(log_disparity.shape)
    return aligned


def _along_flow(p: Float64[np.ndarray, "n h w"], clip: Clip, now: int, before: int) -> tuple[float, float]:
    columns, rows, expected = projected(clip.depth[now], clip, now, before)
    seen = _visible(clip, before, columns, rows, expected)
    if not seen.any():
        raise ValueError(f"a frame must see something of the one before, frame {now} sees nothing; cut the clip there")
    warp = np.abs(p[now] - sampled(p[before], columns, rows))[seen].mean()
    colours = [clip.rgb[i].astype(np.float64) / 255 for i in (now, before)]
    alike = np.exp(-50 * sum((colours[0][..., c] - sampled(colours[1][..., c], columns, rows)) ** 2 for c in range(3)))
    normalised = [_normalised(p[i]) for i in (now, before)]
    weighted = alike * np.abs(normalised[0] - sampled(normalised[1], columns, rows))
    return float(warp), float(weighted[seen].mean())


def _moved_error(depth: Float64[np.ndarray, "n h w"], clip: Clip, start: int, end: int) -> float:
    """Relative error of one frame's depth, moved into another by the true poses, against that one's."""
    true_columns, true_rows, true_depth = projected(clip.depth[start], clip, start, end)
    seen = _visible(clip, end, true_columns, true_rows, true_depth)
    columns, rows, moved = projected(depth[start], clip, start, end)
    seen &= _inside(columns, rows, moved)
    there = sampled(depth[end], columns, rows)
    return float((np.abs(moved - there) / there)[seen].mean())


def projected(
    depth: Float[np.ndarray, "h w"], clip: Clip, start: int, end: int
) -> tuple[Float64[np.ndarray, "h w"], Float64[np.ndarray, "h w"], Float64[np.ndarray, "h w"]]:
    """Columns, rows and depths that the pixels of frame `start` have in frame `end`."""
    height, width = depth.shape
    rows, columns = np.mgrid[:height, :width]
    centre = (width - 1) / 2, (height - 1) / 2
    rays = np.stack(
        [(columns - centre[0]) / clip.focal, (rows - centre[1]) / clip.focal, np.ones(depth.shape)], axis=-1
    )
    move = np.linalg.inv(clip.pose[end]) @ clip.pose[start]
    points = (rays * depth[..., None]) @ move[:3, :3].T + move[:3, 3]
    far = np.where(points[..., 2] > 0, points[..., 2], np.nan)
    return points[..., 0] / far * clip.focal + centre[0], points[..., 1] / far * clip.focal + centre[1], far


def sampled(
    values: Float[np.ndarray, "h w"], columns: Float64[np.ndarray, "h w"], rows: Float64[np.ndarray, "h w"]
) -> Float64[np.ndarray, "h w"]:
    """Bilinear; outside the nearest pixel's."""
    height, width = values.shape
    x = np.clip(np.nan_to_num(columns), 0, width - 1)
    y = np.clip(np.nan_to_num(rows), 0, height - 1)
    left, top = np.minimum(x.astype(int), width - 2), np.minimum(y.astype(int), height - 2)
    dx, dy = x - left, y - top
    upper = values[top, left] * (1 - dx) + values[top, left + 1] * dx
    lower = values[top + 1, left] * (1 - dx) + values[top + 1, left + 1] * dx
    result: Float64[np.ndarray, "h w"] = upper * (1 - dy) + lower * dy
    return result


def _visible(
    clip: Clip, end: int, columns: Float64[np.ndarray, "h w"], rows: Float64[np.ndarray, "h w"],
    depth: Float64[np.ndarray, "h w"],
) -> Bool[np.ndarray, "h w"]:  # fmt: skip
    there = sampled(clip.depth[end].astype(np.float64), columns, rows)
    near: Bool[np.ndarray, "h w"] = np.abs(depth - there) < HIDDEN * there
    visible: Bool[np.ndarray, "h w"] = near & _inside(columns, rows, depth)
    return visible


def _inside(
    columns: Float64[np.ndarray, "h w"], rows: Float64[np.ndarray, "h w"], depth: Float64[np.ndarray, "h w"]
) -> Bool[np.ndarray, "h w"]:
    height, width = columns.shape
    with np.errstate(invalid="ignore"):
        across: Bool[np.ndarray, "h w"] = (columns >= 0) & (columns <= width - 1)
        down: Bool[np.ndarray, "h w"] = (rows >= 0) & (rows <= height - 1)
    inside: Bool[np.ndarray, "h w"] = across & down & np.isfinite(depth)
    return inside


def _normalised(values: Float64[np.ndarray, "h w"]) -> Float64[np.ndarray, "h w"]:
    median = np.median(values)
    result: Float64[np.ndarray, "h w"] = (values - median) / max(float(np.abs(values - median).mean()), 1e-6)
    return result

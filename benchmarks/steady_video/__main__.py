"""Is depth of a video steadier when filtered, and no worse?

    python -m benchmarks.steady_video [MODEL] [--maps] [--seeds 5] [--frames 30] [--size 96x128]

Paths of a camera through made rooms are rendered, so that depth, flow and poses are exact. Each frame goes to a
network, whose depth is made steady (`nas.pictures.video.steady`). Without MODEL the network is the truth in a scale and
a shift that flicker (standard deviation .15) and smooth noise (.08 in log-disparity); MODEL is one as in
`benchmarks.real_photos`. With --maps the paths go through Freedoom's test maps, whose true depth has steps of 7 units.
Printed, as means over paths: the metrics of `nas.depth.metrics.consistency` and delta1, frame by frame, steady, and of
the truth itself, the ratios with 95 % bootstrap intervals over paths, and milliseconds a frame.

The bar: warp error and TAE at most half, delta1 no lower.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, UInt8
from scipy.ndimage import gaussian_filter

from benchmarks.real_photos.network import network_of
from benchmarks.steady_video.freedoom_map import map_path
from benchmarks.steady_video.made_room import rendered
from launch.deploy.depth_model import KINDS
from launch.terminal import read_size, table
from nas.depth.data import DepthImages
from nas.depth.data.freedoom import MAPS, part_of
from nas.depth.metrics import score
from nas.depth.metrics.consistency import Clip, consistency
from nas.pictures.video.steady import steadied

BAR = 0.5
FLICKER, NOISE, BREADTH = 0.15, 0.08, 3  # BREADTH in pixels
TEST_MAPS = tuple(name for name in MAPS if part_of(name) == "test")
NAMES = ("warp_error", "tae", "opw", "delta1")

Predict = Callable[[UInt8[np.ndarray, "h w 3"]], Float32[np.ndarray, "p q"]]


def main() -> None:
    options = _options()
    rows = [_measured(seed, options) for seed in range(options.seeds)]
    before, after, truth, milliseconds = (np.array([row[i] for row in rows]) for i in range(4))
    rng, lines, holds = np.random.default_rng(0), list[list[str]](), True
    for i, name in enumerate(NAMES):
        ratio = after[:, i].mean() / before[:, i].mean()
        drawn = rng.integers(0, len(rows), (2000, len(rows)))
        low, high = np.quantile(after[drawn, i].mean(axis=1) / before[drawn, i].mean(axis=1), [0.025, 0.975])
        interval = f"{ratio:.3f} [{low:.3f}, {high:.3f}]"
        means = [f"{each[:, i].mean():.4f}" for each in (before, after, truth)]
        lines.append([name, *means, interval])
        holds &= bool(ratio >= 1) if name == "delta1" else name == "opw" or bool(ratio <= BAR)
    where = "maps" if options.maps else "rooms"
    print(f"{options.model or 'truth with flicker and noise'}, {options.seeds} {where}, {options.frames} frames each")
    print(table(["metric", "frame by frame", "steady", "truth", "steady / frame by frame, 95 %"], lines))
    print(f"{np.median(milliseconds):.1f} ms a frame beside the network; {'meets' if holds else 'MISSES'} the bar")


def _measured(seed: int, options: argparse.Namespace) -> tuple[list[float], list[float], list[float], float]:
    """The metrics frame by frame, steady and of the truth, and milliseconds a frame."""
    clip = (
        map_path(TEST_MAPS[seed % len(TEST_MAPS)], options.frames, size=options.size, seed=seed)
        if options.maps
        else rendered(options.frames, size=options.size, seed=seed)
    )
    if options.model:
        network = network_of(options.model, options.size)
        raw = [network(rgb) for rgb in clip.rgb]
    else:
        raw = flickering(clip, seed)
    answers, began = iter(raw), time.process_time()
    steady = np.stack([frame.log_disparity for frame in steadied(clip.rgb, lambda _: next(answers))])
    spent = 1000 * (time.process_time() - began) / len(raw)
    true = -np.log(known(clip)).astype(np.float32)
    return _figures(np.stack(raw), clip), _figures(steady, clip), _figures(true, clip), spent


def known(clip: Clip) -> Float[np.ndarray, "n h w"]:
    """Depth with the frame's greatest where there is none: far away, as the sky is."""
    farthest = np.nanmax(clip.depth, axis=(1, 2), keepdims=True)
    return np.where(np.isfinite(clip.depth), clip.depth, farthest)


def flickering(clip: Clip, seed: int) -> list[Float32[np.ndarray, "h w"]]:
    """True log-disparity as a network that sees one frame might give it."""
    rng, found = np.random.default_rng(seed), []
    for depth in known(clip):
        noise = gaussian_filter(rng.normal(0, 1, depth.shape), BREADTH)
        scale, shift = np.exp(rng.normal(0, FLICKER)), rng.normal(0, FLICKER)
        found.append((scale * (-np.log(depth) + NOISE * noise / noise.std()) + shift).astype(np.float32))
    return found


def _figures(log_disparity: Float32[np.ndarray, "n h w"], clip: Clip) -> list[float]:
    found = consistency(log_disparity, clip)
    images = DepthImages(rgb=clip.rgb, depth=clip.depth.astype(np.float32), group=("room",) * len(clip.rgb))
    return [found.warp_error, found.tae, found.opw, score(log_disparity, images).delta1]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Steady depth of rendered camera paths against frame by frame.")
    parser.add_argument("model", nargs="?", type=Path, help=f"depth network: {KINDS}")
    parser.add_argument("--maps", action="store_true", help="through Freedoom's test maps instead of made rooms")
    parser.add_argument("--seeds", type=int, default=5, help="how many paths")
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--size", type=read_size, default=(96, 128), help="HEIGHTxWIDTH")
    return parser.parse_args()


if __name__ == "__main__":
    main()

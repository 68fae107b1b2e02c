"""Does a depth network see depth in real photographs, which it was not trained on?

    python -m benchmarks.real_photos MODEL [--cache DIR] [--data DATA] [--size 96x128] [--json FILE]

MODEL is an ONNX file, or the winner.py of a run or training with its weights beside it. The photographs are those with
truth that `python -m benchmarks.fetch_photos` has put into the cache; one that is missing is said. Each photograph is
seen whole, at the network's own size or at --size; the prediction is enlarged to the truth's pixels (at most 640 of
them a side), and scale and shift are aligned as everywhere here (`nas.depth.metrics`). Printed, for each photograph:

    abs_rel, delta1    of the network, of constant depth, and of the mean depth map of --data's training pictures
                       (Freedoom's maps unless named), each aligned alike
    95 % interval      of the network's figure less the mean map's: bootstrap over 64 blocks of the photograph, because
                       neighbouring pixels err together
    means              over the photographs, with the interval over photographs

The bar: better than both by both figures, on the mean. With three photographs that interval is wide.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Float64, UInt8
from platformdirs import user_cache_path
from torch.nn.functional import interpolate

from benchmarks._photos import Seen, cache_folder, with_truth
from launch.experiments import demo
from launch.terminal import table
from nas.depth.data import DepthImages, freedoom
from nas.depth.data.resample import shrink_depth, shrink_rgb
from nas.depth.data.sets import parse, read_sets
from nas.depth.metrics import align, mean_map
from nas.plugins import load_file

LONGEST = 640
NUM_BLOCKS = 8
"""Along each side of a photograph."""
NUM_DRAWS = 2000
DELTA1_RATIO = 1.25
FIGURES = ("abs_rel", "delta1")
BETTER = {"abs_rel": -1, "delta1": 1}

Network = Callable[[UInt8[np.ndarray, "h w 3"]], Float32[np.ndarray, "p q"]]
Errors = dict[str, Float64[np.ndarray, " blocks"]]
"""By figure its sum over each block's valid pixels, and "pixels", how many those are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One photograph: by predictor its errors."""

    name: str
    errors: Mapping[str, Errors]

    def figure(self, predictor: str, figure: str) -> float:
        errors = self.errors[predictor]
        return float(errors[figure].sum() / errors["pixels"].sum())

    def difference(self, figure: str, other: str, rng: np.random.Generator) -> tuple[float, float]:
        """95 % interval of the network's figure less `other`'s, over blocks."""
        ours, theirs = self.errors["network"], self.errors[other]
        drawn = rng.integers(0, len(ours["pixels"]), (NUM_DRAWS, len(ours["pixels"])))
        pixels = np.maximum(ours["pixels"][drawn].sum(axis=1), 1)
        values = (ours[figure] - theirs[figure])[drawn].sum(axis=1) / pixels
        low, high = np.quantile(values, [0.025, 0.975])
        return float(low), float(high)


def main() -> None:
    options = _options()
    found, missing = with_truth(cache_folder(options.photos))
    for name, reason in missing.items():
        print(f"skipped {name}: {reason}")
    if not found:
        raise SystemExit("skipped: there is no photograph")
    network, size = network_of(options.model, options.size)
    train = _train_pictures(options, size)
    judged = [judge(name, seen, network, mean_map(train, train.take(np.zeros(1, dtype=np.int64)))[0])
              for name, seen in found.items()]  # fmt: skip
    rows, record = report(judged, np.random.default_rng(0))
    print(f"{options.model}, seen at {size[0]}x{size[1]}")
    print(table(["photo", "figure", "network", "constant", "mean map", "network less mean map, 95 %"], rows))
    if options.json:
        options.json.write_text(json.dumps(record, indent=2) + "\n")


def judge(name: str, seen: Seen, network: Network, mean: Float32[np.ndarray, "p q"]) -> Judged:
    """A photograph's errors by the network, by constant depth and by a mean map of log-disparity."""
    rgb, depth = seen
    scale = min(1.0, LONGEST / max(depth.shape))
    shape = max(1, round(depth.shape[0] * scale)), max(1, round(depth.shape[1] * scale))
    truth = shrink_depth(depth, shape) if scale < 1 else depth
    predictions = {
        "network": enlarged(network(rgb), shape),
        "constant": np.zeros(shape, dtype=np.float32),
        "mean map": enlarged(mean, shape),
    }
    return Judged(name=name, errors={key: errors_of(one, truth) for key, one in predictions.items()})


def errors_of(prediction: Float32[np.ndarray, "h w"], truth: Float32[np.ndarray, "h w"]) -> Errors:
    """The figures' sums by block, after scale and shift are aligned over the whole photograph."""
    valid: Bool[np.ndarray, "h w"] = np.isfinite(truth) & (truth > 0)
    target = -np.log(np.where(valid, truth, 1).astype(np.float64))
    off = np.where(valid, target - align(prediction[None], target[None], valid[None])[0], 0)
    return {
        "abs_rel": _by_block(np.abs(np.expm1(off)) * valid),
        "delta1": _by_block((np.abs(off) < np.log(DELTA1_RATIO)) & valid),
        "pixels": _by_block(valid),
    }


def _by_block(values: Float[np.ndarray, "h w"] | Bool[np.ndarray, "h w"]) -> Float64[np.ndarray, " blocks"]:
    rows = np.array_split(values.astype(np.float64), NUM_BLOCKS, axis=0)
    return np.array([block.sum() for row in rows for block in np.array_split(row, NUM_BLOCKS, axis=1)])


def enlarged(values: Float32[np.ndarray, "p q"], shape: tuple[int, int]) -> Float32[np.ndarray, "h w"]:
    """Bilinear, or smaller by area."""
    tensor = torch.from_numpy(np.ascontiguousarray(values))[None, None]
    result: Float32[np.ndarray, "h w"] = interpolate(tensor, shape, mode="bilinear", antialias=True)[0, 0].numpy()
    return result


def report(judged: Sequence[Judged], rng: np.random.Generator) -> tuple[list[list[str]], dict[str, Any]]:
    """The table's rows, and the same for a file."""
    rows, record = list[list[str]](), dict[str, Any]()
    for photo in judged:
        for figure in FIGURES:
            values = [photo.figure(key, figure) for key in ("network", "constant", "mean map")]
            low, high = photo.difference(figure, "mean map", rng)
            rows.append([photo.name, figure, *(f"{value:.4f}" for value in values), f"{low:+.4f} to {high:+.4f}"])
            record[f"{photo.name} {figure}"] = {"values": values, "interval": [low, high]}
    for figure in FIGURES:
        each = np.array(
            [[photo.figure(key, figure) for key in ("network", "constant", "mean map")] for photo in judged]
        )
        gains = each[:, 0] - each[:, 2]
        drawn = rng.choice(gains, (NUM_DRAWS, len(gains))).mean(axis=1)
        low, high = np.quantile(drawn, [0.025, 0.975])
        means = each.mean(axis=0)
        rows.append(
            [f"mean of {len(judged)}", figure, *(f"{value:.4f}" for value in means), f"{low:+.4f} to {high:+.4f}"]
        )
        beats = all(BETTER[figure] * (means[0] - other) > 0 for other in means[1:])
        record[figure] = {"values": means.tolist(), "interval": [float(low), float(high)], "beats_both": beats}
        rows.append(["", "", f"{'beats' if beats else 'DOES NOT beat'} both", "", "", ""])
    return rows, record


def network_of(path: Path, size: tuple[int, int]) -> tuple[Network, tuple[int, int]]:
    """A network that takes a whole picture, and the height and width at which it sees it."""
    if path.suffix == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
        given = session.get_inputs()[0]
        sides = given.shape[-2:]
        own = (sides[0], sides[1]) if all(isinstance(side, int) for side in sides) else size
        return lambda rgb: np.squeeze(session.run(None, {given.name: _input(rgb, own)})[0]), own
    module = load_file(path / "winner.py" if path.is_dir() else path).load().eval()

    def answer(rgb: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "p q"]:
        with torch.inference_mode():
            result: Float32[np.ndarray, "p q"] = module(torch.from_numpy(_input(rgb, size)))[0, 0].float().numpy()
        return result

    return answer, size


def _input(rgb: UInt8[np.ndarray, "h w 3"], size: tuple[int, int]) -> Float32[np.ndarray, "1 3 p q"]:
    small = shrink_rgb(rgb, size).astype(np.float32) / 255
    return np.ascontiguousarray(small.transpose(2, 0, 1))[None]


def _train_pictures(options: argparse.Namespace, size: tuple[int, int]) -> DepthImages:
    if options.data:
        return read_sets([parse(options.data)], size=size).train
    cache = user_cache_path("chamnas")
    return freedoom.load(cache, num_images=demo.NUM_IMAGES, seed=0, size=size).train


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A depth network on real photographs, beside what needs no network.")
    parser.add_argument("model", type=Path, help="FILE.onnx, winner.py, or a folder that holds it")
    parser.add_argument("--cache", dest="photos", type=Path, help="folder of the photographs")
    parser.add_argument("--data", help="whose mean depth map is the yardstick [default: Freedoom's maps]")
    parser.add_argument("--size", type=_size, default=(96, 128), help="HEIGHTxWIDTH, where the network takes any")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def _size(text: str) -> tuple[int, int]:
    height, width = map(int, text.split("x"))
    return height, width


if __name__ == "__main__":
    main()

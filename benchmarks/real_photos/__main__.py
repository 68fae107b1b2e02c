"""Does a depth network see depth in real photographs, which it was not trained on?

    python -m benchmarks.real_photos MODEL [--cache DIR] [--data DATA] [--size 96x128] [--json FILE]

MODEL is what `nas depth` takes. The photographs are those with truth that `python -m benchmarks.fetch_photos` has put
into the cache; one that is missing is said. Each is seen whole, at its own aspect as `nas depth` has it, or at --size,
or at the only size of a file; the prediction is enlarged to the truth's pixels (at most 640 of them a side), and scale
and shift are aligned as everywhere here (`nas.depth.metrics`). Printed, for each photograph:

    abs_rel, delta1    of the network, of constant depth, and of the mean depth map of --data's training pictures
                       (Freedoom's maps unless named), each aligned alike
    95 % interval      of the network's figure less the mean map's: bootstrap over 64 blocks of the photograph, because
                       neighbouring pixels err together
    means              over the photographs, with the interval over photographs

The bar: better than both by both figures, on the mean. With three photographs that interval is wide.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from benchmarks.real_photos.judging import judge
from benchmarks.real_photos.network import network_of
from benchmarks.real_photos.photos import cache_folder, with_truth
from benchmarks.real_photos.report import report
from launch.deploy.depth_model import KINDS
from launch.experiments import demo, photos
from launch.terminal import read_size, table
from nas.depth.data import DepthImages, freedoom
from nas.depth.data.sets import parse, read_sets
from nas.depth.metrics import mean_map


def main() -> None:
    options = _options()
    found, missing = with_truth(cache_folder(options.photos))
    for name, reason in missing.items():
        print(f"skipped {name}: {reason}")
    if not found:
        raise SystemExit("skipped: there is no photograph")
    network = network_of(options.model, options.size)
    train = _train_pictures(options)
    judged = [judge(name, seen, network, mean_map(train, train.take(np.zeros(1, dtype=np.int64)))[0])
              for name, seen in found.items()]  # fmt: skip
    rows, record = report(judged, np.random.default_rng(0))
    seen_at = f"at {options.size[0]}x{options.size[1]}" if options.size else "at its own aspect"
    print(f"{options.model}, which sees each {seen_at}")
    print(table(["photo", "figure", "network", "constant", "mean map", "network less mean map, 95 %"], rows))
    if options.json:
        options.json.write_text(json.dumps(record, indent=2) + "\n")


def _train_pictures(options: argparse.Namespace) -> DepthImages:
    size = options.size or photos.SIZE
    if options.data:
        return read_sets([parse(options.data)], size=size).train
    cache = user_cache_path("chamnas")
    number = photos.NUM_MAPS if size == photos.SIZE else demo.NUM_IMAGES
    return freedoom.load(cache, num_images=number, seed=0, size=size, workers=2).train


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A depth network on real photographs, beside what needs no network.")
    parser.add_argument("model", type=Path, help=f"depth network: {KINDS}")
    parser.add_argument("--cache", dest="photos", type=Path, help="folder of the photographs")
    parser.add_argument("--data", help="whose mean depth map is the yardstick [default: Freedoom's maps]")
    parser.add_argument("--size", type=read_size, help="HEIGHTxWIDTH, where the network takes any")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Do training pictures that lie in files keep up with the trainer at full size?

    python -m benchmarks.streaming [--pictures 400] [--batch 8] [--steps 3] [--size 384x288]

Pictures are written as `nas.depth.data.storage.room` writes those that do not fit into memory, and the system is asked
to forget them (posix_fadvise), so that the first reading comes from the disk. Printed, in images per second:

    read cold, read warm    batches cut from files in a training's random order, the next one read ahead
    trainer                 steps of the least network of the reference space, pictures in memory: the fastest trainer
                            that a search has, on this machine's CPU
    trainer from files      the same steps, pictures in files
    memory                  what reading has added to this process, beside the size of the pictures

The bar: read cold is no less than the trainer.
"""

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from launch.terminal import read_size
from nas.depth.data import DepthImages
from nas.depth.data.storage.room import Room, filled
from nas.depth.training import Recipe
from nas.depth.training.streamed import StreamedBatches
from nas.depth.training.training import train
from nas.lowering.torch_module import build
from search_spaces import tiefenrausch

CPU = torch.device("cpu")
INPUT = tiefenrausch.SPACE.input


def main() -> None:
    options = _options()
    torch.set_num_threads(1)
    recipe = Recipe(steps=options.steps, batch_size=options.batch)
    with tempfile.TemporaryDirectory(prefix="chamnas-streaming-") as scratch:
        images = written(options.pictures, options.size, Path(scratch))
        total = images.rgb.nbytes + images.depth.nbytes
        forget(Path(scratch))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        cold, warm = (reading_rate(images, recipe) for _ in range(2))
        added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
        memory = images.take(np.arange(min(len(images), 64)))
        rates = {name: trainer_rate(each, recipe) for name, each in (("memory", memory), ("files", images))}
    print(f"{options.pictures} pictures of {options.size[0]}x{options.size[1]}, batches of {options.batch}, one thread")
    print(f"read cold           {cold:10.1f} images/s")
    print(f"read warm           {warm:10.1f} images/s")
    print(f"trainer             {rates['memory']:10.2f} images/s")
    print(f"trainer from files  {rates['files']:10.2f} images/s")
    print(f"memory              {added / 2**20:10.1f} MiB for {total / 2**20:.1f} MiB of pictures")
    print("meets the bar" if cold >= rates["memory"] else "MISSES the bar")


def written(number: int, size: tuple[int, int], folder: Path) -> DepthImages:
    """Noise, in files whatever memory there is."""

    def fill(rgb: np.ndarray, depth: np.ndarray) -> tuple[str, ...]:
        rng = np.random.default_rng(0)
        for i in range(number):
            rgb[i], depth[i] = rng.integers(0, 256, rgb.shape[1:], dtype=np.uint8), rng.uniform(1, 9, size)
        return ("noise",) * number

    return filled(number, size, fill, Room(folder=folder, memory_bytes=0), "noise")


def forget(folder: Path) -> None:
    """Ask the system to keep no page of the files."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def reading_rate(images: DepthImages, recipe: Recipe) -> float:
    """Images per second of batches cut one after the other, each picture once."""
    pictures, rng = StreamedBatches(images, CPU), np.random.default_rng(1)
    order = rng.permutation(len(images))[: len(images) // recipe.batch_size * recipe.batch_size]
    batches = order.reshape(-1, recipe.batch_size)
    began = time.perf_counter()
    for i, indices in enumerate(batches):
        pictures.cut(indices, recipe, rng)
        if i + 1 < len(batches):
            pictures.read_ahead(batches[i + 1])
    return order.size / (time.perf_counter() - began)


def trainer_rate(images: DepthImages, recipe: Recipe) -> float:
    """Images per second of the least network's training, without its first step."""
    space = tiefenrausch.SPACE
    least = tuple([0] * len(space.choices))
    torch.manual_seed(0)
    times = [time.perf_counter()]
    train(
        build(space.lower(least)), images, recipe, seed=0, on_step=lambda step, loss: times.append(time.perf_counter())
    )
    return (recipe.steps - 1) * recipe.batch_size / (times[-1] - times[1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Pictures read as they are drawn, against the trainer.")
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--size", type=read_size, default=(INPUT.height, INPUT.width), help="HEIGHTxWIDTH")
    return parser.parse_args()


if __name__ == "__main__":
    main()

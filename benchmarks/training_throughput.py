"""How much of a bare PyTorch loop's speed does `nas.depth.training.training.train` keep?

    python -m benchmarks.training_throughput [--repeats 31] [--steps 8] [--threads 1] [--size 64]

Side A is `train` as a search calls it: cutting and augmenting batches, the depth loss, learning rate, checks. Side B is
the least that trains the same network at all: batches already cut in memory, mean squared error, the same optimiser.
Repeats are short and many, and the sides take turns in going first: a machine that slows down slows both alike.
Printed: the median of the per-repeat ratios A / B in images per second, with a 95 % bootstrap interval. The bar is 0.8.
"""

import argparse
import time

import numpy as np
import torch
from torch import Tensor, nn

from nas.depth.data import DepthImages
from nas.depth.training import Recipe
from nas.depth.training.training import train

BAR = 0.8


class Block(nn.Module):
    """An inverted residual: pointwise, ReLU, optional upsampling, depthwise, pointwise."""

    def __init__(self, width_in: int, width: int, expansion: int, *, stride: int = 1, upsample: bool = False) -> None:
        super().__init__()
        hidden = width_in * expansion
        self.expand = _conv(width_in, hidden, kernel=1)
        self.upsample = nn.Upsample(scale_factor=2) if upsample else nn.Identity()
        self.depthwise = _conv(hidden, hidden, kernel=3, stride=stride, groups=hidden)
        self.project = _conv(hidden, width, kernel=1)

    def forward(self, x: Tensor) -> Tensor:
        projected: Tensor = self.project(self.depthwise(self.upsample(torch.relu(self.expand(x)))))
        return projected


class UNet(nn.Module):
    """Five stride-2 levels; `widths` and `expansions` by level, level 0 being full resolution."""

    def __init__(self, widths: tuple[int, ...], expansions: tuple[int, ...]) -> None:
        super().__init__()
        levels = range(1, len(widths))
        self.stem = _conv(3, widths[0], kernel=3)
        self.down = nn.ModuleList([Block(widths[i - 1], widths[i], expansions[i], stride=2) for i in levels])
        self.skip = nn.ModuleList([Block(w, w, e) for w, e in zip(widths, expansions, strict=True)])
        self.up = nn.ModuleList([Block(widths[i], widths[i - 1], expansions[i], upsample=True) for i in levels])
        self.head = nn.Conv2d(widths[0], 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        features = [torch.relu(self.stem(x))]
        for down in self.down:
            features.append(down(features[-1]))
        y = self.skip[-1](features[-1])
        for i in reversed(range(len(self.up))):
            y = self.skip[i](features[i]) + self.up[i](y)
        output: Tensor = self.head(y)
        return output


def _conv(width_in: int, width: int, *, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width_in, width, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(width)
    )


def network() -> nn.Module:
    """About 20 M multiply-accumulates at 64 x 64."""
    torch.manual_seed(0)
    return UNet(widths=(16, 24, 32, 48, 64, 80), expansions=(1, 2, 3, 4, 4, 5))


def pictures(num: int, size: int) -> DepthImages:
    rng = np.random.default_rng(0)
    return DepthImages(
        rgb=rng.integers(0, 256, (num, size, size, 3), dtype=np.uint8),
        depth=rng.uniform(1, 10, (num, size, size)).astype(np.float32),
        group=("noise",) * num,
    )


def ours(images: DepthImages, recipe: Recipe) -> float:
    """Images per second of `train`."""
    result = train(network(), images, recipe, seed=0)
    return result.images / result.seconds


def bare(images: DepthImages, recipe: Recipe) -> float:
    """Images per second of the bare loop."""
    module = network().to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]  # torch's stub
    optimiser = torch.optim.AdamW(module.parameters(), lr=1e-3, fused=True)
    x = torch.from_numpy(images.rgb).permute(0, 3, 1, 2).float() / 255
    y = torch.from_numpy(images.depth)[:, None].log()
    xs = [part.contiguous(memory_format=torch.channels_last) for part in torch.split(x, recipe.batch_size)]
    ys = torch.split(y, recipe.batch_size)
    start = time.perf_counter()
    for step in range(recipe.steps):
        optimiser.zero_grad(set_to_none=True)
        nn.functional.mse_loss(module(xs[step % len(xs)]), ys[step % len(ys)]).backward()
        optimiser.step()
    return recipe.steps * recipe.batch_size / (time.perf_counter() - start)


def median_interval(values: np.ndarray, rng: np.random.Generator) -> tuple[float, float, float]:
    """Median and its 95 % bootstrap interval."""
    medians = np.median(rng.choice(values, (10_000, len(values))), axis=1)
    low, high = np.quantile(medians, [0.025, 0.975])
    return float(np.median(values)), float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description="Throughput of train() against a bare PyTorch loop.")
    parser.add_argument("--repeats", type=int, default=31)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--size", type=int, default=64)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for batch_size in (8, 16):
        recipe = Recipe(steps=arguments.steps, batch_size=batch_size, peak_lr=1e-3)
        images = pictures(16 * batch_size, arguments.size)
        ours(images, recipe), bare(images, recipe)  # the first call of each warms the allocator and the kernels' cache
        rates = []
        for repeat in range(arguments.repeats):
            sides = (ours, bare) if repeat % 2 == 0 else (bare, ours)
            measured = {side: side(images, recipe) for side in sides}
            rates.append((measured[ours], measured[bare]))
        a, b = np.array(rates).T
        ratio, low, high = median_interval(a / b, np.random.default_rng(0))
        print(
            f"batch {batch_size:2d}, {arguments.size} px, {arguments.threads} thread(s): train {np.median(a):.1f}, "
            f"bare {np.median(b):.1f} images/s; ratio {ratio:.3f} [{low:.3f}, {high:.3f}] "
            f"{'meets' if low >= BAR else 'MISSES'} {BAR}"
        )


if __name__ == "__main__":
    main()

"""Can the depth task tell architectures of one cost apart, and what makes it tell them better?

    python -m benchmarks.depth_noise [--architectures 6] [--seeds 3] [--jobs 2] [--settings base,half_rate,..]
        [--record FILE] [--macs LOW HIGH]

Architectures drawn uniformly among those with 90 to 100 % of the demo's limit on multiply-accumulates, or one from each
equal part of LOW to HIGH times the slim baseline's (what a search for the cheapest must tell apart), each trained alone
under several seeds in every setting: other learning rates, batches, lengths, numbers of pictures, colours. All see the
same batches under one seed, so a seed's mean over the architectures is taken off first. For each setting and each
measure of a network it prints

    noise     standard deviation between seeds, of one architecture
    spread    standard deviation between the means of architectures, beyond what the noise alone gives; 0 if below it
    F         the variance ratio of the two, and the chance of so large a one if all architectures were alike
    tau       the most that a perfect predictor's order can agree with the order of one training each

The setting named `base` is the demo's.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy
from jaxtyping import Float

from benchmarks._depth_trainings import Setting, Training, trained
from launch.experiments.demo import SPACE
from launch.pricing import Pricing, price
from launch.terminal import table
from nas.feasible import FeasibleSet, graded
from nas.resources import macs
from nas.space import Architecture

BAND = (0.9, 1.0)
LIMIT_SHARE = 0.5
"""Of the baseline's multiply-accumulates: the demo's limit."""
SETTINGS = (
    Setting(name="base", steps=180),
    Setting(name="half_rate", steps=180, peak_lr=4e-3),
    Setting(name="quarter_rate", steps=180, peak_lr=2e-3),
    Setting(name="large_batch", steps=180, batch_size=16, peak_lr=12e-3),
    Setting(name="jitter", steps=180, colour_jitter=0.2),
    Setting(name="more_pictures", steps=180, num_images=9600),
    Setting(name="long", steps=720),
    Setting(name="long_half_rate", steps=720, peak_lr=4e-3),
    Setting(name="long_more_pictures", steps=720, num_images=9600),
    Setting(name="long_more_half_rate", steps=720, num_images=9600, peak_lr=4e-3),
)
MEASURES = ("error", "abs_rel", "si_log_rmse", "test error", "test abs_rel", "loss")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """The variance ratio of a measure; standard deviations are in its unit."""

    noise: float
    spread: float
    ratio: float
    chance: float

    @property
    def ceiling(self) -> float:
        """Kendall's tau of the truth with one noisy measurement of each, both normal."""
        share = self.spread**2 / (self.spread**2 + self.noise**2) if self.spread else 0.0
        return 2 / np.pi * float(np.arcsin(np.sqrt(share)))


def main() -> None:
    options = _options()
    rows = spread(options.architectures, *options.macs) if options.macs else architectures(options.architectures)
    for setting in options.settings:
        wanted = [
            Training(setting=setting, architecture=row, seed=seed) for seed in range(options.seeds) for row in rows
        ]
        results = trained(wanted, options.record, jobs=options.jobs)
        whole = {name: np.array([[_of(results[_key(setting, row, seed)], name) for seed in range(options.seeds)]
                                 for row in rows]) for name in MEASURES}  # fmt: skip
        seconds = np.mean([result["seconds"] for result in results.values()])
        print(f"\n## {setting.name}: {setting}, {seconds:.0f} s a training\n")
        header = ["measure", "mean", "noise", "spread", "F", "chance of it", "highest tau"]
        print(table(header, [[name, *_cells(values)] for name, values in whole.items()]), flush=True)


def architectures(num: int) -> list[Architecture]:
    """Uniform draws from the band of cost."""
    _, feasible = _priced(BAND[0] * LIMIT_SHARE, BAND[1] * LIMIT_SHARE)
    return [tuple(row) for row in feasible.sample(num, np.random.default_rng(0)).tolist()]


def spread(num: int, low: float, high: float) -> list[Architecture]:
    """One from each equal part of a range of cost, in shares of the baseline's."""
    pricing, feasible = _priced(low, high)
    drawn = graded(
        feasible,
        num,
        cost=pricing.tables["macs"].cost,
        features=pricing.design_features,
        rng=np.random.default_rng(0),
    )
    return [tuple(row) for row in drawn.tolist()]


def _priced(low: float, high: float) -> tuple[Pricing, FeasibleSet]:
    pricing = price(SPACE, macs.RESOURCES, baseline="slim")
    texts = (f"macs <= {high} * baseline", f"macs >= {low} * baseline")
    return pricing, pricing.feasible([pricing.limit(text) for text in texts], seed=0)


def signal(values: Float[np.ndarray, "k s"]) -> Signal:
    """Two-way analysis of variance without interaction: architectures in rows, seeds in columns."""
    num_rows, num_seeds = values.shape
    rest = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0) + values.mean()
    within = float((rest**2).sum() / ((num_rows - 1) * (num_seeds - 1)))
    between = float(num_seeds * values.mean(axis=1).var(ddof=1))
    return Signal(
        noise=within**0.5,
        spread=max(0.0, (between - within) / num_seeds) ** 0.5,
        ratio=between / within,
        chance=float(scipy.stats.f.sf(between / within, num_rows - 1, (num_rows - 1) * (num_seeds - 1))),
    )


def _cells(values: Float[np.ndarray, "k s"]) -> list[str]:
    found = signal(values)
    return [f"{values.mean():.4f}", f"{found.noise:.4f}", f"{found.spread:.4f}", f"{found.ratio:.2f}",
            f"{found.chance:.3f}", f"{found.ceiling:.2f}"]  # fmt: skip


def _of(result: dict[str, dict[str, float]], measure: str) -> float:
    if measure == "loss":
        return float(result["loss"])  # type: ignore[arg-type]
    part, _, name = measure.rpartition(" ")
    return result[part or "validation"][name]


def _key(setting: Setting, row: Architecture, seed: int) -> str:
    return Training(setting=setting, architecture=row, seed=seed).key


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architectures", type=int, default=6)
    parser.add_argument("--macs", type=float, nargs=2, metavar=("LOW", "HIGH"), help="of the slim baseline's")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--settings", type=_settings, default=SETTINGS, help=", ".join(one.name for one in SETTINGS))
    parser.add_argument(
        "--record",
        type=Path,
        default=Path(__file__).parent / "results/depth_noise.jsonl",
        help="goes on with what it holds",
    )
    return parser.parse_args()


def _settings(text: str) -> tuple[Setting, ...]:
    known = {one.name: one for one in SETTINGS}
    names = text.split(",")
    if unknown := [name for name in names if name not in known]:
        raise argparse.ArgumentTypeError(f"no setting is called {unknown[0]!r}; known: {', '.join(known)}")
    return tuple(known[name] for name in names)


if __name__ == "__main__":
    main()

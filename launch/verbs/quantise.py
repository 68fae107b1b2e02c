"""`nas quantise`: a trained network in int8, and what that costs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from launch.deploy.extras import needed
from launch.deploy.subject.subject import subject_of
from launch.deploy.subject.task import prepared_task
from launch.json_text import json_text
from launch.terminal import Progress, figure, recorded, table
from nas.deploy import TrainingFolder
from nas.errors import aside
from nas.record import TEST

NUM_SHOWN = 5  # of the layers that cost most
MOST_LOST = 0.01  # of the objective's error, such as a point of delta1


def run(*, folder: Path, cache: Path | None, as_json: bool, **options: Any) -> int:
    trained = TrainingFolder(path=folder)
    trained.result()
    quantisation = needed("launch.deploy.quantisation", "executorch")
    with aside(), trained.hold(), Progress() as progress:
        subject = subject_of(folder, None)
        settings = trained.settings()["data_settings"]
        task = prepared_task(subject, settings, cache or user_cache_path("chamnas"), progress)
        quantisation.carry_out(trained, task, quantisation.QuantisationOptions(**options), progress)
    result = trained.int8_result()
    print(json_text(result) if as_json else _text(trained, result))
    return 0


def _text(folder: TrainingFolder, result: Mapping[str, Any]) -> str:
    metrics: Mapping[str, Mapping[str, float]] = result["metrics"]
    card = recorded(folder.result()["task"], metrics["float32"])
    tested = [name for name in metrics["float32"] if name.startswith(TEST)] or list(metrics["float32"])
    rows = [
        [card.metric(name).label, *(figure(values[name]) for values in metrics.values())]
        for name in card.ordered(tested)
    ]
    costs = list(result["signal_to_noise_db"].items())[:NUM_SHOWN]
    costly = ", ".join(f"{name} {cost:.1f} dB" for name, cost in costs)
    return "\n".join(
        [
            table([f"on {'test' if tested[0].startswith(TEST) else 'validation'} {card.samples}", *metrics], rows),
            *_missed(metrics, tested),
            f"layers that cost most, each in int8 alone (output above its change): {costly}",
            "",
            *map(str, (folder.int8_weights, folder.int8_file)),
        ]
    )


def _missed(metrics: Mapping[str, Mapping[str, float]], tested: list[str]) -> list[str]:
    """What there is to say of an int8 network that is worse than it should be."""
    name = next((name for name in tested if name.removeprefix(TEST) == "error"), None)
    method, shipped = list(metrics.items())[-1]
    if name is None or (lost := shipped[name] - metrics["float32"][name]) <= MOST_LOST:
        return []
    cure = "let nas quantise train it, without --ptq" if method == "ptq" else "give it more --steps, or another --lr"
    return [f"int8 loses {lost:.4f} of {name}, more than {MOST_LOST}; {cure}"]

"""TensorBoard: one folder of events for a run, and one for a training's curve. Needs `chamnas[tensorboard]`."""

import shutil
from pathlib import Path

import numpy as np
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

from launch.loggers.logged import Logged
from nas.deploy import Row

FOLDER = "tensorboard"
"""In a run's folder, or a training's."""


def log(facts: Logged, run: Path) -> str:
    """Write a run's events anew; where they stand."""
    place = run / FOLDER
    shutil.rmtree(place, ignore_errors=True)
    with _writer(place) as writer:
        for one in facts.scalars:
            writer.add_scalar(one.tag, one.value, one.step)
        for path in facts.pictures:
            with Image.open(path) as picture:
                writer.add_image(f"pictures/{path.stem}", np.asarray(picture.convert("RGB")), dataformats="HWC")
        writer.add_text("run", _listed([f"{name}: {text}" for name, text in facts.texts.items()]))
        writer.add_text("files", _listed([str(path) for path in facts.files]))
        for path in facts.files:
            if path.suffix in (".json", ".py"):
                writer.add_text(path.name, _code(path.read_text(encoding="utf-8")))
    return f"tensorboard --logdir {place}"


class CurveLog:
    """Writes a training's rows as they come; those of before an interruption come first, so it begins anew."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder / FOLDER, ignore_errors=True)
        self._writer = _writer(folder / FOLDER)
        self._num_written = 0

    def rows(self, rows: tuple[Row, ...]) -> None:
        """All rows by now."""
        for row in rows[self._num_written :]:
            own = {"loss": row.loss, "learning rate": row.learning_rate}
            for name, value in {**own, **{f"validation/{name}": value for name, value in row.metrics.items()}}.items():
                if value is not None:
                    self._writer.add_scalar(name, value, row.step)
        self._num_written = len(rows)
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


def _writer(place: Path) -> SummaryWriter:
    return SummaryWriter(str(place))


def _listed(lines: list[str]) -> str:
    return _code("\n".join(lines))


def _code(text: str) -> str:
    """As code: no Markdown of a user's is carried out."""
    return "\n".join(f"    {line}" for line in text.splitlines())

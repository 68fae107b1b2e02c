"""A training folder: what `nas train` writes, `nas quantise` adds to, and `nas export` reads.

training.json   what is trained, from what and how; settled before the first step
network.json    the network, operator by operator, so that nothing else is needed to build it
checkpoint.pt   the state of a training that has not ended
curve.csv       the learning curve
winner.pt       weights, loadable with weights_only=True; winner.py reads them and needs torch alone
trained.json    what came of it; its presence says that the training has ended
int8.pt         the state of the network in int8: weights, ranges and scales
int8.json       what came of that; its presence says that the network has been quantised
int8_curve.csv  the learning curve of its training
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from nas.record import write_whole
from nas.space import Network, network_record, read_network

FORMAT = 1


class TrainingFolderError(ValueError):
    """A training folder that cannot be used: foreign, damaged, changed or in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingFolder:
    path: Path

    @property
    def settings_file(self) -> Path:
        return self.path / "training.json"

    @property
    def network_file(self) -> Path:
        return self.path / "network.json"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint.pt"

    @property
    def curve(self) -> Path:
        return self.path / "curve.csv"

    @property
    def weights(self) -> Path:
        return self.path / "winner.pt"

    @property
    def code(self) -> Path:
        return self.path / "winner.py"

    @property
    def result_file(self) -> Path:
        return self.path / "trained.json"

    @property
    def int8_weights(self) -> Path:
        return self.path / "int8.pt"

    @property
    def int8_file(self) -> Path:
        return self.path / "int8.json"

    @property
    def int8_curve(self) -> Path:
        return self.path / "int8_curve.csv"

    @property
    def int8_checkpoint(self) -> Path:
        return self.path / "int8_checkpoint.pt"

    @property
    def is_settled(self) -> bool:
        return self.settings_file.is_file()

    @property
    def is_done(self) -> bool:
        return self.result_file.is_file()

    def settings(self) -> dict[str, Any]:
        """What `settle` wrote.

        Raises:
          TrainingFolderError: there is no training here, or it cannot be read, or another version wrote it.
        """
        return self.read(self.settings_file, "no training (no training.json); name the folder given to nas train --out")

    def result(self) -> dict[str, Any]:
        """What came of the training.

        Raises:
          TrainingFolderError: it has not ended, or cannot be read, or another version wrote it.
        """
        return self.read(self.result_file, "no training that has ended; let `nas train` run to its end first")

    def int8_result(self) -> dict[str, Any]:
        """What came of quantising the network.

        Raises:
          TrainingFolderError: it was never quantised, the record cannot be read, or another version wrote it.
        """
        return self.read(self.int8_file, f"no network in int8; run nas quantise {self.path} first")

    def network(self) -> Network:
        """The network that is trained here.

        Raises:
          TrainingFolderError, NetworkFileError: there is none, or it cannot be read.
        """
        return read_network(self._content(self.network_file, "no network.json; name a folder given to nas train --out"))

    def settle(self, settings: Mapping[str, Any], network: Network, told: Mapping[str, Any]) -> None:
        """Write the settings of a new training, or see that they are those of the one that is here.

        A training that has diverged may go on with a lower "peak_lr"; what it had before stays written down.

        Args:
          settings: what may not change; of it "training" holds "peak_lr".
          told: what is written down beside them when a training is new, such as how its network was found.

        Raises:
          TrainingFolderError: a setting differs, or the folder holds something else.
        """
        wanted: dict[str, Any] = json.loads(json.dumps({"format": FORMAT, **settings}, allow_nan=False))
        if not self.is_settled:
            self._check_empty()
            self.write(self.network_file, network_record(network))
            self.write(self.settings_file, {**wanted, "id": uuid.uuid4().hex, "told": told})
            return
        old = self.settings()
        lowered = self._lowered(old, wanted)
        self._check_unchanged(old, wanted, passed=("peak_lr",) if lowered else ())
        if lowered:
            before = {"peak_lr": old["training"]["peak_lr"], "diverged_at_step": old["diverged_at_step"]}
            lowered_settings = {**old, "training": wanted["training"], "before": [*old.get("before", []), before]}
            self.write(self.settings_file, {k: v for k, v in lowered_settings.items() if k != "diverged_at_step"})

    def note_divergence(self, step: int) -> None:
        """Keep that the training diverged at a step, so that it may go on with a lower learning rate."""
        self.write(self.settings_file, {**self.settings(), "diverged_at_step": step})

    def write(self, path: Path, content: Mapping[str, Any]) -> None:
        """Write a JSON file whole or not at all."""
        write_whole(path, json.dumps(content, indent=1, allow_nan=False).encode())

    def read(self, path: Path, missing: str) -> dict[str, Any]:
        """A JSON file of this version.

        Args:
          missing: what to say the folder holds where the file is not there, and the cure.

        Raises:
          TrainingFolderError: it is not there, cannot be read, or another version wrote it.
        """
        content = self._content(path, missing)
        if content.get("format") != FORMAT:
            raise TrainingFolderError(
                f"{path} has format {content.get('format')!r}, this version reads {FORMAT}; read it with the version "
                "that wrote it, or train again"
            )
        return content

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Lock the folder for one process; the kernel lets go when it dies, however it dies.

        Raises:
          TrainingFolderError: another process holds it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=1)
        except Timeout:
            raise TrainingFolderError(
                f"{self.path} is held by another process; wait for it, stop it, or give --out another folder"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def _content(self, path: Path, missing: str) -> dict[str, Any]:
        if not path.is_file():
            raise TrainingFolderError(f"{self.path} holds {missing}")
        try:
            content = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise TrainingFolderError(f"{path} cannot be read ({error}); restore it from a copy") from error
        if not isinstance(content, dict):
            raise TrainingFolderError(f"{path} holds no JSON object; restore it from a copy")
        return content

    def _check_empty(self) -> None:
        entries = self.path.iterdir() if self.path.exists() else iter(())
        strangers = sorted(one.name for one in entries if not one.name.startswith(".") and one.suffix != ".part")
        strangers = [name for name in strangers if name != self.network_file.name]  # a settling that was cut short
        if strangers:
            raise TrainingFolderError(
                f"{self.path} is not empty ({strangers[0]}) and holds no training; give --out a new folder"
            )

    def _check_unchanged(self, old: Mapping[str, Any], new: Mapping[str, Any], passed: tuple[str, ...]) -> None:
        for name, (before, now) in _leaves(old, new).items():
            if before != now and name.rpartition(".")[2] not in passed:
                raise TrainingFolderError(
                    f"{self.path} was started with {name} = {before!r}, now it is {now!r}; keep the old one, or give "
                    "--out a new folder"
                )

    def _lowered(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Whether a training that has diverged is to go on with a lower learning rate.

        Raises:
          TrainingFolderError: it has diverged and is to go on as before.
        """
        if "diverged_at_step" not in old:
            return False
        before, now = old["training"]["peak_lr"], new["training"]["peak_lr"]
        if now >= before:
            raise TrainingFolderError(
                f"{self.path} diverged at step {old['diverged_at_step']} under a learning rate that peaks at "
                f"{before:g}, and would again; give a lower --lr, such as {0.3 * before:.1g}"
            )
        return True


def _leaves(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Every setting of the new ones by its dotted name, as it was and as it is; within one, those of either."""
    found: dict[str, tuple[Any, Any]] = {}
    for name, now in new.items():
        before = old.get(name)
        if isinstance(now, dict) and isinstance(before, dict):
            gone = dict.fromkeys(set(before) - set(now))
            found |= {f"{name}.{inner}": pair for inner, pair in _leaves(before, {**now, **gone}).items()}
        else:
            found[name] = (before, now)
    return found

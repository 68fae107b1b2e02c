"""Log of a profile's timings, one line of JSON each, so that an interrupted profile continues where it stopped."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True, kw_only=True)
class TimingLog:
    """Sessions of timings. A log of other `identity` is begun anew: its timings belong to another table.

    Attributes:
      identity: device, machine, space and networks to time, as JSON gives them back.
      rounds: sessions of each operator by its key, each some rounds in milliseconds.
      networks: sessions of each network by its number, each one time in milliseconds.
    """

    path: Path | None
    identity: Mapping[str, Any]
    rounds: dict[str, list[tuple[float, ...]]] = field(default_factory=dict)
    networks: dict[int, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lines = _read(self.path)
        kept = lines[1:] if lines and lines[0] == {"identity": self.identity} else []
        for line in kept:
            self._take(line)
        if self.path is not None:  # without a torn last line: another must not follow it
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text("".join(json.dumps(line) + "\n" for line in [{"identity": self.identity}, *kept]))

    def add_rounds(self, rounds: Mapping[str, tuple[float, ...]]) -> None:
        self._append({"rounds": rounds})

    def add_network(self, number: int, ms: float) -> None:
        self._append({"network": number, "ms": ms})

    def _append(self, line: Mapping[str, Any]) -> None:
        self._take(line)
        if self.path is not None:
            with self.path.open("a") as log:
                log.write(json.dumps(line) + "\n")

    def _take(self, line: Mapping[str, Any]) -> None:
        for key, times in line.get("rounds", {}).items():
            self.rounds.setdefault(key, []).append(tuple(times))
        if "network" in line:
            self.networks.setdefault(line["network"], []).append(line["ms"])


def _read(path: Path | None) -> list[Any]:
    """The lines up to the first that is torn."""
    if path is None or not path.exists():
        return []
    lines = []
    for text in path.read_text().splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines

"""Finished replays in a file, one JSON object a line, so that a comparison that was stopped or grows goes on from it.

A line is found again by its key: everything that its outcome depends on, the strategy's code included. Lines of other
tables, settings or versions may stand in the same file; they are left alone.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from launch.bench.question import Arena
from launch.bench.replay.replay import Course, Replay


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A file of finished replays; it need not exist yet.

    One that begins with something else, such as another table, is refused and left as it is, whatever is asked of it.
    """

    path: Path

    def find(self, keys: Sequence[Mapping[str, Any]]) -> list[Replay | None]:
        """The replay of each key, None where there is none; lines that are damaged are passed over.

        Raises:
          ValueError: the file holds something else.
        """
        kept = {_text(line["key"]): line["replay"] for line in self._lines()}
        found = [kept.get(_text(key)) for key in keys]
        return [None if record is None else _replay(record) for record in found]

    def add(self, key: Mapping[str, Any], replay: Replay) -> None:
        """Write one line, whole; a last line that was cut off stays by itself."""
        line = json.dumps({"key": dict(key), "replay": asdict(replay)}) + "\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            if file.seek(0, 2) and not self._ends_whole():
                line = "\n" + line
            file.write(line.encode())

    def _ends_whole(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, 2)
            return file.read() == b"\n"

    def _lines(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        lines, texts = [], self.path.read_text(errors="replace").splitlines()
        first = next((text for text in texts if text.strip()), "{")
        if not first.startswith("{"):
            raise ValueError(
                f"{self.path} holds no replays, it begins with {first[:40]!r}; give --out a new file, or one that "
                "`nas bench` has written"
            )
        for text in texts:
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict) and {"key", "replay"} <= line.keys():
                lines.append(line)
        return lines


def key(arena: Arena, course: Course, strategy: str, seed: int, code: str) -> dict[str, Any]:
    """Everything that a replay's outcome depends on; not the judge, who looks on afterwards.

    Args:
      code: see `launch.bench.replay.entrants.code`.
    """
    question = arena.question
    return {
        "table": arena.digest,
        "objectives": [[goal.column, goal.direction] for goal in question.objectives],
        "limits": sorted(question.limits),
        "statistics": list(arena.statistics),
        "numbers": list(arena.numbers),
        "codings": [coding.name for coding in arena.codings],
        "duration": question.duration,
        **({"structure": _digest(arena.encoded)} if question.structure else {}),
        **({"ladder": asdict(question.ladder)} if question.ladder else {}),
        "strategy": strategy,
        "code": code,
        "seed": seed,
        **asdict(course),
    }


def _digest(features: Float[np.ndarray, "n f"]) -> str:
    """Of what a structure says, which may be a file of the user's own."""
    return hashlib.sha256(np.ascontiguousarray(features).tobytes()).hexdigest()[:16]


def _text(key: Mapping[str, Any]) -> str:
    return json.dumps(key, sort_keys=True)


def _replay(record: Mapping[str, Any]) -> Replay:
    return Replay(
        strategy=record["strategy"],
        seed=record["seed"],
        places=tuple(record["places"]),
        ended_s=tuple(record["ended_s"]),
        proposal_ms=record["proposal_ms"],
        fidelities=tuple(record["fidelities"]),
    )

"""`nas profile`: a latency table of one's own device, timed here or brought from elsewhere."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from launch.json_text import json_text
from launch.session.profiling import forecast_text, noisy_text
from launch.terminal import Progress, check_outputs, own_file, resized
from nas.devices import Device, check_key, with_threads
from nas.latency import LatencyTable, doubts, doubts_text, rank_text, vouched, write
from nas.latency.imported import import_table
from nas.latency.noise import TO_KEEP, disturbances, drift, noise
from nas.latency.profile import profile
from nas.plugins import DEVICES, SPACES
from nas.space import Space


def run(
    *,
    space: str,
    device: str,
    table: Path,
    size: str | None,
    threads: int | None,
    operators: int | None,
    source: Path | None,
    networks: Path | None,
    margin: float | None,
    seed: int,
    as_json: bool,
) -> int:
    reads = {"SPACE": own_file(space), "--device": own_file(device), "--from": source, "--networks": networks}
    check_outputs({"--out": table, "the log of --out": _log(table)}, reads)
    chosen: Space = resized(SPACES.load(space), size)
    with Progress() as progress:
        if source is not None:
            found = import_table(chosen, device, source, networks=networks, margin=margin)
            measured = found.table
            progress.say(f"{found.num_foreign:,} rows are about operators that {chosen.name} does not have")
        elif networks is not None:
            raise ValueError("--networks are whole networks timed elsewhere; give --from with the operators, too")
        else:
            target = with_threads(DEVICES.load(device), threads)
            check_key(target.key)
            measured = _timed(chosen, target, table, operators, seed, progress)
            measured = measured if margin is None else vouched(measured, margin)
        write(measured, table)
        _log(table).unlink(missing_ok=True)
        if source is None and (reasons := disturbances(measured, TO_KEEP)):
            progress.say(noisy_text(reasons))
        if text := doubts_text(measured):
            progress.say(text)
    print(json_text(_facts(measured)) if as_json else summary(measured))
    return 0


def summary(table: LatencyTable) -> str:
    """How far the table's sums can be trusted, in a few lines."""
    lines = [
        f"latency_ms.{table.device}: {len(table.entries) - _num_guessed(table):,} operators with a time of their own"
    ]
    if table.intervals:
        lines[0] += f", known to within {noise(table):.1%} (median width of the 95 % intervals)"
        lines.append(f"drift of whole networks while it was timed: {drift(table):+.1%}")
    if table.guess is not None:
        lines.append(
            f"{_num_guessed(table):,} operators predicted from those; on operators held out: mean error "
            f"{table.guess.mape:.1%}, within 10 %: {table.guess.within_10_percent:.0%}"
        )
    if table.fit is None:
        word = "on your word" if table.on_word else "by default (--margin gives another)"
        lines.append(f"no whole network was timed: limits keep a margin of {table.margin:.1%} {word}")
    else:
        lines += [
            f"whole networks ({table.fit.num_networks}, each predicted without having seen it):",
            f"  mean error {table.fit.mape:.1%}, bias {table.fit.bias:+.1%}, Spearman {rank_text(table)}, "
            f"within 10 %: {table.fit.within_10_percent:.0%}, margin kept below limits {table.margin:.1%}"
            f"{' on your word' if table.on_word else ''}",
        ]
    lines += [f"unfit for limits: {reason}" for reason in doubts(table)]
    return "\n".join(lines)


def _timed(
    space: Space, device: Device, table: Path, operators: int | None, seed: int, progress: Progress
) -> LatencyTable:
    return profile(
        space,
        device,
        np.random.default_rng(seed),
        progress=lambda done, total: progress.step("timing", done, total),
        announce=lambda forecast: progress.say(forecast_text(device.key, forecast)),
        log=_log(table),
        most=operators,
    )


def _facts(table: LatencyTable) -> dict[str, object]:
    return {
        "device": table.device,
        "num_operators": len(table.entries),
        "num_predicted": _num_guessed(table),
        "interval_width": noise(table),
        "drift": drift(table),
        "margin": table.margin,
        "unfit_for_limits": list(doubts(table)),
        "fit": None if table.fit is None else asdict(table.fit),
        "line": asdict(table.line),
    }


def _num_guessed(table: LatencyTable) -> int:
    return len(table.guess.keys) if table.guess else 0


def _log(table: Path) -> Path:
    """What has been timed so far, until the table is there."""
    return table.with_name(table.name + ".log")

"""`nas export`: a trained network as a file that another runtime runs."""

from pathlib import Path
from typing import Any

from launch.deploy.exports.card import check_card, write_card
from launch.deploy.exports.export import export, facts_of
from launch.deploy.exports.latency import told
from launch.deploy.subject.shipped import shipped
from launch.json_text import json_text
from launch.terminal import check_outputs
from nas.errors import aside, size_text


def run(*, source: Path, format: str, out: Path, int8: bool, size: str | None, measure: bool, as_json: bool) -> int:
    network = shipped(source)
    check_outputs({"--out": out}, {"SOURCE": source, **{path.name: path for path in network.reads}})
    check_card(network, out)
    with aside():  # libraries talk
        written = export(network, format, size, out, int8=int8, measure=measure)
        cards = write_card(network, written)
    facts = facts_of(written)
    print(json_text(facts) if as_json else "\n".join([_text(facts), *map(str, (out, *cards))]))
    return 0


def _text(facts: dict[str, Any]) -> str:
    lines = [f"{facts['format']}, {facts['precision']}, {size_text(facts['bytes'])}"]
    for end in ("input", "output"):
        shape = " x ".join(map(str, facts[end]["shape"]))
        lines.append(f"{end}: {facts[end]['name']}, float32, {shape}")
    lines.append(
        f"checked on {facts['runtime']}: differs from PyTorch by {facts['largest_difference']:.1e} of the output's "
        f"range, which stands {facts['signal_to_noise_db']:.0f} dB above the difference"
    )
    if "latency" in facts:
        lines.append(told(facts["latency"]))
    if "delegates" in facts:
        outside = ", ".join(facts["operators outside XNNPACK"]) or "no operator"
        lines.append(f"delegates of XNNPACK: {facts['delegates']}; outside them: {outside}")
    return "\n".join(lines)

"""Where a search keeps its trainings, and what becomes of what they leave there."""

import io
from pathlib import Path

import pytest
import torch

from launch.run.phases.checkpoints import NOWHERE, checkpoints_of, expected_bytes
from nas.lowering.torch_module import build
from nas.record.checkpoints import Checkpoints
from tests.experiments.tiny import SPACE, Orders
from tests.launch.commands import ROOT, Place, nas, nas_alone, place_at

KEEPING = str(ROOT / "tests/experiments/keeping.py")


@pytest.mark.parametrize(
    ("url", "address", "expected"),
    [
        (None, None, "{here}/run/checkpoints"),
        (None, "10.0.0.1:6379", None),
        ("kept", "10.0.0.1:6379", "{here}/kept/a-run-0123abcd"),
        ("/shared/kept/", None, "/shared/kept/a-run-0123abcd"),
        ("s3://bucket/kept/", "auto", "s3://bucket/kept/a-run-0123abcd"),
    ],
)
def test_a_run_has_a_place_of_its_own_that_every_worker_sees(
    url: str | None, address: str | None, expected: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = checkpoints_of(Path("run"), "a@run-0123abcd", url=url, address=address)
    assert place == (None if expected is None else Checkpoints(url=expected.format(here=tmp_path.resolve())))
    assert "--checkpoints FOLDER or URL, seen by every node, lets it go on" in NOWHERE


@pytest.mark.slow
def test_the_probe_is_about_what_a_training_keeps() -> None:
    """Weights and Adam's two moments of the space's reference."""
    module = build(SPACE.lower(SPACE.reference("published")))
    optimiser = torch.optim.Adam(module.parameters())
    sum(parameter.sum() for parameter in module.parameters()).backward()  # type: ignore[union-attr]
    optimiser.step()
    buffer = io.BytesIO()
    torch.save({"module": module.state_dict(), "optimiser": optimiser.state_dict()}, buffer)
    expected = expected_bytes(SPACE)
    assert 0.5 * len(buffer.getvalue()) < expected < 2**17 + 2 * len(buffer.getvalue())
    place = checkpoints_of(Path("run"), "a@run", url=None, address=None, each_bytes=expected)
    assert place is not None and place.each_bytes == expected


@pytest.mark.slow
@pytest.mark.parametrize("shared", [False, True])
def test_a_killed_search_finds_its_checkpoints_and_leaves_none_at_its_end(shared: bool, tmp_path: Path) -> None:
    place = place_at(tmp_path, Orders(kill_once=("search-2", "final-1"), fail=("search-4",)))
    options = ("--checkpoints", str(tmp_path / "shared")) if shared else ()
    command = place.search(*options, experiment=KEEPING)
    folder = tmp_path / "shared" if shared else place.run.path / "checkpoints"
    for job in ("search-2-of-1", "final-1-of-5"):
        assert nas_alone(*command).code == -9
        assert [path.name for path in folder.rglob("*") if path.is_file()] == [job]
    ended = nas_alone(*command)
    assert ended.code in (0, 1), ended.err
    assert "final-1: final-1 went on" in ended.err
    noted = {f"{trial.phase}-{trial.ticket}": trial.notes for trial in place.trials() if trial.notes}
    assert noted == {"search-2": ("search-2 went on",), "final-1": ("final-1 went on",)}
    assert not (place.run.path / "checkpoints").exists() and not list(tmp_path.glob("shared/*"))


@pytest.mark.slow
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_trained(place: Place) -> None:
    refused = nas(*place.search("--checkpoints", str(place.orders / "orders.json"), experiment=KEEPING))
    assert refused.code == 2
    assert "checkpoints must be written, read and removed at" in refused.err and "--checkpoints another" in refused.err
    assert not place.run.journal.exists() and not (place.orders / "trained.log").exists()
    assert nas_alone(*place.search("--trials", "4", experiment=KEEPING)).code in (0, 1)

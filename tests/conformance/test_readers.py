"""Every reader of data sets: keeps its protocol, and neither takes nor accepts what it does not know."""

from pathlib import Path

import pytest

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.images import DataError
from nas.depth.data.readers import Reader
from nas.plugins import READERS


@pytest.mark.parametrize("key", READERS.keys())
def test_a_reader_recognises_nothing_in_an_empty_folder_and_says_what_it_wants(tmp_path: Path, key: str) -> None:
    reader = READERS.load(key)
    assert isinstance(reader, Reader)
    (tmp_path / "notes.txt").write_text("nothing")
    assert not reader.recognises(tmp_path) and not reader.recognises(tmp_path / "absent")
    assert not reader.recognises(tmp_path / "notes.txt")
    with pytest.raises(DataError, match=str(tmp_path)):
        reader.open(tmp_path, Meaning(kind="depth"))

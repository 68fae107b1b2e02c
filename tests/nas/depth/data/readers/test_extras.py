import pytest

from nas.depth.data.images import DataError
from nas.depth.data.readers._extras import extra


def test_a_library_that_is_missing_is_named_with_its_extra() -> None:
    assert extra("json", "data", "text").loads("1") == 1
    wanted = r"HEIC is read by no-such-library, which is not installed; pip install 'chamnas\[pictures\]'"
    with pytest.raises(DataError, match=wanted):
        extra("no_such_library", "pictures", "HEIC")

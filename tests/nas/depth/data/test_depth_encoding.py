import numpy as np
import pytest

from nas.depth.data.depth_encoding import Meaning, text_of
from nas.depth.data.images import DataError


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("value", [0.1, 2.3, 255.0, 65504.0])
def test_a_value_is_found_as_a_person_writes_it(kind: type, value: float) -> None:
    stored = np.array([[value, 1, np.nan, -1, 0, np.inf]], dtype=kind)
    assert Meaning(invalid=(value,)).is_valid(stored).tolist() == [[False, True, False, False, False, False]]


@pytest.mark.parametrize("kind", [np.uint16, np.float16, np.float32, np.float64])
def test_the_name_of_a_value_finds_it_again(kind: type) -> None:
    largest = np.iinfo(kind).max if kind is np.uint16 else np.finfo(kind).max
    for value in (largest, 10.5, 2.3, 100):
        stored = np.array([[value, 7]], dtype=kind)
        name = text_of(float(stored[0, 0]))
        assert Meaning(invalid=(float(name),)).is_valid(stored).tolist() == [[False, True]]


@pytest.mark.parametrize(
    ("value", "name"),
    [(65535.0, "65535"), (float(np.float32(2.3)), "2.3"), (2.3, "2.3"), (3.4028234663852886e38, "3.4028235e+38")],
)
def test_a_name_is_short(value: float, name: str) -> None:
    assert text_of(value) == name


def test_disparity_is_inverted_and_depth_is_not() -> None:
    stored = np.array([[2, 0], [4, 8]], dtype=np.uint16)
    valid = Meaning().is_valid(stored)
    np.testing.assert_array_equal(Meaning().depth(stored, valid), [[2, np.nan], [4, 8]])
    np.testing.assert_array_equal(Meaning(kind="disparity").depth(stored, valid), [[0.5, np.nan], [0.25, 0.125]])


def test_depth_beyond_32_bits_is_invalid() -> None:
    stored = np.array([[1e300, 1.0]])
    assert np.isfinite(Meaning().depth(stored, Meaning().is_valid(stored))).tolist() == [[False, True]]


@pytest.mark.parametrize(
    ("invalid", "valid", "message"),
    [((float("nan"),), (), "finite number, got nan"), ((255.0,), (255.0,), "255 is said to be both; drop one")],
)
def test_a_meaning_that_cannot_be_is_refused(
    invalid: tuple[float, ...], valid: tuple[float, ...], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Meaning(invalid=invalid, valid=valid)

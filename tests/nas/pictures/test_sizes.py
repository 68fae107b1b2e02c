"""The network sees a picture in its own aspect, as large as it is used to."""

import numpy as np
import pytest
from jaxtyping import Float32

from nas.pictures import DepthModel, network_size


def answer(picture: Float32[np.ndarray, "1 3 h w"]) -> Float32[np.ndarray, "..."]:
    return picture[0, 0]


def model(*, is_fixed: bool = False) -> DepthModel:
    return DepthModel(name="net", size=(288, 384), is_fixed=is_fixed, side_multiple=32, answer=answer)


@pytest.mark.parametrize(
    ("shape", "long_side", "size"),
    (
        ((1500, 2000), None, (288, 384)),
        ((2000, 1500), None, (384, 288)),
        ((100, 100), None, (320, 320)),
        ((1500, 2000), 640, (480, 640)),
        ((1500, 2000), 650, (480, 640)),
        ((10, 3000), None, (32, 2048)),
        ((3000, 3000), 1, (32, 32)),
    ),
)
def test_size(shape: tuple[int, int], long_side: int | None, size: tuple[int, int]) -> None:
    assert network_size(model(), shape, long_side) == size


def test_a_network_of_one_size_has_that_one() -> None:
    assert network_size(model(is_fixed=True), (50, 20), None) == (288, 384)
    with pytest.raises(ValueError, match="takes pictures of 288x384 only, got --size 320"):
        network_size(model(is_fixed=True), (50, 20), 320)

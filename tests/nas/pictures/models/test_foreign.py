"""A network of somebody else: given what it wants, its answer in our words."""

import numpy as np
import pytest
from jaxtyping import Float32

from nas.deploy.course import Gives
from nas.pictures import DepthModel
from nas.pictures.models.foreign import foreign

DEPTH = np.linspace(1, 9, 12, dtype=np.float32).reshape(3, 4)
ANSWERS: dict[Gives, np.ndarray] = {"log-disparity": -np.log(DEPTH), "depth": DEPTH, "disparity": 1 / DEPTH}


def says(answer: Float32[np.ndarray, "..."], seen: list[np.ndarray]) -> DepthModel:
    """A network that answers the same to everything, and keeps what it was given."""

    def told(picture: Float32[np.ndarray, "1 3 h w"]) -> Float32[np.ndarray, "..."]:
        seen.append(picture)
        return answer

    return DepthModel(name="theirs", size=(3, 4), is_fixed=True, side_multiple=1, answer=told)


@pytest.mark.parametrize("gives", list(ANSWERS))
def test_whatever_it_gives_becomes_log_disparity_of_the_same_shape(gives: Gives) -> None:
    told = foreign(says(ANSWERS[gives], []), "unit", gives).answer(np.zeros((1, 3, 3, 4), np.float32))
    assert told.shape == (3, 4)
    order = np.argsort(DEPTH.ravel())
    assert (np.diff(told.ravel()[order]) < 0).all()  # farther is less
    if gives != "disparity":  # whose shift nobody knows
        np.testing.assert_allclose(told, -np.log(DEPTH), rtol=1e-5)


def test_it_is_given_what_it_wants() -> None:
    seen: list[np.ndarray] = []
    foreign(says(DEPTH, seen), "imagenet", "depth").answer(np.ones((1, 3, 3, 4), np.float32))
    np.testing.assert_allclose(seen[0][0, :, 0, 0], [(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225])

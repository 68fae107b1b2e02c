"""What the checks of shapes must find, and do at every call of the packages that pyproject.toml names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from beartype import beartype
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import Float, TypeCheckError

from nas.genetic import hypervolume
from tests.shapes import checked


def scaled(X: Float[np.ndarray, "n d"], factors: Float[np.ndarray, " d"], power: int = 1) -> Float[np.ndarray, "n d"]:
    return (X * factors**power)[: len(X) - (power == 3)]


def inner(X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " d"]:
    return scaled(X.T, np.ones(len(X)))[:, 0]  # n and d change places within: another call's sizes are its own


def zeros(size: tuple[int, int]) -> Float[np.ndarray, "{size[0]} {size[1]}"]:
    return np.zeros((size[0], 2))


def lines(X: Float[np.ndarray, "n d"], wanted: Float[np.ndarray, " d"]) -> Iterator[float]:
    yield from X @ wanted


def known_to_type_checkers(number: int) -> "Unknown":  # as what is imported under TYPE_CHECKING
    return number


@checked(typechecker=beartype)
@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    left: Float[np.ndarray, " n"]
    right: Float[np.ndarray, " n"]


def check(function: Callable[..., Any]) -> Callable[..., Any]:
    found = checked(function, typechecker=beartype)
    assert found.__name__ == function.__name__
    return found  # type: ignore[no-any-return]


X, ROW = np.ones((3, 2)), np.ones(2)


def test_what_fits_passes() -> None:
    assert check(scaled)(X, ROW, power=2).shape == (3, 2)
    assert check(inner)(X).shape == (2,)
    assert check(zeros)((4, 2)).shape == (4, 2)
    assert list(check(lines)(X, ROW)) == [2, 2, 2]
    assert check(known_to_type_checkers)(1) == 1
    assert Pair(left=ROW, right=ROW).left is ROW


@pytest.mark.parametrize(
    "call",
    [
        lambda: check(scaled)(X, np.ones(3)),
        lambda: check(scaled)(X, ROW, power=3),
        lambda: check(scaled)(X, ROW.astype(np.int64)),
        lambda: check(scaled)(X, ROW, power="2"),
        lambda: check(zeros)((4, 3)),
        lambda: list(check(lines)(X, np.ones(3))),
        lambda: Pair(left=ROW, right=np.ones(3)),
        lambda: check(known_to_type_checkers)("1"),
    ],
    ids=[
        "two sizes",
        "the result",
        "the kind",
        "no array",
        "a computed size",
        "a generator",
        "a dataclass",
        "another type",
    ],
)
def test_what_does_not_fit_is_found(call: Callable[[], object]) -> None:
    with pytest.raises((BeartypeCallHintViolation, TypeCheckError)):
        call()


def test_the_packages_are_checked() -> None:
    with pytest.raises(BeartypeCallHintViolation):
        hypervolume(np.ones((3, 2)), np.ones(3))

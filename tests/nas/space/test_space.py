"""The reference space to the digit, the laws of a space, and every way to get one wrong."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.space.ops import Add, Conv, Shape
from nas.space.space import Choice, Option, Space, SpaceError, Stage
from search_spaces.tiefenrausch import SPACE

WIDTH = Choice(name="width", options=(8, 16))
OTHER = Choice(name="other", options=(8, 16))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def published(height: int, width: int) -> Space:
    return replace(SPACE, input=Shape(3, height, width))


# The published network -------------------------------------------------------------------------------------------


def test_the_size_is_exact() -> None:
    assert SPACE.size == 33_695_156_183_620_386_816_000
    assert SPACE.num_decisions == 28
    assert SPACE.side_multiple == 32


@pytest.mark.parametrize(
    ("height", "width", "macs"), [(384, 288, 6_831_333_504), (384, 384, 9_108_444_672), (256, 256, 4_048_197_632)]
)
def test_the_published_network_counts_to_the_digit(height: int, width: int, macs: int) -> None:
    network = published(height, width).lower(SPACE.reference("published"))
    assert network.macs == macs
    assert network.params == 3_550_841
    assert sum(node.op.num_weights for node in network.nodes) == 3_508_424
    assert sum(node.op.num_biases for node in network.nodes) == 42_417
    assert network.output == Shape(1, height, width)


def test_the_published_network_has_its_parts() -> None:
    network = SPACE.lower(SPACE.reference("published"))
    names = [node.name for node in network.nodes]
    assert (names[0], names[-1], len(set(names))) == ("0A.0.conv", "0C.head", len(names))
    assert sum(isinstance(node.op, Add) and ".join" in node.name for node in network.nodes) == 5
    relu = [node.name for node in network.nodes if isinstance(node.op, Conv) and node.op.activation == "relu"]
    assert all(name.endswith((".conv", ".expand")) for name in relu)


# Laws --------------------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 50))
def test_decode_undoes_encode(seed: int, n: int) -> None:
    population = SPACE.sample(n, rng(seed))
    features = SPACE.encode(population)
    assert np.array_equal(SPACE.decode(features), population)
    assert features.min(initial=0.0) >= 0 and features.max(initial=1.0) <= 1


def test_named_options_are_one_hot() -> None:
    choice = Choice(name="mode", options=("nearest", "bilinear"))
    space = Space(
        name="named",
        input=Shape(3, 8, 8),
        stages=(Stage(name="a", op="trb", inputs=("input",), width=WIDTH, upsample=choice, stride=2),),
    )
    population = np.array([[0, 0], [1, 1]], dtype=np.int8)
    assert space.encode(population).tolist() == [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    assert np.array_equal(space.decode(space.encode(population)), population)


def test_samples_are_uniform_and_inside() -> None:
    population = SPACE.sample(20_000, rng())
    assert SPACE.contains(population).all()
    for column, options in zip(population.T, SPACE.num_options, strict=True):
        shares = np.bincount(column, minlength=options) / len(population)
        assert np.abs(shares - 1 / options).max() < 0.02


def test_mutation_changes_at_its_rate_and_stays_inside() -> None:
    population = SPACE.sample(2000, rng())
    mutated = SPACE.mutate(population, rng(1), rate=0.3)
    assert SPACE.contains(mutated).all()
    assert (mutated != population).mean() == pytest.approx(0.3, abs=0.01)
    assert np.array_equal(SPACE.mutate(population, rng(1), rate=0.0), population)
    assert (SPACE.mutate(population, rng(1), rate=1.0) != population).all()


def test_a_decision_without_another_option_survives_mutation() -> None:
    space = Space(name="one", input=Shape(3, 8, 8), stages=(_stage(width=Choice(name="width", options=(8,))),))
    assert space.mutate(space.sample(5, rng()), rng(), rate=1.0).tolist() == [[0]] * 5


def test_a_child_takes_each_decision_from_a_parent() -> None:
    mothers, fathers = SPACE.sample(500, rng(1)), SPACE.sample(500, rng(2))
    children = SPACE.cross(mothers, fathers, rng())
    assert ((children == mothers) | (children == fathers)).all()
    differ = mothers != fathers
    assert (children == mothers)[differ].mean() == pytest.approx(0.5, abs=0.02)


def test_contains_knows_strangers() -> None:
    population = SPACE.sample(3, rng()).astype(np.int64)
    population[1, 0], population[2, 5] = 12, -1
    assert SPACE.contains(population).tolist() == [True, False, False]
    assert not SPACE.contains(population[:, :-1]).any()


def test_decisions_and_architectures_are_one() -> None:
    architecture = SPACE.reference("published")
    assert SPACE.architecture(SPACE.decisions(architecture)) == architecture
    assert SPACE.decisions(architecture)["5B.expansion"] == 9


# Bad input -----------------------------------------------------------------------------------------------------------


def _stage(
    name: str = "a", op: str = "conv", inputs: tuple[str, ...] = ("input",), **fields: int | str | Choice
) -> Stage:
    return Stage(name=name, op=op, inputs=inputs, **{"width": 8, **fields})  # type: ignore[arg-type]  # the point of some tests


def _space(*stages: Stage, side: int = 32) -> Space:
    return Space(name="bad", input=Shape(3, side, side), stages=stages)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Choice(name="w", options=()), "choice 'w' has no options; give it at least one"),
        (lambda: Choice(name="w", options=(8, 8)), r"choice 'w' repeats an option: \(8, 8\)"),
        (lambda: Choice(name="w", options=(8, "no")), "choice 'w' mixes numbers and names"),
        (lambda: Choice(name="w", options=tuple(range(1, 129))), "choice 'w' has 128 options; .* at most 127"),
        (lambda: _space(), "needs at least one stage"),
        (
            lambda: _space(_stage(op="trp")),
            "stage 'a' has the unknown op 'trp'; known: classifier, conv, conv_relu6, head, mbconv, trb",
        ),
        (lambda: _space(_stage(), _stage()), "two stages are called 'a'"),
        (lambda: _space(_stage(name="input")), "two stages are called 'input'"),
        (lambda: _space(_stage("a.b"), _stage("a_b")), r"two stages are called 'a_b', or differ in '\.' and '_' alone"),
        (lambda: _space(_stage("my stage")), "a stage's name is of letters, digits, .* got 'my stage'"),
        (lambda: replace(SPACE, input=Shape(0, 384, 288)), "input has 0 channels; give it at least one"),
        (
            lambda: _space(_stage(width=WIDTH), _stage("b", width=Choice(name="width", options=(4, 8)))),
            "has another choice called 'width'; share one object",
        ),
        (lambda: _space(_stage(inputs=())), "stage 'a' has no input; name an earlier stage or 'input'"),
        (lambda: _space(_stage(inputs=("z",))), "stage 'a' takes 'z', which does not exist; known before it: input"),
        (lambda: _space(_stage(inputs=("b",)), _stage("b")), "stage 'a' takes 'b', which comes at or after it"),
        (lambda: _space(_stage(inputs=("a",))), "stage 'a' takes 'a', which comes at or after it"),
        (
            lambda: _space(_stage(width=WIDTH), _stage("b", width=OTHER), _stage("c", inputs=("a", "b"))),
            r"stage 'c' adds a \+ b, whose widths may differ; let them share one Choice",
        ),
        (lambda: _space(_stage(width=8), _stage("b", width=9), _stage("c", inputs=("a", "b"))), "widths may differ"),
        (
            lambda: _space(_stage(), _stage("b", stride=2), _stage("c", inputs=("a", "b"))),
            r"stage 'c' adds a \+ b, whose heights and widths differ",
        ),
        (lambda: _space(_stage(width=0)), "stage 'a': width is a whole number from 1, got 0"),
        (lambda: _space(_stage(width=Choice(name="w", options=("x",)))), "width is a whole number from 1, got 'x'"),
        (lambda: _space(_stage(kernel=4)), "stage 'a': kernel must be odd, got 4; the nearest is 5"),
        (lambda: _space(_stage(op="trb", upsample="cubic")), "stage 'a': upsample is one of .*, got 'cubic'"),
        (lambda: _space(_stage(upsample="nearest")), "stage 'a': op 'conv' takes no upsample; leave it out"),
        (lambda: _space(_stage(op="head", repeat=2)), "stage 'a': op 'head' takes no repeat; leave it out"),
        (lambda: _space(_stage(op="mbconv", upsample="nearest")), "op 'mbconv' takes no upsample; leave it out"),
        (lambda: _space(_stage(op="classifier", kernel=5)), "op 'classifier' takes no kernel; leave it out"),
        (
            lambda: _space(_stage(op="classifier"), _stage("b", inputs=("a",))),
            "stage 'b' takes 'a', whose answer is no picture; take the stage before 'a'",
        ),
        (
            lambda: _space(_stage(repeat=Choice(name="depth", options=(0, 1)))),
            "stage 'a': repeat is a whole number from 1, got 0",
        ),
        (
            lambda: replace(SPACE, input=Shape(3, 384, 290)),
            "space 'tiefenrausch': input width must be a multiple of 32, got 290; the nearest is 288",
        ),
        (lambda: _space(_stage(), side=0), "input height must be a multiple of 1, got 0; the nearest is 1"),
        (lambda: replace(SPACE, references={"half": {"0A.width": 8}}), "no option is given for choice '1A.width'"),
        (lambda: SPACE.architecture({"depth": 3}), "has no choice 'depth'; known: 0A.width"),
        (lambda: SPACE.architecture({"0A.width": 7}), r"choice '0A.width' has no option 7; known: \(8, 16"),
        (lambda: SPACE.reference("best"), "no reference architecture 'best'; known: published"),
        (lambda: SPACE.decisions((0,) * 27), "it needs 28 indices below"),
        (lambda: SPACE.lower((12,) + (0,) * 27), "is no architecture of space 'tiefenrausch'"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_message(build: Callable[[], object], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        build()


def test_option_types_are_plain() -> None:
    values: list[Option] = [option for choice in SPACE.choices for option in choice.options]
    assert {type(value) for value in values} == {int}

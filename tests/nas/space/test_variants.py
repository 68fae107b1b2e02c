"""What a stage's operators depend on, and what happens when they depend on too much."""

import numpy as np
import pytest

from nas.costs import cost_tables
from nas.costs.peaks import peak_tables
from nas.resources import macs, peak_activation_bytes
from nas.space.ops import Shape
from nas.space.space import Choice, Space, Stage
from nas.space.variants import EntangledError, operators, options_of, output_scope, stage_scope, variants
from search_spaces.tiny import SPACE


def strided(num_stages: int) -> Space:
    """A chain in which every stride is a choice, so that the last stage's size depends on all of them."""
    stages = [
        Stage(
            name=f"s{i}", op="conv", inputs=("input" if i == 0 else f"s{i - 1}",), width=4,
            stride=Choice(name=f"s{i}.stride", options=(1, 2)),
        )
        for i in range(num_stages)
    ]  # fmt: skip
    return Space(name="strided", input=Shape(3, 8, 8), stages=tuple(stages))


def names(space: Space, scope: tuple[int, ...]) -> set[str]:
    return {space.choices[i].name for i in scope}


def test_a_stage_depends_on_its_fields_and_on_what_shapes_its_input() -> None:
    scopes = {stage.name: names(SPACE, stage_scope(SPACE, stage)) for stage in SPACE.stages}
    assert scopes["stem"] == {"width"}
    assert scopes["down"] == {"width", "deep.width", "expansion", "kernel", "depth"}
    assert scopes["up"] == {"deep.width", "width", "mode"}
    space = strided(3)
    assert names(space, stage_scope(space, space.stages[2])) == {"s0.stride", "s1.stride", "s2.stride"}
    assert names(space, output_scope(space, "s1")) == {"s0.stride", "s1.stride"}
    assert output_scope(space, "input") == ()


def test_variants_are_what_lowering_makes_of_the_stage() -> None:
    space = strided(3)
    for row in space.sample(10, np.random.default_rng(0)).tolist():
        network, decisions = space.lower(row), space.decisions(row)
        for stage in space.stages:
            scope = stage_scope(space, stage)
            known = zip(options_of(space, scope), variants(space, stage), strict=True)
            (found,) = [variant for options, variant in known if options.items() <= decisions.items()]
            lowered = [node.op for node in network.nodes if node.name.startswith(f"{stage.name}.")]
            assert [node.op for node in found.nodes] == lowered


def test_operators_lists_what_a_space_can_hold() -> None:
    lowered = {
        node.op.key for row in SPACE.sample(400, np.random.default_rng(0)).tolist() for node in SPACE.lower(row).nodes
    }
    assert lowered == {op.key for op in operators(SPACE)}


def test_a_stage_that_depends_on_too_much_is_named() -> None:
    with pytest.raises(
        EntangledError, match=r"'s17' depends on 18 choices with 262,144 combinations .*: s0\.stride, .* constants"
    ):
        list(operators(strided(30)))
    for tables, resource in ((cost_tables, macs.RESOURCES[0]), (peak_tables, peak_activation_bytes.RESOURCES[0])):
        with pytest.raises(EntangledError, match=r"at most 131,072 can be tabulated"):
            tables(strided(30), [resource])  # type: ignore[operator]  # each takes its own kind

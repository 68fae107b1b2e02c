"""Variants of a stage: its operators under every combination of the few choices that it depends on.

A stage's operators depend on its own choices, on the widths that feed it, and on whatever sets its height and width.
Everything that is tabulated (costs, peaks, latency) walks these combinations instead of whole architectures: 9,528 of
them on the reference space, where there are 3.4 x 10^22 architectures.

    scope    decisions that something depends on, in the space's order
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nas.space.blocks import Tensor
from nas.space.ops import INPUT, Node, Operator, Shape
from nas.space.space import Choice, Option, Space, Stage, lower_stage, settle

MAX_VARIANTS = 2**17  # of one stage: some twenty seconds


class EntangledError(ValueError):
    """A space whose choices interact so much that its exact tables would be too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A stage under one combination of options: the shapes that feed it, by name, and its operators in order."""

    sources: Mapping[str, Shape]
    nodes: tuple[Node, ...]


def variants(space: Space, stage: Stage) -> Iterator[Variant]:
    """The stage under each combination of options in its scope, in the order of a factor's flat index."""
    scope = stage_scope(space, stage)
    known = {name: _output_shapes(space, name) for name in stage.inputs}
    for decisions in options_of(space, scope):
        sources = {name: shapes.under(decisions) for name, shapes in known.items()}
        tensors = [Tensor(name, sources[name]) for name in stage.inputs]
        yield Variant(sources=sources, nodes=lower_stage(stage, tensors, decisions))


def check_variants(space: Space) -> None:
    """Refuse, before hours are spent on it, a space that has too many variants of a stage to tabulate.

    Raises:
      EntangledError: a stage has more than `MAX_VARIANTS`.
    """
    for stage in space.stages:
        choices = [space.choices[i] for i in stage_scope(space, stage)]
        number = math.prod(len(choice.options) for choice in choices)
        if number > MAX_VARIANTS:
            raise EntangledError(
                f"stage {stage.name!r} depends on {len(choices)} choices with {number:,} combinations of options, and "
                f"at most {MAX_VARIANTS:,} can be tabulated: {', '.join(choice.name for choice in choices)}; make some "
                f"strides or upsamplings before it constants, or give choices fewer options"
            )


def operators(space: Space) -> Iterator[Operator]:
    """Every operator that some architecture of the space contains; repeats included.

    Raises:
      EntangledError: a stage has more than `MAX_VARIANTS` variants.
    """
    check_variants(space)
    for stage in space.stages:
        for variant in variants(space, stage):
            yield from (node.op for node in variant.nodes)


def stage_scope(space: Space, stage: Stage) -> tuple[int, ...]:
    """Decisions that a stage's operators depend on."""
    by_name = {other.name: other for other in space.stages}
    names = {choice.name for choice in stage.choices()}
    for source in stage.inputs:
        names |= _width_choices(by_name, source) | _size_choices(by_name, source)
    return _decisions(space, names)


def output_scope(space: Space, name: str) -> tuple[int, ...]:
    """Decisions that the shape of a stage's output, or of the image, depends on."""
    by_name = {stage.name: stage for stage in space.stages}
    return _decisions(space, _width_choices(by_name, name) | _size_choices(by_name, name))


def options_of(space: Space, scope: Sequence[int]) -> Iterator[dict[str, Option]]:
    """Every combination of options of some decisions, in the order of a factor's flat index."""
    names = [space.choices[i].name for i in scope]
    for options in itertools.product(*(space.choices[i].options for i in scope)):
        yield dict(zip(names, options, strict=True))


def output_shape(space: Space, name: str, decisions: Mapping[str, Option]) -> Shape:
    """Shape of a stage's output under decisions that may leave out choices it does not depend on."""
    if name == INPUT:
        return space.input
    stage = next(stage for stage in space.stages if stage.name == name)
    known = {choice.name: decisions.get(choice.name, choice.options[0]) for choice in stage.choices()}
    return settle(stage, known).resize(output_shape(space, stage.inputs[0], decisions))


@dataclass(frozen=True, slots=True, kw_only=True)
class _OutputShapes:
    """Every shape that a stage's output can have, each worked out once."""

    names: tuple[str, ...]
    by_options: Mapping[tuple[Option, ...], Shape]

    def under(self, decisions: Mapping[str, Option]) -> Shape:
        return self.by_options[tuple(decisions[name] for name in self.names)]


def _output_shapes(space: Space, name: str) -> _OutputShapes:
    scope = output_scope(space, name)
    by_options = {tuple(options.values()): output_shape(space, name, options) for options in options_of(space, scope)}
    return _OutputShapes(names=tuple(space.choices[i].name for i in scope), by_options=by_options)


def _decisions(space: Space, names: set[str]) -> tuple[int, ...]:
    return tuple(i for i, choice in enumerate(space.choices) if choice.name in names)


def _width_choices(by_name: Mapping[str, Stage], name: str) -> set[str]:
    width = by_name[name].width if name != INPUT else None
    return {width.name} if isinstance(width, Choice) else set()


def _size_choices(by_name: Mapping[str, Stage], name: str) -> set[str]:
    """Choices that set a tensor's height and width: strides and upsampling on one way to it; all come to the same."""
    if name == INPUT:
        return set()
    stage = by_name[name]
    own = {value.name for value in (stage.stride, stage.upsample) if isinstance(value, Choice)}
    return own | _size_choices(by_name, stage.inputs[0])

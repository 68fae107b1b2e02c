"""A search space as a table that a person can read.

A `Space` is a name, an input shape and a tuple of stages. Each field of a stage is a constant or a `Choice`; two
stages that must agree share one `Choice`. A decision is a choice that has been settled; an architecture is one option
index per choice, in the order in which choices first appear. Notation: n architectures, d decisions, f features.

    population   Int8[n, d]    option indices, the form in which everything is searched
    encoding     Float[n, f]   what predictors see: numbers scaled to [0, 1], names one-hot
"""

import functools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction

import numpy as np
from jaxtyping import Bool, Float, Int, Int8

from nas.space.blocks import BLOCKS, FINAL, UNREAD, UPSAMPLE_OPTIONS, BlockFields, Tensor
from nas.space.ops import INPUT, Add, Network, Node, Shape

Option = int | str
Architecture = tuple[int, ...]
_Scale = tuple[Fraction, tuple[str, ...]]  # shrinkage by constants, and the choices that shrink or grow further
_NAME = re.compile(r"[\w.]+", re.ASCII)  # of a stage: becomes part of an identifier in code
_BLOCK_FIELDS = tuple(spec.name for spec in fields(BlockFields))


class SpaceError(ValueError):
    """A space that cannot be built, or an architecture that does not belong to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One decision of the space: a name and the options to choose from, all numbers or all names."""

    name: str
    options: tuple[Option, ...]

    def __post_init__(self) -> None:
        if not self.options:
            raise SpaceError(f"choice {self.name!r} has no options; give it at least one")
        if len(set(self.options)) != len(self.options):
            raise SpaceError(f"choice {self.name!r} repeats an option: {self.options}; each may stand once")
        if len({type(option) for option in self.options}) != 1:
            raise SpaceError(f"choice {self.name!r} mixes numbers and names: {self.options}; use one kind")
        if len(self.options) > 127:
            raise SpaceError(f"choice {self.name!r} has {len(self.options)} options; a population is int8, at most 127")

    @property
    def is_numeric(self) -> bool:
        return isinstance(self.options[0], int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One row of the table. Stages named in `inputs` are summed to feed this one; `"input"` is the image.

    `op` is a key of `nas.space.blocks.BLOCKS`. `upsample` is "none", "nearest" or "bilinear" (doubles both sides).
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    width: int | Choice
    expansion: int | Choice = 1
    kernel: int | Choice = 3
    stride: int | Choice = 1
    repeat: int | Choice = 1
    upsample: str | Choice = "none"

    def values(self) -> Iterator[tuple[str, Option | Choice]]:
        """The fields that a block needs, as (field name, constant or choice)."""
        for name in _BLOCK_FIELDS:
            yield name, getattr(self, name)

    def choices(self) -> tuple[Choice, ...]:
        return tuple(value for _, value in self.values() if isinstance(value, Choice))


@dataclass(frozen=True, kw_only=True)
class Space:
    """A set of architectures; see the module's docstring.

    Attributes:
      references: architectures with a name, as option values by choice name; limits may be written relative to them.
    """

    name: str
    input: Shape
    stages: tuple[Stage, ...]
    references: Mapping[str, Mapping[str, Option]] = field(default_factory=dict)
    choices: tuple[Choice, ...] = field(init=False)

    def __post_init__(self) -> None:
        distinct = {choice.name: choice for stage in self.stages for choice in stage.choices()}
        object.__setattr__(self, "choices", tuple(distinct.values()))
        _check_stages(self.stages, distinct)
        _check_sides(self)
        for name in self.references:
            self.reference(name)

    @property
    def num_decisions(self) -> int:
        return len(self.choices)

    @property
    def num_options(self) -> Int[np.ndarray, " d"]:
        return np.array([len(choice.options) for choice in self.choices], dtype=np.int64)

    @property
    def size(self) -> int:
        """How many architectures there are; a Python int, exact beyond 2**64."""
        return math.prod(len(choice.options) for choice in self.choices)

    @property
    def side_multiple(self) -> int:
        """Height and width of an input must divide by this for skip connections to meet; 1 without upsampling."""
        if all(stage.upsample == "none" for stage in self.stages):
            return 1
        steps = {INPUT: 1}
        for stage in self.stages:
            strides = stage.stride.options if isinstance(stage.stride, Choice) else (stage.stride,)
            shrink = math.lcm(*(int(stride) for stride in strides))
            grow = 1 if stage.upsample == "none" else 2
            steps[stage.name] = max(1, max(steps[name] for name in stage.inputs) * shrink // grow)
        return max(steps.values())

    # Architectures -----------------------------------------------------------------------------------------------

    def sample(self, n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
        """Draw `n` architectures, uniformly and independently."""
        return rng.integers(0, self.num_options, size=(n, self.num_decisions)).astype(np.int8)

    def mutate(
        self, population: Int8[np.ndarray, "n d"], rng: np.random.Generator, *, rate: float
    ) -> Int8[np.ndarray, "n d"]:
        """Redraw each decision with probability `rate`; a redrawn one always changes if it has another option."""
        shift = rng.integers(1, np.maximum(self.num_options, 2), size=population.shape)
        changed = (population + shift) % self.num_options
        redrawn = rng.random(population.shape) < rate
        return np.where(redrawn, changed, population).astype(np.int8)

    def cross(
        self, mothers: Int8[np.ndarray, "n d"], fathers: Int8[np.ndarray, "n d"], rng: np.random.Generator
    ) -> Int8[np.ndarray, "n d"]:
        """Take each decision from either parent with equal chance."""
        from_mother = rng.random(mothers.shape) < 0.5
        return np.where(from_mother, mothers, fathers).astype(np.int8)

    def contains(self, population: Int[np.ndarray, "n d"]) -> Bool[np.ndarray, " n"]:
        """Which rows are architectures of this space."""
        if population.shape[1] != self.num_decisions:
            return np.zeros(len(population), dtype=bool)
        within: Bool[np.ndarray, " n"] = np.all((population >= 0) & (population < self.num_options), axis=1)
        return within

    def architecture(self, decisions: Mapping[str, Option]) -> Architecture:
        """Indices of the named option values.

        Raises:
          SpaceError: a choice is missing, unknown, or has no such option.
        """
        unknown = sorted(set(decisions) - {choice.name for choice in self.choices})
        if unknown:
            raise SpaceError(f"space {self.name!r} has no choice {unknown[0]!r}; known: {self._choice_names()}")
        return tuple(_index(choice, decisions) for choice in self.choices)

    def decisions(self, architecture: Sequence[int]) -> dict[str, Option]:
        """Option values by choice name: the readable form of an architecture.

        Raises:
          SpaceError: an index is out of range, or there are too many or too few.
        """
        if not self.contains(np.array([architecture], dtype=np.int64))[0]:
            raise SpaceError(
                f"{tuple(architecture)} is no architecture of space {self.name!r}; it needs "
                f"{self.num_decisions} indices below {tuple(self.num_options.tolist())}"
            )
        return {choice.name: choice.options[i] for choice, i in zip(self.choices, architecture, strict=True)}

    def reference(self, name: str) -> Architecture:
        """The named reference architecture.

        Raises:
          SpaceError: no reference has that name.
        """
        if name not in self.references:
            known = ", ".join(sorted(self.references)) or "none"
            raise SpaceError(f"space {self.name!r} has no reference architecture {name!r}; known: {known}")
        return self.architecture(self.references[name])

    def narrowed(self, architecture: Architecture, factor: float) -> Architecture:
        """The architecture with each chosen width times `factor`, to the nearest option: how one scales by hand.

        Source: the width multiplier of Howard et al. 2017, "MobileNets".
        """
        widths = {stage.width for stage in self.stages if isinstance(stage.width, Choice)}
        return tuple(
            int(np.abs(np.array(choice.options, dtype=float) - factor * float(choice.options[i])).argmin())
            if choice in widths
            else i
            for choice, i in zip(self.choices, architecture, strict=True)
        )

    def _choice_names(self) -> str:
        return ", ".join(choice.name for choice in self.choices)

    # Features ----------------------------------------------------------------------------------------------------

    def encode(self, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n f"]:
        """Features for a predictor: a numeric choice is one column scaled to [0, 1], a named one is one-hot."""
        columns = [_codes(choice)[population[:, i]] for i, choice in enumerate(self.choices)]
        return np.concatenate(columns, axis=1) if columns else np.zeros((len(population), 0))

    def decode(self, features: Float[np.ndarray, "n f"]) -> Int8[np.ndarray, "n d"]:
        """Nearest architecture to each row of features; the inverse of `encode`."""
        decided, start = [], 0
        for choice in self.choices:
            codes = _codes(choice)
            part = features[:, start : start + codes.shape[1]]
            decided.append(np.square(part[:, None, :] - codes[None]).sum(axis=2).argmin(axis=1))
            start += codes.shape[1]
        return np.stack(decided, axis=1).astype(np.int8) if decided else np.zeros((len(features), 0), np.int8)

    # Networks ----------------------------------------------------------------------------------------------------

    def lower(self, architecture: Sequence[int]) -> Network:
        """The architecture's network: operators with shapes, in execution order.

        Raises:
          SpaceError: the architecture is not of this space.
        """
        decisions = self.decisions(architecture)
        nodes: list[Node] = []
        sources = {INPUT: Tensor(INPUT, self.input)}
        for stage in self.stages:
            nodes += lower_stage(stage, [sources[name] for name in stage.inputs], decisions)
            sources[stage.name] = Tensor(nodes[-1].name, nodes[-1].op.output)
        return Network(input=self.input, nodes=tuple(nodes), side_multiple=self.side_multiple)


def lower_stage(stage: Stage, sources: Sequence[Tensor], decisions: Mapping[str, Option]) -> tuple[Node, ...]:
    """One stage's nodes: the sum of its sources, then its block. `decisions` must hold the stage's own choices."""
    source, nodes = sources[0], []
    for i, other in enumerate(sources[1:]):
        assert other.shape == source.shape, f"stage {stage.name!r} adds {source.shape} and {other.shape}"
        join = Node(name=f"{stage.name}.join{i}", op=Add(input=source.shape), inputs=(source.name, other.name))
        nodes.append(join)
        source = Tensor(join.name, source.shape)
    return (*nodes, *BLOCKS[stage.op](stage.name, source, settle(stage, decisions)))


def settle(stage: Stage, decisions: Mapping[str, Option]) -> BlockFields:
    """The stage's fields with its choices replaced by the decided options."""
    settled = {name: decisions[value.name] if isinstance(value, Choice) else value for name, value in stage.values()}
    return BlockFields(**settled)  # type: ignore[arg-type]  # _check_stages has seen that each field's options fit


@functools.cache
def _codes(choice: Choice) -> Float[np.ndarray, "options columns"]:
    """Features of each option, a row each; read-only, for it is asked for again with every population."""
    if choice.is_numeric:
        values = np.array(choice.options, dtype=np.float64)
        codes: Float[np.ndarray, "options columns"] = ((values - values.min()) / (np.ptp(values) or 1.0))[:, None]
    else:
        codes = np.eye(len(choice.options))
    codes.setflags(write=False)
    return codes


def _index(choice: Choice, decisions: Mapping[str, Option]) -> int:
    if choice.name not in decisions:
        raise SpaceError(f"no option is given for choice {choice.name!r}; its options: {choice.options}")
    if decisions[choice.name] not in choice.options:
        raise SpaceError(f"choice {choice.name!r} has no option {decisions[choice.name]!r}; known: {choice.options}")
    return choice.options.index(decisions[choice.name])


def _check_stages(stages: Sequence[Stage], choices: Mapping[str, Choice]) -> None:
    widths: dict[str, int | Choice | None] = {INPUT: None}
    scales: dict[str, _Scale] = {INPUT: (Fraction(1), ())}
    for stage in stages:
        if stage.op not in BLOCKS:
            raise SpaceError(
                f"stage {stage.name!r} has the unknown op {stage.op!r}; known: {', '.join(sorted(BLOCKS))}"
            )
        if not _NAME.fullmatch(stage.name):
            raise SpaceError(f"a stage's name is of letters, digits, '_' and '.', got {stage.name!r}; choose another")
        if stage.name.replace(".", "_") in {name.replace(".", "_") for name in widths}:
            raise SpaceError(f"two stages are called {stage.name!r}, or differ in '.' and '_' alone; rename one")
        for choice in stage.choices():
            if choices[choice.name] != choice:
                raise SpaceError(f"stage {stage.name!r} has another choice called {choice.name!r}; share one object")
        _check_fields(stage)
        _check_inputs(stage, stages, widths)
        _check_sizes(stage, scales)
        widths[stage.name] = stage.width
        scales[stage.name] = _scale(stage, scales[stage.inputs[0]])
    if not stages:
        raise SpaceError("a space needs at least one stage")


def _check_fields(stage: Stage) -> None:
    for spec in fields(Stage):
        if spec.name in UNREAD.get(stage.op, ()) and getattr(stage, spec.name) != spec.default:
            raise SpaceError(f"stage {stage.name!r}: op {stage.op!r} takes no {spec.name}; leave it out")
    for name, value in stage.values():
        for option in value.options if isinstance(value, Choice) else (value,):
            if name == "upsample" and option not in UPSAMPLE_OPTIONS:
                raise SpaceError(f"stage {stage.name!r}: upsample is one of {UPSAMPLE_OPTIONS}, got {option!r}")
            if name != "upsample" and (not isinstance(option, int) or option < 1):
                raise SpaceError(f"stage {stage.name!r}: {name} is a whole number from 1, got {option!r}")
            if name == "kernel" and int(option) % 2 == 0:
                raise SpaceError(
                    f"stage {stage.name!r}: kernel must be odd, got {option}; the nearest is {int(option) + 1}"
                )


def _check_inputs(stage: Stage, stages: Sequence[Stage], widths: Mapping[str, int | Choice | None]) -> None:
    if not stage.inputs:
        raise SpaceError(f"stage {stage.name!r} has no input; name an earlier stage or {INPUT!r}")
    for name in stage.inputs:
        if name not in widths:
            later = any(other.name == name for other in stages)
            why = "comes at or after it (a cycle, or the wrong order)" if later else "does not exist"
            raise SpaceError(f"stage {stage.name!r} takes {name!r}, which {why}; known before it: {', '.join(widths)}")
        if any(other.name == name and other.op in FINAL for other in stages):
            raise SpaceError(
                f"stage {stage.name!r} takes {name!r}, whose answer is no picture; take the stage before {name!r}"
            )
    first, *others = (widths[name] for name in stage.inputs)
    if any(other != first for other in others):
        raise SpaceError(
            f"stage {stage.name!r} adds {' + '.join(stage.inputs)}, whose widths may differ; let them share one Choice"
        )


def _check_sizes(stage: Stage, scales: Mapping[str, _Scale]) -> None:
    first, *others = (scales[name] for name in stage.inputs)
    if any(other != first for other in others):
        raise SpaceError(
            f"stage {stage.name!r} adds {' + '.join(stage.inputs)}, whose heights and widths differ; let strides and "
            f"upsampling on the way to each come to the same"
        )


def _scale(stage: Stage, before: _Scale) -> _Scale:
    """How much smaller a stage's output is than the image, and the choices that make it smaller or larger still."""
    shrink, choices = before
    for value in (stage.stride, stage.upsample):
        options = value.options if isinstance(value, Choice) else (value,)
        factors = {_shrinkage(option) for option in options}
        if len(factors) == 1:
            shrink *= factors.pop()
        elif isinstance(value, Choice):
            choices = tuple(sorted((*choices, value.name)))
    return shrink, choices


def _shrinkage(option: Option) -> Fraction:
    """By what a stride (a number) or an upsampling (a name) divides both sides."""
    if isinstance(option, int):
        return Fraction(option)
    return Fraction(1) if option == "none" else Fraction(1, 2)


def _check_sides(space: Space) -> None:
    if space.input.channels < 1:
        raise SpaceError(f"space {space.name!r}: input has {space.input.channels} channels; give it at least one")
    multiple = space.side_multiple
    for side, value in (("height", space.input.height), ("width", space.input.width)):
        if value % multiple or value < 1:
            nearest = max(multiple, round(value / multiple) * multiple)
            raise SpaceError(
                f"space {space.name!r}: input {side} must be a multiple of {multiple}, got {value}; "
                f"the nearest is {nearest}"
            )

"""What a table's decisions build: by a structure of its own, or by the space that its architectures come from."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from launch.extensions import blamed
from nas.costs import level_table
from nas.plugins import SPACES, STRUCTURES, PluginError
from nas.space import Choice, Space, Structure
from search_spaces.table import PREFIX, Results, ResultsError


@dataclass(frozen=True, slots=True, kw_only=True)
class OfSpace:
    """The levels of a space's networks (`nas.costs.levels`), as a search in it sees them."""

    space: Space

    @property
    def decisions(self) -> tuple[str, ...]:
        return tuple(PREFIX + choice.name for choice in self.space.choices)

    def features(self, options: Mapping[str, np.ndarray]) -> Float[np.ndarray, "n f"]:
        """See `Structure`.

        Raises:
          ValueError: the table has an option that the space lacks.
        """
        columns = [_places(choice, options[PREFIX + choice.name]) for choice in self.space.choices]
        return level_table(self.space).features(np.stack(columns, axis=1).astype(np.int8))


def load_structure(reference: str) -> Structure:
    """What a key, a dotted path or a file stands for; a space stands for its networks' levels.

    Raises:
      PluginError: there is no such thing, or it is neither a structure nor a space.
    """
    try:
        found = STRUCTURES.load(reference)
    except PluginError:
        with suppress(PluginError):
            return OfSpace(space=SPACES.load(reference))
        raise
    if isinstance(found, type) or not isinstance(found, Structure):
        raise PluginError(
            f"{STRUCTURES.export} of {reference} must be an object with `decisions` and a method `features`, got "
            f"{found!r}; docs/predicting.md has one"
        )
    return found


def structured(results: Results, reference: str) -> tuple[Structure, Float[np.ndarray, "n f"]]:
    """The structure, and what it says of every architecture.

    Raises:
      PluginError: see `load_structure`.
      ResultsError: it reads a decision that the table lacks, or gives what no predictor can learn from.
      PartError: it fails.
    """
    structure = load_structure(reference)
    known = {choice.name: i for i, choice in enumerate(results.choices)}
    lacking = [name for name in structure.decisions if name not in known]
    if lacking or not structure.decisions:
        raise ResultsError(
            f"the structure {reference} reads {', '.join(lacking) or 'no decision'}, and {results.name} has "
            f"{', '.join(known)}; rename the columns, or name a structure of this table"
        )
    options = {
        name: np.array(results.choices[known[name]].options)[results.architectures[:, known[name]]]
        for name in structure.decisions
    }
    with blamed(f"structure {reference}"):
        features = np.asarray(structure.features(options), dtype=np.float64)
    if features.ndim != 2 or len(features) != len(results.architectures) or not np.isfinite(features).all():
        raise ResultsError(
            f"the structure {reference} must give a row of finite numbers for each of {len(results.architectures)} "
            f"architectures, got {'x'.join(map(str, features.shape)) or 'one number'}"
            f"{'' if np.isfinite(features).all() else ' with values that are not finite'}; see `nas.space.Structure`"
        )
    return structure, features


def _places(choice: Choice, given: np.ndarray) -> np.ndarray:
    """The options' places in the choice; a table may hold only some of them, and as texts."""
    place = {str(option): i for i, option in enumerate(choice.options)}
    unknown = sorted({str(option) for option in given.tolist()} - place.keys())
    if unknown:
        raise ValueError(f"{PREFIX}{choice.name} holds {unknown[0]}, the space has {', '.join(place)}")
    return np.array([place[str(option)] for option in given.tolist()])

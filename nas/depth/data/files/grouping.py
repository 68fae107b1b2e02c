"""Groups of pictures that must not be split (a scene, a room), and the parts that they are dealt to.

Groups are dealt to train, validation and test in the order of their names' hashes, so that the split depends on nothing
but the names. Where the makers of a data set have put examples into parts, those stay there.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from nas.depth.data.images import DataError

VALIDATION_SHARE, TEST_SHARE = 0.15, 0.15


def group_of(name: Path) -> str:
    """The group of a picture, from its path below `rgb/` without suffix."""
    if len(name.parts) > 1:
        return name.parts[0]
    cut = max(name.name.rfind("_"), name.name.rfind("-"))
    return name.name[:cut] if cut > 0 else name.name


def split_groups(groups: Sequence[str], validation_share: float, test_share: float) -> dict[str, str]:
    """Assign each group to train, validation or test; by name of the group.

    Raises:
      DataError: there are too few groups for three parts.
    """
    ordered = _dealt(groups)
    num_validation = max(1, round(validation_share * len(ordered)))
    num_test = max(1, round(test_share * len(ordered)))
    if len(ordered) <= num_validation + num_test:
        raise DataError(
            f"train, validation and test need a group each, got {len(ordered)} groups: {', '.join(ordered[:5])}; "
            "put the pictures of each scene in a sub-folder of its own, at least three, or lower the shares"
        )
    parts = ["validation"] * num_validation + ["test"] * num_test
    return {group: parts[i] if i < len(parts) else "train" for i, group in enumerate(ordered)}


def split_rest(
    groups: Sequence[str], published: Mapping[str, str], validation_share: float, test_share: float
) -> dict[str, str]:
    """As `split_groups`, where some groups have a part already: the others fill the parts that are missing, and train.

    Raises:
      DataError: there are too few groups for the parts that are missing.
    """
    rest = [group for group in _dealt(groups) if group not in published]
    wanted = {"validation": validation_share, "test": test_share}
    missing = [part for part in wanted if part not in published.values()]
    if not published or not rest:
        return split_groups(groups, validation_share, test_share) if not published else dict(published)
    numbers = {part: max(1, round(wanted[part] * len(rest))) for part in missing}
    if len(rest) <= sum(numbers.values()):
        raise DataError(
            f"train{', '.join(['', *missing])} need a group each, got {len(rest)} groups that are in no part yet: "
            f"{', '.join(rest[:5])}; add more scenes, or lower the shares"
        )
    dealt = [part for part in missing for _ in range(numbers[part])]
    return {**published, **{group: dealt[i] if i < len(dealt) else "train" for i, group in enumerate(rest)}}


def _dealt(groups: Sequence[str]) -> list[str]:
    """Each group once, in the order of the hashes."""
    return sorted(set(groups), key=lambda group: hashlib.sha256(group.encode()).digest())

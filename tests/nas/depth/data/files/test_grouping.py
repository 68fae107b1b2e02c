"""Groups of pictures from their names, and the parts that groups are dealt to."""

from pathlib import Path

import pytest

from nas.depth.data.files.grouping import group_of, split_groups


@pytest.mark.parametrize(
    ("name", "group"),
    [("kitchen/x_1", "kitchen"), ("kitchen_0001", "kitchen"), ("big-hall-7", "big-hall"), ("a", "a"), ("_1", "_1")],
)
def test_the_group_is_the_folder_or_the_stem_before_its_last_mark(name: str, group: str) -> None:
    assert group_of(Path(name)) == group


def test_the_split_depends_on_the_names_alone() -> None:
    groups = [f"scene{i}" for i in range(20)]
    split = split_groups(groups, 0.15, 0.15)
    assert split == split_groups(groups[::-1] * 2, 0.15, 0.15)
    assert sorted(split.values()).count("validation") == sorted(split.values()).count("test") == 3

"""The page on what predictors see: both of its structures guide a replay of a table that they fit."""

import json
from itertools import product
from pathlib import Path

import pytest

from tests.docs.pages import Page, nas

PAGE = Page(name="predicting.md")


@pytest.mark.slow
def test_both_structures_guide_a_replay(tmp_path: Path) -> None:
    cell, stacked = PAGE.blocks()
    operations = ("none", "skip", "conv3", "conv5")
    rows = [f"{a},{b},{c},{len(a) + len(b) * len(c)}" for a, b, c in product(operations, repeat=3)]
    (tmp_path / "cells.csv").write_text("\n".join(["x_left,x_right,x_across,acc", *rows]))
    (tmp_path / "cells.py").write_text(cell)
    rows = [f"{depth},{width},{depth * width}" for depth, width in product(range(1, 9), (8, 16, 24, 32))]
    (tmp_path / "stacks.csv").write_text("\n".join(["x_depth,x_width,acc", *rows]))
    (tmp_path / "stacks.py").write_text(stacked)
    for name, num_features in (("cells", 17), ("stacks", 3)):
        quick = ("--strategies", "chamnet", "--trials", "14", "--seeds", "1", "--jobs", "1", "--json")
        run = nas(tmp_path, "bench", f"{name}.csv", "--objective", "acc", "--structure", f"{name}.py", *quick)
        assert run.returncode == 0, run.stderr
        assert any(f"{num_features} features, in their place" in note for note in json.loads(run.stdout)["notes"])

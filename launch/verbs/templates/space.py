"""A search space: one row a stage, in execution order; a field is a number, or a `Choice` that the search makes.

nas info my_space.py
nas info my_space.py --limit "macs <= 0.5 * sketch"
"""

from nas.space import Choice, Shape, Space, Stage

WIDTH = Choice(name="width", options=(8, 16, 24, 32))
EXPANSION = Choice(name="expansion", options=(1, 3, 6))
DEPTH = Choice(name="depth", options=(1, 2, 3))

SPACE = Space(
    name="my_space",
    input=Shape(3, 32, 32),  # channels, height, width
    stages=(
        Stage(name="stem", op="conv", inputs=("input",), width=WIDTH),
        Stage(name="body", op="mbconv", inputs=("stem",), width=32, expansion=EXPANSION, stride=2, repeat=DEPTH),
        Stage(name="classes", op="classifier", inputs=("body",), width=10),
    ),
    references={"sketch": {"width": 16, "expansion": 3, "depth": 2}},
)

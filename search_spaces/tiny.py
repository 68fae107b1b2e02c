"""A U-Net of one level with every kind of choice, small enough to list and to train in a second: for tests.

    stem > down > up, and stem + up > log-disparity

432 architectures at 32x32. The stem and the stage that goes up are added, so they share a width.
"""

from nas.space import Choice, Shape, Space, Stage

WIDTH = Choice(name="width", options=(4, 8, 12))
DEEP = Choice(name="deep.width", options=(8, 16, 24))
EXPANSION = Choice(name="expansion", options=(1, 2, 4))
KERNEL = Choice(name="kernel", options=(3, 5))
DEPTH = Choice(name="depth", options=(1, 2, 3, 4))
MODE = Choice(name="mode", options=("nearest", "bilinear"))

SPACE = Space(
    name="tiny",
    input=Shape(3, 32, 32),
    stages=(
        Stage(name="stem", op="conv", inputs=("input",), width=WIDTH),
        Stage(
            name="down", op="mbconv", inputs=("stem",), width=DEEP, expansion=EXPANSION, kernel=KERNEL, stride=2,
            repeat=DEPTH,
        ),
        Stage(name="up", op="trb", inputs=("down",), width=WIDTH, expansion=2, upsample=MODE),
        Stage(name="head", op="head", inputs=("stem", "up"), width=1),
    ),
    references={"middle": {"width": 8, "deep.width": 16, "expansion": 2, "kernel": 3, "depth": 2, "mode": "nearest"}},
)  # fmt: skip

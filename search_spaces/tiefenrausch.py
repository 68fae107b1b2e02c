"""U-Nets of FBNet blocks for depth from one image: the space of the depth network of "One Shot 3D Photography".

    level   input > A (down) > B (on the skip) > C (up) > log-disparity
    lA feeds lB and (l+1)A; 5A feeds 5B feeds 5C; lB + (l+1)C feeds lC; 0B + 1C feeds the head 0C

28 decisions: 12 widths (0A..5A, 0B..5B; a decoder stage lC has the width of (l-1)B, which it is added to) and 16
expansions. Size 33,695,156,183,620,386,816,000. Source: Kopf et al. 2020, section 4.1 and figure 5.
"""

from nas.space import Choice, Option, Shape, Space, Stage

WIDTHS = tuple(range(8, 97, 8))
EXPANSIONS = {0: (1, 2, 3), 1: (1, 2, 3), 2: (2, 4, 6), 3: (3, 4, 5, 6), 4: (3, 5, 6, 7, 9), 5: (3, 4, 5, 6, 8, 9)}
REPEAT = 3


def _width(stage: str) -> Choice:
    return Choice(name=f"{stage}.width", options=WIDTHS)


def _trb(name: str, *inputs: str, width: Choice, stride: int = 1, upsample: str = "none") -> Stage:
    expansion = Choice(name=f"{name}.expansion", options=EXPANSIONS[int(name[0])])
    return Stage(
        name=name, op="trb", inputs=inputs, width=width, expansion=expansion, stride=stride, upsample=upsample,
        repeat=REPEAT,
    )  # fmt: skip


def _stages() -> tuple[Stage, ...]:
    stem = Stage(name="0A", op="conv", inputs=("input",), width=_width("0A"))
    down = [_trb(f"{level}A", f"{level - 1}A", width=_width(f"{level}A"), stride=2) for level in range(1, 6)]
    skip = [_trb(f"{level}B", f"{level}A", width=_width(f"{level}B")) for level in range(6)]
    up = [_trb("5C", "5B", width=_width("4B"), upsample="nearest")]
    for level in range(4, 0, -1):
        up.append(_trb(f"{level}C", f"{level}B", f"{level + 1}C", width=_width(f"{level - 1}B"), upsample="nearest"))
    head = Stage(name="0C", op="head", inputs=("0B", "1C"), width=1)
    return (stem, *down, *skip, *up, head)


def _published() -> dict[str, Option]:
    """The network that the paper shipped; expansion 1, 1, 4, 5, 9, 9 by level."""
    encoder, skip = (48, 40, 56, 80, 64, 96), (32, 8, 56, 96, 96, 96)
    widths = {
        f"{level}{kind}.width": width for kind, row in (("A", encoder), ("B", skip)) for level, width in enumerate(row)
    }
    by_level = (1, 1, 4, 5, 9, 9)
    stages = [stage.name for stage in _stages() if stage.op == "trb"]
    return {**widths, **{f"{name}.expansion": by_level[int(name[0])] for name in stages}}


SPACE = Space(
    name="tiefenrausch",
    input=Shape(3, 384, 288),
    stages=_stages(),
    references={"published": _published()},
)

"""Image classifiers of MobileNetV2 blocks with FBNet's choices: expansion, width, kernel and depth of every stage.

    stem > 1 > 2 > 3 > 4 > 5 > 6 > 7 > last (1x1) > classes; stages 2, 3, 4 and 6 halve the sides, as the stem does

The blocks of a stage share its choices. A depth choice is `repeat`: a smaller one switches a stage's later blocks off.
MobileNetV2 1.0 is the reference "mobilenet_v2": 300,774,272 MACs at 224x224. Its 3,504,872 parameters count a weight
and a bias for each of 17,056 batch-norm channels, as torchvision and the module of `nas.lowering.torch_module.build`
do; ours are counted as shipped, batch norms folded, one bias for each channel: 3,487,816. Sources: Sandler et al.,
"MobileNetV2", CVPR 2018, table 2; Wu et al., "FBNet", CVPR 2019, table 1.
"""

from nas.space import Choice, Option, Shape, Space, Stage

NUM_CLASSES = 1000
EXPANSIONS = (1, 3, 6)
KERNELS = (3, 5)
STEM_WIDTHS, LAST_WIDTHS = (16, 24, 32), (960, 1280)
# Stage: its stride, widths and depths.
STAGES: dict[str, tuple[int, tuple[int, ...], tuple[int, ...]]] = {
    "1": (1, (8, 16, 24), (1,)),
    "2": (2, (16, 24, 32), (1, 2, 3)),
    "3": (2, (24, 32, 40), (1, 2, 3, 4)),
    "4": (2, (48, 64, 80), (1, 2, 3, 4)),
    "5": (1, (80, 96, 112), (1, 2, 3, 4)),
    "6": (2, (128, 160, 192), (1, 2, 3, 4)),
    "7": (1, (240, 320, 352), (1, 2)),
}  # fmt: skip
# Table 2 of the paper: expansion, width and depth of each stage; kernel 3 throughout.
MOBILENET_V2 = {
    "1": (1, 16, 1), "2": (6, 24, 2), "3": (6, 32, 3), "4": (6, 64, 4), "5": (6, 96, 3), "6": (6, 160, 3),
    "7": (6, 320, 1),
}  # fmt: skip


def _stage(name: str, source: str) -> Stage:
    stride, widths, depths = STAGES[name]
    return Stage(
        name=name,
        op="mbconv",
        inputs=(source,),
        width=Choice(name=f"{name}.width", options=widths),
        expansion=Choice(name=f"{name}.expansion", options=EXPANSIONS),
        kernel=Choice(name=f"{name}.kernel", options=KERNELS),
        stride=stride,
        repeat=Choice(name=f"{name}.depth", options=depths),
    )


def _stages() -> tuple[Stage, ...]:
    stem_width = Choice(name="stem.width", options=STEM_WIDTHS)
    last_width = Choice(name="last.width", options=LAST_WIDTHS)
    stem = Stage(name="stem", op="conv_relu6", inputs=("input",), width=stem_width, stride=2)
    body = [_stage(name, source) for name, source in zip(STAGES, ("stem", *STAGES), strict=False)]
    last = Stage(name="last", op="conv_relu6", inputs=(body[-1].name,), width=last_width, kernel=1)
    classes = Stage(name="classes", op="classifier", inputs=("last",), width=NUM_CLASSES)
    return (stem, *body, last, classes)


def _mobilenet_v2() -> dict[str, Option]:
    decisions: dict[str, Option] = {"stem.width": 32, "last.width": 1280}
    for name, (expansion, width, depth) in MOBILENET_V2.items():
        decisions |= {f"{name}.width": width, f"{name}.expansion": expansion, f"{name}.depth": depth}
        decisions[f"{name}.kernel"] = 3
    return decisions


SPACE = Space(
    name="mobilenet",
    input=Shape(3, 224, 224),
    stages=_stages(),
    references={"mobilenet_v2": _mobilenet_v2()},
)

"""Small networks that every runtime is tried on: a U-Net with either upsampling, and a classifier."""

from dataclasses import replace

from nas.space import Network, Shape
from search_spaces import mobilenet, tiefenrausch


def small_unet(mode: str) -> Network:
    space = tiefenrausch.SPACE
    stages = tuple(replace(stage, upsample=mode) if stage.upsample == "nearest" else stage for stage in space.stages)
    return replace(space, input=Shape(3, 64, 32), stages=stages).lower((0,) * space.num_decisions)


def small_classifier() -> Network:
    space = replace(mobilenet.SPACE, input=Shape(3, 64, 32))
    return space.lower((0,) * space.num_decisions)


NETWORKS = {"nearest": small_unet("nearest"), "bilinear": small_unet("bilinear"), "classifier": small_classifier()}

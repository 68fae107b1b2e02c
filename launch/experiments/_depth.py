"""What experiments on depth share: the resources that are counted, and reading the user's own pictures."""

import platform
from typing import TYPE_CHECKING

from launch.experiment import Workplace
from nas.costs import AnyResource
from nas.resources import flops, macs, params, peak_activation_bytes, weight_bytes

if TYPE_CHECKING:  # torch and the readers are loaded when a search starts, not when experiments are listed
    from nas.depth.data import DepthData

RESOURCES: tuple[AnyResource, ...] = (
    *macs.RESOURCES,
    *flops.RESOURCES,
    *params.RESOURCES,
    *weight_bytes.RESOURCES,
    *peak_activation_bytes.RESOURCES,
)


def slow_bfloat16() -> str:
    """What there is to say of a training in bfloat16 on a machine like this one; "" for nothing."""
    import torch

    if torch.cuda.is_available() or _computes_bfloat16():
        return ""
    return (
        "this experiment trains in bfloat16, and this machine has neither a GPU nor a CPU that computes in it: where "
        'workers are like it a step takes minutes; run it on GPUs, or copy its file and set precision="float32"'
    )


def _computes_bfloat16() -> bool:
    import torch

    if platform.machine().lower() in ("x86_64", "amd64"):
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def rendered_or_own(place: Workplace, size: tuple[int, int], *, num_images: int, seed: int) -> "DepthData":
    """The user's pictures; without any, Freedoom's maps.

    Raises:
      DataError: see `own_pictures`, or the renderer is not installed.
    """
    if place.data is not None:
        return own_pictures(place, size)
    return rendered_maps(place, size, num_images=num_images, seed=seed)


def rendered_maps(place: Workplace, size: tuple[int, int], *, num_images: int, seed: int) -> "DepthData":
    """Freedoom's maps.

    Raises:
      DataError: the renderer is not installed.
    """
    from nas.depth.data import freedoom

    return freedoom.load(
        place.cache,
        num_images=num_images,
        seed=seed,
        size=size,
        workers=place.workers,
        progress=lambda done, total: place.progress("rendering maps", done, total),
    )


def own_pictures(place: Workplace, size: tuple[int, int]) -> "DepthData":
    """The user's pictures; what there is to know of how they were read is said.

    Raises:
      DataError: there are none, or they cannot be read.
    """
    from nas.depth.data import DataError
    from nas.depth.data.sets import DataSet, read_sets
    from nas.depth.data.storage import usual_room

    if place.data is None:
        raise DataError("this search is on your own pictures, got none; give --data FOLDER with rgb/ and depth/")
    data = read_sets(
        place.sets or (DataSet(path=place.data),),
        size=size,
        room=usual_room(place.cache),
        meaning=place.depth,
        progress=lambda done, total: place.progress("reading pictures", done, total),
    )
    for note in data.notes:
        place.say(note)
    return data

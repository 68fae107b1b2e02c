"""What experiments on depth share: the resources that are counted, and reading the user's own pictures."""

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


def own_pictures(place: Workplace, size: tuple[int, int]) -> "DepthData":
    """The user's pictures; what there is to know of how they were read is said.

    Raises:
      DataError: there are none, or they cannot be read.
    """
    from nas.depth.data import DataError
    from nas.depth.data.room import usual_room
    from nas.depth.data.sets import DataSet, read_sets

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

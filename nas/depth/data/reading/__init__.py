"""A data set read whole, whatever its format: looked at, doubted where it looks like something else, and told of. They
import nas.depth.data.
"""

from nas.depth.data.reading.reading import AS_WRITTEN, read_set

__all__ = [
    "AS_WRITTEN",
    "read_set",
]

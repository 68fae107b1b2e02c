"""PFM, the portable float map: one 32-bit number a pixel, rows from the lowest to the highest.

Source: http://www.pauldebevec.com/Research/HDR/PFM, as Middlebury writes it: "Pf", width and height, a scale whose sign
tells the order of the bytes (below 0: the lowest first).
"""

import re
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from nas.depth.data.files import MAX_PIXELS
from nas.depth.data.images import DataError

HEADER = re.compile(rb"(P[fF])\s+(\d+)\s+(\d+)\s+([-+.\deE]+)[ \t\r]*\n")


def read_pfm(path: Path, content: bytes) -> Float32[np.ndarray, "h w"]:
    """The numbers, the highest row first.

    Raises:
      DataError: it is no PFM of one channel, or is cut short.
    """
    header = HEADER.match(content)
    if header is None or header[1] != b"Pf":
        raise DataError(f"disparity must be a PFM of one channel, {path} is none; restore it")
    width, height, scale = int(header[2]), int(header[3]), float(header[4])
    if width * height > MAX_PIXELS:
        raise DataError(f"disparity may have at most {MAX_PIXELS:,} pixels, {path} says {width} x {height}; restore it")
    body = content[header.end() :]
    if len(body) < 4 * width * height:
        raise DataError(
            f"a PFM of {width} x {height} has {4 * width * height:,} bytes of numbers, {path} has {len(body):,}; "
            "restore it"
        )
    numbers = np.frombuffer(body, dtype="<f4" if scale < 0 else ">f4", count=width * height)
    return np.flipud(numbers.reshape(height, width)).astype(np.float32)

"""A network's small answer brought back to the picture's own edges.

Where the answer is smooth it is enlarged by a cubic; where it has an edge, each pixel takes the median of the network's
pixels around it, each weighted by how like the pixel's colour the picture is there: a median invents no depth between
near and far, so edges are steps, and they lie where the picture's edges lie.

Measured on the Middlebury motorcycle, true log-disparity shrunk to 192x128 and brought back to 741x500, mean error
within 7 pixels of an edge: bilinear .0286, guided filter .0371 (the best of 10 settings), fast global smoother .0316,
joint bilateral filter of the network's pixels .0235, weighted median .0175; at 96x64 bilinear .0561, joint
bilateral .0473, weighted median .0383.

Source: Zhang, Xu and Jia 2014, "100+ times faster weighted median filter"; Kopf et al. 2007, "Joint bilateral
upsampling".
"""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

MEDIAN_SIDE = 1024  # pixels of the long side: the median's time grows with the picture, and beyond this a filter does
MEDIAN_REACH = 0.75  # of a network's pixel
MEDIAN_SIGMA = 25.0  # of colour, of 255
SMOOTH, EDGE = 0.05, 0.1  # of the answer's range, between a network's pixel and its neighbours
FINE_SIGMA = 12.0  # of colour, of 255
STRIP = 512  # rows that are enlarged at once, so that memory does not grow with the picture


def upsampled(answer: Float32[np.ndarray, "p q"], rgb: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "h w"]:
    """The answer at the picture's size, with the picture's edges; no value is beyond the answer's own range."""
    height, width = rgb.shape[:2]
    scale = min(1.0, MEDIAN_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    guide = rgb if scale == 1 else cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    middle = _edged(answer, guide)
    return middle if scale == 1 else _enlarged(middle, rgb)


def _edged(answer: Float32[np.ndarray, "p q"], guide: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "h w"]:
    size = guide.shape[1], guide.shape[0]
    smooth = cv2.resize(answer, size, interpolation=cv2.INTER_CUBIC)
    low, high = float(answer.min()), float(answer.max())
    if high > low:
        blocks = cv2.resize(answer, size, interpolation=cv2.INTER_NEAREST_EXACT)
        reach = max(1, round(MEDIAN_REACH * max(size) / max(answer.shape)))
        steps = cv2.ximgproc.weightedMedianFilter(guide, blocks, reach, sigma=MEDIAN_SIGMA)
        smooth = smooth + (steps - smooth) * cv2.resize(_edges(answer), size, interpolation=cv2.INTER_LINEAR)
    edged: Float32[np.ndarray, "h w"] = np.clip(smooth, low, high).astype(np.float32)
    return edged


def _edges(answer: Float32[np.ndarray, "p q"]) -> Float32[np.ndarray, "p q"]:
    """From 0 where the answer is smooth to 1 where it has an edge."""
    block = np.ones((3, 3), np.uint8)
    spread = (cv2.dilate(answer, block) - cv2.erode(answer, block)) / np.ptp(answer)
    edges: Float32[np.ndarray, "p q"] = np.clip((spread - SMOOTH) / (EDGE - SMOOTH), 0, 1).astype(np.float32)
    return edges


def _enlarged(middle: Float32[np.ndarray, "p q"], rgb: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "h w"]:
    """By a joint bilateral filter, a strip of rows after another."""
    height, width = rgb.shape[:2]
    reach = max(2, round(max(rgb.shape) / max(middle.shape)))
    blocks = cv2.resize(middle, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    whole = np.empty((height, width), np.float32)
    for top in range(0, height, STRIP):
        rows = slice(max(0, top - reach), min(height, top + STRIP + reach))
        strip = cv2.ximgproc.jointBilateralFilter(
            rgb[rows].astype(np.float32), blocks[rows], 2 * reach + 1, FINE_SIGMA, reach
        )
        whole[top : top + STRIP] = strip[top - rows.start :][:STRIP]
    return whole

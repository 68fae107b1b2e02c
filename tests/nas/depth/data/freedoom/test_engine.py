"""What the engine's depth byte says."""

import numpy as np

from nas.depth.data.freedoom.engine import linear_depth


def test_depth_is_linear_in_the_byte_and_the_sky_has_none() -> None:
    code = np.array([[0, 100, 127]], dtype=np.uint8)
    np.testing.assert_allclose(linear_depth(code), [[14.5, 727.5, np.nan]])

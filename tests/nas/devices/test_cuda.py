"""The GPU device where there is no GPU: it can be listed, and says what it needs when it is used."""

import pytest
import torch

from nas.devices import cuda
from nas.space import Add, Shape
from tests.experiments.tiny import SPACE

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
REFUSAL = "needs an NVIDIA GPU, and torch sees none on this machine; run this where there is one"


def test_loading_and_describing_are_refused() -> None:
    with pytest.raises(ValueError, match=REFUSAL):
        cuda.DEVICE.load_operator(Add(input=Shape(4, 8, 8)))
    with pytest.raises(ValueError, match=REFUSAL):
        cuda.DEVICE.load_network(SPACE.lower(SPACE.reference("published")))
    with pytest.raises(ValueError, match=REFUSAL):
        cuda.DEVICE.describe()

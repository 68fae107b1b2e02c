import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from nas.depth.training.losses import aligned_residual, depth_loss, edge_term


def batch(num: int = 2, size: int = 16, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    prediction = torch.randn(num, 1, size, size, generator=generator)
    truth = torch.randn(num, size, size, generator=generator)
    return prediction, truth, torch.rand(num, size, size, generator=generator) < 0.8


def loss(prediction: Tensor, truth: Tensor, valid: Tensor, edge_weight: float = 0.5) -> float:
    return float(depth_loss(prediction, truth, valid, edge_weight=edge_weight))


@settings(deadline=None)
@given(st.floats(0.1, 10), st.floats(-3, 3))
def test_any_affine_gauge_of_the_truth_costs_nothing(scale: float, shift: float) -> None:
    _, truth, valid = batch()
    assert loss(scale * truth[:, None] + shift, truth, valid) == pytest.approx(0, abs=1e-5)


@settings(deadline=None)
@given(st.floats(0.1, 10), st.floats(-3, 3))
def test_the_gauge_of_the_prediction_does_not_matter(scale: float, shift: float) -> None:
    prediction, truth, valid = batch()
    assert loss(scale * prediction + shift, truth, valid) == pytest.approx(loss(prediction, truth, valid), rel=1e-4)


@settings(deadline=None)
@given(st.floats(0.1, 10), st.floats(-3, 3))
def test_the_unit_of_depth_does_not_matter_and_its_contrast_scales(contrast: float, shift: float) -> None:
    prediction, truth, valid = batch()
    scaled = loss(prediction, contrast * truth + shift, valid)
    assert scaled == pytest.approx(contrast * loss(prediction, truth, valid), rel=1e-4)


def test_upside_down_is_worse_than_noise() -> None:
    prediction, truth, valid = batch()
    assert loss(-truth[:, None], truth, valid, 0.0) > loss(prediction, truth, valid, 0.0)


def test_the_data_term_by_hand() -> None:
    """With p = 0 0 6 of mean 2, deviation 8/3, and d = 0 3 3 of 2 and 4/3: R = (-1 -1 2) - (-2 1 1) = 1 -2 1."""
    prediction, truth = torch.tensor([[[[0.0, 0.0, 6.0]]]]), torch.tensor([[[0.0, 3.0, 3.0]]])
    valid = torch.ones(1, 1, 3, dtype=torch.bool)
    residual = aligned_residual(prediction[:, 0], truth, valid.float())
    torch.testing.assert_close(residual, torch.tensor([[[1.0, -2.0, 1.0]]]))
    assert loss(prediction, truth, valid, 0.0) == pytest.approx(4 / 3)


def test_the_edge_term_of_a_ramp_by_hand() -> None:
    """R = column index on 16 x 16: at scale k, n = 16 / 2^k, n (n - 1) steps of 2^k over n^2 pixels."""
    ramp = torch.arange(16.0).expand(1, 16, 16)
    expected = sum(2**k * (n - 1) / n for k, n in enumerate((16, 8, 4, 2)))
    assert float(edge_term(ramp, torch.ones(1, 16, 16), torch.ones(1, 16, 16))) == pytest.approx(expected)
    assert float(edge_term(ramp.mT, torch.ones(1, 16, 16), torch.ones(1, 16, 16))) == pytest.approx(expected)


def test_an_edge_next_to_a_masked_pixel_does_not_count() -> None:
    residual = torch.tensor([[[0.0, 5.0, 0.0]]])
    mask = torch.tensor([[[1.0, 0.0, 1.0]]])
    assert float(edge_term(residual, mask, mask)) == 0


def test_masked_pixels_have_no_influence() -> None:
    prediction, truth, valid = batch()
    wild_prediction = torch.where(valid[:, None], prediction, 1e4)
    wild_truth = torch.where(valid, truth, -1e4)
    assert loss(wild_prediction, wild_truth, valid) == pytest.approx(loss(prediction, truth, valid), rel=1e-5)
    prediction.requires_grad_()
    depth_loss(prediction, truth, valid, edge_weight=0.5).backward()
    assert prediction.grad is not None
    assert prediction.grad[~valid[:, None]].abs().max() == 0


def test_nothing_valid_and_nothing_predicted_stay_finite() -> None:
    prediction, truth, valid = batch()
    flat = torch.zeros_like(prediction, requires_grad=True)
    for mask in (valid, torch.zeros_like(valid)):
        value = depth_loss(flat, truth, mask, edge_weight=0.5)
        value.backward()
        assert math.isfinite(value.item())
        assert flat.grad is not None
        assert bool(flat.grad.isfinite().all())
    assert loss(prediction, truth, torch.zeros_like(valid)) == 0


def test_the_gradient_is_the_numerical_one() -> None:
    _, truth, valid = batch(num=1, size=4)
    generator = torch.Generator().manual_seed(3)
    prediction = torch.randn(1, 4, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda p: aligned_residual(p, truth.double(), valid.double()).square().sum(), (prediction,)
    )

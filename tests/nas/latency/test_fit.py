"""From operator times to whole networks: a line that is found, and its error on networks that it has not seen."""

import numpy as np
import pytest
from scipy.stats import norm

from nas.latency.fit import cross_fit, fit_line, judge, kind, margin, predict, sums
from nas.space import Add, Conv, GlobalPool, Network, Node, Shape, Upsample

SHAPE = Shape(4, 8, 8)
RNG = np.random.default_rng(0)
NETWORKS = [{"pointwise": float(a), "add": float(b)} for a, b in RNG.uniform(1.0, 20.0, (30, 2))]


def test_operators_are_told_apart_by_how_they_run() -> None:
    assert kind(Conv(input=SHAPE, width=8, kernel=1)) == "pointwise"
    assert kind(Conv(input=SHAPE, width=8, kernel=3)) == "convolution"
    assert kind(Conv(input=SHAPE, width=4, kernel=3, groups=4)) == "depthwise"
    assert kind(Add(input=SHAPE)) == "add"
    assert kind(Upsample(input=SHAPE, mode="nearest")) == "upsample"
    assert kind(GlobalPool(input=SHAPE)) == "global_pool"


def test_a_networks_operators_are_summed_by_kind() -> None:
    ops = [Add(input=SHAPE), Conv(input=SHAPE, width=4, kernel=1), Add(input=SHAPE)]
    network = Network(input=SHAPE, nodes=tuple(Node(name=str(i), op=op, inputs=()) for i, op in enumerate(ops)))
    assert sums({ops[0].key: 0.5, ops[1].key: 2.0}, network) == {"add": 1.0, "pointwise": 2.0}


def test_one_slope_for_all_is_found_exactly() -> None:
    measured = np.array([0.7 + 1.3 * sum(one.values()) for one in NETWORKS])
    line = fit_line(NETWORKS, measured)
    assert line.intercept_ms == pytest.approx(0.7, rel=1e-3)
    assert line.slopes == pytest.approx({"add": 1.3, "pointwise": 1.3}, rel=1e-3)
    fit = judge(cross_fit(NETWORKS, measured), measured)
    assert fit.mape < 1e-3 and fit.margin < 1e-3 and abs(fit.bias) < 1e-3
    assert fit.spearman == pytest.approx(1.0) and fit.within_10_percent == 1.0 and fit.num_networks == 30


def test_a_slope_of_its_own_is_found_where_networks_show_it() -> None:
    measured = np.array([1.0 + 1.2 * one["pointwise"] + 2.4 * one["add"] for one in NETWORKS])
    line = fit_line(NETWORKS, measured)
    assert line.slopes == pytest.approx({"add": 2.4, "pointwise": 1.2}, rel=0.03)
    assert judge(cross_fit(NETWORKS, measured), measured).mape < 0.01


def test_a_slope_that_networks_leave_open_is_the_common_one() -> None:
    networks = [{**one, "resize": 1e-6} for one in NETWORKS]
    measured = np.array([1.5 * sum(one.values()) for one in networks])
    assert fit_line(networks, measured).slopes["resize"] == pytest.approx(1.5, rel=0.01)


def test_nothing_is_ever_negative() -> None:
    measured = np.array([2.0 * sum(one.values()) - 1.0 for one in NETWORKS])
    line = fit_line(NETWORKS, measured)
    assert line.intercept_ms == 0.0
    assert all(1.0 < slope < 2.0 for slope in line.slopes.values())


def test_the_margin_is_a_tolerance_limit() -> None:
    """It covers 95 % of the networks in 95 of a hundred tables, where errors are normal: Hahn and Meeker's factor."""
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(500):
        excess = margin(np.ones(30), 1 + 0.03 * rng.normal(size=30))
        covered.append(norm.cdf(excess / 0.03) >= 0.95)
    assert 0.88 <= np.mean(covered) <= 1.0  # a little less than by the standard deviation, which outliers would spoil


def test_a_few_networks_that_ran_far_too_long_hardly_move_line_and_margin() -> None:
    rng = np.random.default_rng(1)
    measured = np.array([0.7 + 1.3 * sum(one.values()) for one in NETWORKS]) * (1 + 0.02 * rng.normal(size=30))
    disturbed = measured * np.where(np.arange(30) % 10 == 0, rng.uniform(1.3, 2.0, 30), 1.0)
    quiet, noisy = (judge(cross_fit(NETWORKS, ms), ms) for ms in (measured, disturbed))
    assert 0.03 < quiet.margin < 0.08 and noisy.margin < 1.6 * quiet.margin
    line = fit_line(NETWORKS, disturbed)
    assert predict(line, NETWORKS) == pytest.approx(predict(fit_line(NETWORKS, measured), NETWORKS), rel=0.03)


def test_networks_that_are_quicker_than_predicted_need_no_margin() -> None:
    assert margin(np.full(30, 2.0), np.ones(30)) == 0.0


def test_networks_are_predicted_by_a_line_that_has_not_seen_them() -> None:
    measured = np.array([1.0, 2.5, 3.0, 8.0, 6.0])
    networks = [{"add": float(ms)} for ms in range(1, 6)]
    for i in range(5):
        others = [j for j in range(5) if j != i]
        line = fit_line([networks[j] for j in others], measured[others])
        assert cross_fit(networks, measured)[i] == pytest.approx(predict(line, [networks[i]])[0])

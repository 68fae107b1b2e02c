"""Verdict on predictor quality in words: how far a predictor can be trusted on trials that it has not seen."""

import math

from launch.report.facts import LEVELS, share
from launch.report.view import listed
from nas.search import PredictorQuality

FEW_POINTS = 12
GOOD_TAU = 0.6


def judgement(quality: PredictorQuality) -> tuple[str, ...]:
    """What the figures mean, one sentence each; says so where they mean little."""
    return (_on_ranking(quality.num_points, quality.kendall_tau), _on_intervals(quality))


def chance_tau(num_points: int) -> float:
    """The |tau| that a ranking at random stays below in 95 % of cases (normal approximation); 1.0 below 4 points.

    Source: Kendall 1938, "A new measure of rank correlation": variance 2 (2 n + 5) / (9 n (n - 1)).
    """
    if num_points < 4:
        return 1.0
    variance = 2 * (2 * num_points + 5) / (9 * num_points * (num_points - 1))
    return min(1.0, 1.96 * math.sqrt(variance))


def _on_ranking(num_points: int, tau: float) -> str:
    chance = chance_tau(num_points)
    if num_points < FEW_POINTS:
        return (
            f"{num_points} points are too few to judge a predictor: at random, tau would lie anywhere within "
            f"±{chance:.2f}."
        )
    if tau <= chance:
        return (
            f"Tau {tau:.2f} cannot be told from chance: a ranking at random stays within ±{chance:.2f} on "
            f"{num_points} points. What the predictor proposed is no better founded than a random draw; only the "
            "trained and measured finals count."
        )
    if tau < GOOD_TAU:
        return (
            f"Tau {tau:.2f} is better than chance (±{chance:.2f} on {num_points} points) but moderate: of two "
            f"architectures, about {(1 + tau) / 2:.0%} of the time the one predicted better is better. Good enough to "
            "steer a search, not to decide one; the finals decide."
        )
    return (
        f"Tau {tau:.2f}: of two architectures, about {(1 + tau) / 2:.0%} of the time the one predicted better is "
        f"better (at random: 50%; chance alone keeps tau within ±{chance:.2f} on {num_points} points)."
    )


def _on_intervals(quality: PredictorQuality) -> str:
    covered = (quality.coverage_50, quality.coverage_80, quality.coverage_95)
    if not all(math.isfinite(value) for value in covered):
        return "Its intervals could not be checked: no point was held out."
    found = [(level, share(value, quality.num_points)) for level, value in zip(LEVELS, covered, strict=True)]
    fewer = [f"{level:.0%}" for level, one in found if one.high < level]
    more = [f"{level:.0%}" for level, one in found if one.low > level]
    if fewer:
        return f"Its {listed(fewer)} intervals hold clearly fewer trials than they claim: it is overconfident."
    if more:
        return f"Its {listed(more)} intervals hold clearly more trials than they claim: it is timid."
    return "Its intervals hold about as many trials as they claim, as far as this number of points can tell."

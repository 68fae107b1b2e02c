"""Model selection among the other predictors by cross-validation; those that do about equally well are mixed.

No predictor ranks best on every space and at every number of trials, and which one does is seen only on the run's own
data. Each member is fitted to four fifths of the points and ranks the rest. The member of highest Kendall tau is taken,
and with it every other that comes near it (`tau_margin`) and finds the best points as well. Together they predict the
mixture of their normals with equal weights, so that where they disagree the standard deviation grows.

The one predictor that imports its neighbours: they are what it chooses from.

    n    points: below `MIN_POINTS` there is no choosing, and the Gaussian process answers alone
    tau  Kendall's, over all held-out points together
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float

from nas.search import Fitted, Prediction, Predictor, cross_predict, kendall_tau, top_k_regret
from predictors import extra_trees, forest, gp, mlp, pairwise, ridge
from predictors._rank_normal import RankNormal
from predictors._shared import check_training, tau_margin

MIN_POINTS = 12
FOLDS = 5
SEED = 0
"""Of the folds; fixed, so that the same data give the same choice."""
TOP_SHARE = 0.1
"""Of the points: finding the best among so many counts beside tau."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A predictor that may be chosen where the number of points lies between `least` and `most`.

    A network learns nothing from a dozen points; a Gaussian process takes n^3 operations.
    """

    predictor: Predictor
    least: int = MIN_POINTS
    most: int = 100_000


MEMBERS: Mapping[str, Member] = {
    "gp": Member(predictor=gp.PREDICTOR, most=2_000),
    "gp on ranks": Member(predictor=RankNormal(predictor=gp.PREDICTOR), most=2_000),
    "ridge": Member(predictor=ridge.PREDICTOR),
    "pairwise": Member(predictor=pairwise.PREDICTOR, most=1_000),
    "forest": Member(predictor=forest.PREDICTOR),
    "extra trees on ranks": Member(predictor=RankNormal(predictor=extra_trees.PREDICTOR)),
    "mlp": Member(predictor=mlp.PREDICTOR, least=40),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How a member did on points that it had not seen; `regret` is in the unit of y."""

    name: str
    tau: float
    regret: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Auto:
    """Recipe: the members to choose from; `fallback` names the one for too few points."""

    members: Mapping[str, Member] = field(default_factory=lambda: MEMBERS)
    fallback: str = "gp"

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "FittedAuto":
        """See `nas.search.Predictor`. A fit costs six of each member's."""
        check_training(X, y)
        able = {name: m.predictor for name, m in self.members.items() if m.least <= len(y) <= m.most}
        if len(able) < 2 or np.ptp(y) == 0:
            chosen = [next(iter(able), self.fallback)]
            reason = f"{chosen[0]}: {len(y)} points, all alike or too few to compare predictors on"
        else:
            scores = [_score(name, predictor, X, y) for name, predictor in able.items()]
            chosen, reason = _choose(scores, len(y))
        fitted = tuple(self.members[name].predictor.fit(X, y) for name in chosen)
        return FittedAuto(members=fitted, names=tuple(chosen), reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedAuto:
    """The chosen members, and why they were chosen."""

    members: tuple[Fitted, ...]
    names: tuple[str, ...]
    reason: str

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        """See `nas.search.Fitted`: mean and standard deviation of the members' mixture."""
        predictions = [member.predict(X) for member in self.members]
        means = np.stack([prediction.mean for prediction in predictions])
        variances = np.stack([prediction.std**2 for prediction in predictions])
        return Prediction(mean=means.mean(axis=0), std=np.sqrt(variances.mean(axis=0) + means.var(axis=0)))

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        """`predict(X).mean`."""
        return np.asarray(np.mean([member.predict_mean(X) for member in self.members], axis=0))

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "FittedAuto":
        """Every member believes its own prediction; the choice stays."""
        return replace(self, members=tuple(member.fantasise(X_pending) for member in self.members))


def _score(name: str, predictor: Predictor, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> Score:
    """The same folds for every member."""
    mean = cross_predict(predictor, X, y, folds=FOLDS, rng=np.random.default_rng(SEED)).mean
    top = max(1, round(TOP_SHARE * len(y)))
    return Score(name=name, tau=kendall_tau(mean, y), regret=top_k_regret(mean, y, k=top))


def _choose(scores: Sequence[Score], num_points: int) -> tuple[list[str], str]:
    """The best by tau, and those beside it that cannot be told from it and find the best points no worse."""
    best = max(scores, key=lambda score: (score.tau, -score.regret))
    margin = tau_margin(num_points)
    joined = [s for s in scores if s is best or (s.tau >= best.tau - margin and s.regret <= best.regret)]
    seen = ", ".join(f"{score.name} {score.tau:.3f}/{score.regret:.3g}" for score in scores)
    reason = (
        f"{' + '.join(score.name for score in joined)}: the best of {len(scores)} by cross-validated Kendall tau on "
        f"{num_points} points, with those within {margin:.3f} of it that lose no more among the top "
        f"{TOP_SHARE:.0%} (tau/regret: {seen})"
    )
    return [score.name for score in joined], reason


PREDICTOR = Auto()

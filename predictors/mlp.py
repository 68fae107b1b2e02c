"""Ensemble of small neural networks, trained to rank as well as to predict.

For features that act together in ways that neither a line nor a length scale describes. Ten networks are trained at
once (`_mlp_train`), each without a fifth of the points. The spread of their answers says where they guess. The points
that a network has not seen tell the rest: the unit of its answers, which the ranking loss stretches, and the noise.

Notation, in scaled units (X on the unit cube and centred, y standardised, then brought to the unit of the answers):
    e   members
    D   e, m   members' answers less their mean, divided by sqrt(e - 1)
    B   e, e   covariance of the members' coefficients: variance of the mean at row x is d'Bd. The identity after a fit
    t2  float  noise variance
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float

from nas.search import Prediction
from predictors._mlp_train import Weights, predictions, trained
from predictors._shared import Scale, centred_cube, check_features, check_training, standard

NUM_MEMBERS = 10
NUM_FOLDS = 5
SEED = 0
"""Of first weights, folds and batches; fixed, so that the same data give the same ensemble."""
MIN_NOISE_STD = 1e-2
"""Share of y's standard deviation below which no claim is believed."""
PRIOR_POINTS = 10.0
"""What the belief in an unstretched unit is worth, in points on which the answers have variance 1."""
MIN_SLOPE = 0.1
"""Of y over the answers; held-out points without any sense must not turn the order around."""
CHUNK_ROWS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """Recipe: ten networks, and a noise that accounts for the points each has not seen."""

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "FittedEnsemble":
        """See `nas.search.Predictor`. A single point says nothing of the noise: its standard deviation is 1."""
        check_training(X, y)
        X, y = X.astype(np.float64), y.astype(np.float64)
        input_scale, output_scale = centred_cube(X), standard(y)
        inputs = input_scale.apply(X)
        targets = output_scale.apply(y) if np.ptp(y) > 0.0 else np.zeros(len(y))  # Adam would learn a rounding error
        rng = np.random.default_rng(SEED)
        unseen = _unseen(len(y), rng)
        weights = trained(inputs, targets, unseen, rng)
        answers = _answers(weights, inputs)
        held_out = np.where(unseen, answers, 0.0).sum(axis=0) / np.maximum(unseen.sum(axis=0), 1)
        output_scale = _unit_of(held_out, targets, output_scale)
        return FittedEnsemble(
            weights=weights,
            covariance=np.eye(NUM_MEMBERS),
            noise=_noise(answers, held_out, output_scale.apply(y)),
            input_scale=input_scale,
            output_scale=output_scale,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedEnsemble:
    """The networks, the covariance B and the noise t2."""

    weights: Weights
    covariance: Float[np.ndarray, "e e"]
    noise: float
    input_scale: Scale
    output_scale: Scale

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        """See `nas.search.Fitted`."""
        mean, D = self._mean_and_deviations(X)
        variance = np.maximum(np.einsum("em,em->m", D, self.covariance @ D), 0.0) + self.noise
        std = np.sqrt(variance) * self.output_scale.width
        return Prediction(mean=mean * self.output_scale.width + self.output_scale.shift, std=std)

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        """`predict(X).mean`."""
        return self.predict(X).mean

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "FittedEnsemble":
        """Condition the members' covariance on the pending points; nothing is trained and no mean moves.

        Rows on which the members differ alike lose variance together, as under a Gaussian process whose covariance is
        the members'.
        Source: Evensen 2003, "The ensemble Kalman filter: theoretical formulation and practical implementation".
        """
        _, D = self._mean_and_deviations(X_pending)
        B = self.covariance
        gain = np.linalg.solve(D.T @ B @ D + self.noise * np.eye(D.shape[1]), D.T @ B)
        return replace(self, covariance=B - B @ D @ gain)

    def _mean_and_deviations(
        self, X: Float[np.ndarray, "m f"]
    ) -> tuple[Float[np.ndarray, "m"], Float[np.ndarray, "e m"]]:
        check_features(X, len(self.input_scale.shift))
        answers = _answers(self.weights, self.input_scale.apply(X))
        mean: Float[np.ndarray, " m"] = answers.mean(axis=0)
        return mean, (answers - mean) / np.sqrt(NUM_MEMBERS - 1)


def _answers(weights: Weights, inputs: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "e m"]:
    """Every member's output for every row, in chunks that stay in the cache."""
    rows = torch.from_numpy(inputs.astype(np.float32))
    with torch.inference_mode():
        answers = torch.cat([predictions(weights, chunk) for chunk in torch.split(rows, CHUNK_ROWS)], dim=1)
    return answers.numpy().astype(np.float64)


def _unseen(num_points: int, rng: np.random.Generator) -> Bool[np.ndarray, "e n"]:
    """A fold for each member, of a partition that is drawn anew when its folds are used up; none of a single point."""
    num_folds = min(NUM_FOLDS, num_points)
    if num_folds < 2:
        return np.zeros((NUM_MEMBERS, num_points), bool)
    folds = np.arange(num_points) % num_folds
    partitions = [rng.permutation(folds) for _ in range(0, NUM_MEMBERS, num_folds)]
    return np.stack([partitions[i // num_folds] == i % num_folds for i in range(NUM_MEMBERS)])


def _unit_of(held_out: Float[np.ndarray, "n"], targets: Float[np.ndarray, "n"], scale: Scale) -> Scale:
    """The scale between answers and y: `scale` after a least-squares line from answers to unseen points to targets."""
    centred = held_out - held_out.mean()
    slope = (float(centred @ targets) + PRIOR_POINTS) / (float(centred @ centred) + PRIOR_POINTS)
    slope = max(slope, MIN_SLOPE)
    shift = scale.shift + (targets.mean() - slope * held_out.mean()) * scale.width
    return Scale(shift=np.asarray(shift), width=np.asarray(slope * scale.width))


def _noise(
    answers: Float[np.ndarray, "e n"], held_out: Float[np.ndarray, "n"], targets: Float[np.ndarray, "n"]
) -> float:
    """t2: mean squared error of answers to unseen points, less the variance between members; 1 for a single point."""
    if len(targets) < 2:
        return 1.0
    beyond = np.mean((targets - held_out) ** 2 - answers.var(axis=0, ddof=1))
    return max(float(beyond), MIN_NOISE_STD**2)


PREDICTOR = Ensemble()

"""Training of all members of the network ensemble at once, as one batched network.

A member is a straight line plus a network of two hidden layers. It learns two things together: the value of each point
(squared error, so that means are in the unit of y) and the order of pairs of points (logistic loss on their predicted
difference, as in RankNet), which is what a search needs and what an outlier of y cannot bend.

Members differ in their first weights and in the points that they have not seen. Weight decay does what priors do
elsewhere: what the data do not ask for shrinks away within the few hundred steps.

Notation:
    e, h    members; hidden units
    X, y    n, f and n   scaled, centred features and standardised targets
    unseen  e, n         the points that a member must not train on
    b       size of a batch; every step draws one for each member, in random order

Source: Burges et al. 2005, "Learning to rank using gradient descent"; Loshchilov & Hutter 2019, "Decoupled weight decay
regularization"; Lakshminarayanan et al. 2017, "Simple and scalable predictive uncertainty estimation using deep
ensembles".
"""

import math

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import softplus

HIDDEN = 32
STEPS, WARM_UP_STEPS = 200, 20
LEARNING_RATE = 0.01
WEIGHT_DECAY = 3.0
"""Times the learning rate: a weight that no gradient holds has shrunk to a twentieth at the end."""
BATCH = 256
RANK_SHARE = 0.8
"""Of the loss; the rest is half the squared error."""
NUM_PARTNERS = 8
"""Pairs per point and step: each is compared with the next ones of the batch's random order."""

Weights = tuple[Tensor, ...]
"""Slopes (e, f, 1), then weights and biases of two hidden layers and of the output."""


def predictions(weights: Weights, X: Float[Tensor, "*e n f"]) -> Float[Tensor, "e n"]:
    """Every member's output; X is the same for all, or has one batch for each."""
    slopes, first, first_bias, second, second_bias, last, last_bias = weights
    hidden = torch.tanh(X @ first + first_bias)
    hidden = torch.tanh(hidden @ second + second_bias)
    return (X @ slopes + hidden @ last + last_bias).squeeze(-1)


def trained(
    X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"], unseen: Bool[np.ndarray, "e n"], rng: np.random.Generator
) -> Weights:
    """Weights of members that each learned from the points they may see; every member must see one."""
    weights = _initial(X, len(unseen), rng)
    for tensor in weights:
        tensor.requires_grad_()
    slopes, first, first_bias, second, second_bias, last, last_bias = weights
    decaying = {"params": [slopes, first, second, last], "weight_decay": WEIGHT_DECAY}
    biases = {"params": [first_bias, second_bias, last_bias], "weight_decay": 0.0}
    optimiser = torch.optim.AdamW([decaying, biases], betas=(0.9, 0.99))
    inputs, targets = torch.from_numpy(X.astype(np.float32)), torch.from_numpy(y.astype(np.float32))
    seen = _seen(unseen)
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = _learning_rate(step)
        batch = torch.from_numpy(rng.permuted(seen, axis=1)[:, :BATCH])
        loss = _loss(predictions(weights, inputs[batch]), targets[batch])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        optimiser.step()
    return tuple(tensor.detach() for tensor in weights)


def _loss(predicted: Float[Tensor, "e b"], targets: Float[Tensor, "e b"]) -> Float[Tensor, ""]:
    """Summed over members, which share no weight: to each, it is its own loss. Equal targets ask for no order."""
    squared = 0.5 * ((predicted - targets) ** 2).mean(dim=1)
    size = targets.shape[1]
    if size == 1:
        return squared.sum()
    partner = (torch.arange(size)[:, None] + torch.arange(1, 1 + min(NUM_PARTNERS, size - 1))) % size
    order = torch.sign(targets[:, partner] - targets[:, :, None])
    ranking = softplus(-order * (predicted[:, partner] - predicted[:, :, None])).mean(dim=(1, 2))
    return (RANK_SHARE * ranking + (1.0 - RANK_SHARE) * squared).sum()


def _initial(X: Float[np.ndarray, "n f"], num_members: int, rng: np.random.Generator) -> Weights:
    """Initial weights: hidden units of about unit variance, an output of zero, which a constant y leaves alone."""

    def normal(std: float, *shape: int) -> Tensor:
        return torch.from_numpy((std * rng.standard_normal((num_members, *shape))).astype(np.float32))

    size = math.sqrt(float((X * X).sum(axis=1).mean())) or 1.0
    return (
        normal(0.0, X.shape[1], 1),
        normal(1.0 / size, X.shape[1], HIDDEN),
        normal(0.5, 1, HIDDEN),
        normal(math.sqrt(2.0 / HIDDEN), HIDDEN, HIDDEN),
        normal(0.5, 1, HIDDEN),
        normal(0.0, HIDDEN, 1),
        normal(0.0, 1, 1),
    )


def _seen(unseen: Bool[np.ndarray, "e n"]) -> Int[np.ndarray, "e k"]:
    """The points of each member; where one has fewer than another, its first are listed twice."""
    num_seen = int((~unseen).sum(axis=1).max())
    return np.stack([np.resize(np.flatnonzero(~row), num_seen) for row in unseen])


def _learning_rate(step: int) -> float:
    """A linear start, and half a cosine down to zero."""
    return LEARNING_RATE * min(1.0, (step + 1) / WARM_UP_STEPS) * 0.5 * (1.0 + math.cos(math.pi * step / STEPS))

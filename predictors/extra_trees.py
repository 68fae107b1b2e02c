"""Extremely random trees: a forest whose splits fall at random, smoother than the best ones where points are few."""

from predictors._trees import Forest

PREDICTOR = Forest(extremely_random=True)

"""Random forest: for features that interact or jump, and for thousands of points."""

from predictors._trees import Forest

PREDICTOR = Forest()

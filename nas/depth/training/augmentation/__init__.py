"""Changes of training pictures that leave depth what it is, or change it alike. Imports nas.depth.training.batches."""

from nas.depth.training.augmentation.augmentation import augmented
from nas.depth.training.augmentation.strengths import Augmentation

__all__ = ["Augmentation", "augmented"]

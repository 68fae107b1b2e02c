"""Weights that candidates share, where a rung asks for them: which networks train them, and where they are kept."""

from dataclasses import dataclass, replace

import numpy as np

from launch.experiment import Experiment, ExperimentError
from launch.pricing import Pricing
from launch.session import RunFolder
from launch.terminal import Progress
from nas.costs import Limit
from nas.feasible import FeasibleSet, certify
from nas.record import Evaluator, Shared, SharesWeights, Sharing
from nas.search import QualityLimit
from nas.space import Architecture

SHARED_STREAM = 7  # of the seed, see `launch.run.explore`


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """The space under the limits that bind."""

    pricing: Pricing
    limits: tuple[Limit, ...]
    feasible: FeasibleSet

    def reaching(self, reference: Architecture | None, rng: np.random.Generator) -> FeasibleSet:
        """What meets the limits, each as loose as the reference needs; without one, what meets them.

        Shared weights that were trained on nothing dearer than the limits allow ranked what meets them worse.
        """
        if reference is None:
            return self.feasible
        costs, margins = self.pricing.costs(reference), self.pricing.margins

        def loosened(limit: Limit) -> Limit:
            cost, margin = costs[limit.resource], 1 + margins.get(limit.resource, 0.0)
            if limit.relation == "<=":
                return replace(limit, bound=max(limit.bound, cost * margin))
            return replace(limit, bound=min(limit.bound, cost / margin))

        loose = [loosened(limit) for limit in self.limits]
        return certify(self.pricing.space.num_options, self.pricing.bounds(loose), rng)


def with_shared_weights(
    evaluator: Evaluator,
    experiment: Experiment,
    limited: Limited,
    quality: QualityLimit | None,
    folder: RunFolder,
    seed: int,
    progress: Progress,
) -> Shared:
    """The evaluator with weights that candidates share, if a rung asks for them: trained here, or found in the run.

    Raises:
      ExperimentError: it cannot.
      ValueError: what the run holds is of another training.
    """
    if 0 not in experiment.rungs:
        return Shared(evaluator=evaluator, seconds=0.0)
    assert experiment.shared_steps is not None, "an experiment with such a rung has them"
    if not isinstance(evaluator, SharesWeights):
        raise ExperimentError(
            f"a rung of 0 needs an evaluator with sharing(..) (nas.record.SharesWeights), and "
            f"{type(evaluator).__name__} of experiment {experiment.name!r} lacks it; leave that rung out"
        )
    reference = quality.reference if quality else None
    if reference is None and experiment.baseline:
        reference = experiment.space.reference(experiment.baseline)
    # Uniform, though that crowds at the limits: of draws even over the cost the dear ones came out as worse than cheap.
    rng = np.random.default_rng((seed, SHARED_STREAM))
    architectures = limited.reaching(reference, rng).sample(experiment.shared_steps, rng)
    return evaluator.sharing(
        Sharing(
            architectures=architectures,
            seed=seed,
            keep=folder.shared_weights,
            progress=lambda done, total: progress.step("training shared weights", done, total),
        )
    )

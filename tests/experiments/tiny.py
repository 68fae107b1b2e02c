import numpy as np, time
from dataclasses import dataclass, replace
from launch.experiment import Experiment
from nas.devices import fake
from nas.ops import Shape
from nas.resources import macs, params
from nas.trial import Evaluation, Job
from predictors import gp
from search_spaces import tiefenrausch
SPACE = replace(tiefenrausch.SPACE, input=Shape(3, 64, 64))

@dataclass(frozen=True)
class Formula:
    @property
    def baselines(self): return {"nothing": {"error": 1.0}}
    def __call__(self, job):
        time.sleep(0.05)
        a=np.array(job.architecture); rng=np.random.default_rng((job.ticket,))
        e=1/(1+a.sum()/50)+0.01*rng.normal()
        return Evaluation(metrics={"error": float(e)})

def experiment():
    return Experiment(name="tiny", space=SPACE, make_evaluator=lambda place: Formula(), predictor=gp.PREDICTOR,
      resources=(*macs.RESOURCES,*params.RESOURCES), devices=(fake.DEVICE,), limits=("macs <= 0.16 * published","latency_ms.fake <= 0.4 * published"), baseline="published",
      num_design=10, num_trials=24, fidelity=1, num_finalists=4, final_fidelity=5)

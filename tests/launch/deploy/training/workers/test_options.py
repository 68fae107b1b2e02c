import pytest

from launch.deploy.training.workers.options import WorkerOptions
from launch.executors import Terms

NODES = [{"CPU": 8.0}, {"CPU": 16.0, "GPU": 8.0}, {"CPU": 4.0, "GPU": 2.0}]


def test_a_cluster_with_gpus_gives_each_worker_one_unless_told_otherwise() -> None:
    assert WorkerOptions(number=10).per_worker(NODES) == Terms(gpus=1.0)
    assert WorkerOptions(number=28, gpus=0).per_worker(NODES) == Terms(gpus=0.0)
    assert WorkerOptions(number=8).per_worker(NODES[:1]) == Terms(gpus=0.0)


@pytest.mark.parametrize(
    ("number", "each", "said"),
    [
        (11, Terms(), r"needs 1 CPUs and 1 GPUs on one node, and the cluster has room for 10, not for 11; give -"),
        (8, Terms(cpus=4.0), r"has room for 5, not for 8; give --workers 5"),
        (1, Terms(cpus=99.0), r"has room for 0, not for 1; give --workers 1, ask for less for each, or add nodes"),
    ],
)  # fmt: skip
def test_too_many_are_refused(number: int, each: Terms, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        WorkerOptions(number=number, each=each).per_worker(NODES)


@pytest.mark.parametrize("given", [{"address": "auto"}, {"gpus": 0}, {"each": Terms(retries=9)}], ids=str)
def test_what_is_about_workers_wants_workers(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"are about workers, and none are asked for; give --workers N"):
        WorkerOptions(**given)  # type: ignore[arg-type]

"""Which architectures of a search are trained far longer."""

from benchmarks.deploy.ranking import across
from nas.record import Trial


def test_those_that_are_ranked_come_from_across_the_search() -> None:
    trials = [
        Trial(
            phase="search", ticket=i, architecture=(i,), fidelity=1, origin="design",
            state="failed" if i == 3 else "complete", metrics={} if i == 3 else {"error": float((7 * i) % 10)},
        )
        for i in range(10)
    ]  # fmt: skip
    errors = [trial.metrics["error"] for trial in across(trials, "error")]
    assert len(errors) == 5 and errors == sorted(errors)
    assert (errors[0], errors[-1]) == (0.0, 9.0)

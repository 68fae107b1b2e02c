"""How a search is run, as the command says it: none of it changes what is searched."""

from dataclasses import dataclass

from launch.budget import NO_LIMITS, Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How this search is run; see `nas search --help`. `gpus` and `cpus` are what a trial holds.

    `choose` says which point of a front is taken for the winner, none for the knee or what the run chose before.
    """

    seed: int
    num_trials: int
    lag: int
    budget: Budget = NO_LIMITS
    gpus: float = 0.0
    cpus: float = 1.0
    profile_again: bool = False
    choose: tuple[str, ...] = ()

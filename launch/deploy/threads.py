"""How many threads a training in full takes on a CPU.

PyTorch takes as many as the machine has cores, whoever else is at work there. Threads wait for each other at every
operator, so one that has to wait for its core holds all of them up: beside other work a training on all cores took five
times as long as on one. A small network gains next to nothing from more than one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from nas.space import Network

SMALL_MACS = 500_000_000  # of a picture: below, two threads gave 1.2 times the pictures of one


def default_threads(network: Network) -> int:
    """One for a small network; else as many as the cores that this process may use."""
    return 1 if network.macs < SMALL_MACS else usable_cores()


def usable_cores() -> int:
    """Cores that the system lets this process run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def on_threads(number: int) -> Iterator[None]:
    """Context in which PyTorch takes so many."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)

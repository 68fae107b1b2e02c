"""Ray clusters of several nodes on this machine, for tests of what a laptop's Ray has not.

Ray reads its environment while it is imported, so nothing here imports it before `ray_environment` has been set up.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.waiting import FOREVER_S

# Nodes are added by hand and nobody reads logs: what looks after both takes as long to start as the rest of the head.
HEAD = {"num_cpus": 0, "include_dashboard": False, "no_monitor": True, "include_log_monitor": False}


@contextmanager
def cluster_of(*nodes: Mapping[str, int]) -> Iterator[Any]:
    """A head that trains nothing, and nodes with these resources."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args=HEAD)
    try:
        for node in nodes:
            cluster.add_node(**node)
        cluster.wait_for_nodes(FOREVER_S)
        yield cluster
    finally:
        cluster.shutdown()

"""Joining a Ray cluster: within seconds, or with a sentence that says why not.

Left to itself, a driver that meets a dead or foreign address waits for a minute and is then aborted from C++, with no
exception to catch. So an address is tried first by a bare connection, then by a process of its own that joins and
leaves; only then does this process join.
"""

import logging
import re
import socket
import subprocess
import sys
from collections.abc import Mapping

import ray
from ray.exceptions import RayError

CONNECT_S = 5.0
PROBE_S = 30.0
NUM_STARTS = 10
"""Attempts to start a Ray of our own. Ray gives each 30 seconds, which a busy machine may exceed several times."""
TOO_SLOW = "timed out during startup"

_PROBE = "import sys, ray; ray.init(address=sys.argv[1], log_to_driver=False, logging_level=40); ray.shutdown()"
_MISMATCH = re.compile(
    r"cluster was started with:\s*Ray: (\S+)\s*Python: (\S+)\s*This process.*?with:\s*Ray: (\S+)\s*Python: (\S+)", re.S
)


def join(address: str | None) -> None:
    """Join a cluster, or start a Ray for this process alone; `launch.executors.make` has set the environment for it.

    A Ray that is started here makes a token and asks for it by itself; setting the mode by hand would only break that.

    Args:
      address: HOST:PORT of the head, "auto" for the cluster that this machine is a node of, None to start one.

    Raises:
      ConnectionError: nothing answers there, or it answers and will not have us.
      ValueError: the address is of another form.
    """
    if address is not None:
        if ray.is_initialized():
            return
        _reach(address)
        _probe(address)
    try:
        _enter(address)
    except (RayError, ConnectionError) as error:
        raise ConnectionError(f"cannot {'join' if address else 'start'} Ray: {error}") from error


def _enter(address: str | None) -> None:
    for attempt in range(1, NUM_STARTS + 1):
        try:
            ray.init(
                address=address or "local",  # None would join any Ray that happens to run here
                include_dashboard=False if address is None else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
            return
        except Exception as error:
            # Ray has no class of its own for a start that took too long.
            if TOO_SLOW not in str(error):
                raise
            if attempt == NUM_STARTS:
                raise ConnectionError(
                    f"it took too long {NUM_STARTS} times; stop what else runs here, or do without Ray: --executor "
                    "serial, or nas train without --workers"
                ) from error


def node_resources() -> dict[str, Mapping[str, float]]:
    """Resources of every node that is alive, as Ray names and counts them, by the node's id."""
    return {node["NodeID"]: node["Resources"] for node in ray.nodes() if node["Alive"]}  # type: ignore[no-untyped-call]  # Ray leaves it so


def _reach(address: str) -> None:
    """See that something listens at HOST:PORT."""
    if address == "auto":
        return
    host, port = _split(address)
    try:
        socket.create_connection((host, port), timeout=CONNECT_S).close()
    except OSError as error:
        raise ConnectionError(
            f"nothing answers at {address} within {CONNECT_S:g} s ({error}); give the address that `ray start --head` "
            "printed, see that the head runs and that no firewall lies between"
        ) from error


def _split(address: str) -> tuple[str, int]:
    match = re.fullmatch(r"\[?([^\[\]/]+?)\]?:(\d{1,5})", address)
    if match is None or not 0 < int(match[2]) < 2**16:
        raise ValueError(
            f"an address is HOST:PORT of the cluster's head, such as 10.0.0.1:6379, or auto, got {address!r}; "
            "the command runs on a node of the cluster, so send it there by `ray job submit` in place of ray://"
        )
    return match[1], int(match[2])


def _probe(address: str) -> None:
    """Let another process join and leave: whatever kills it does not kill this one."""
    try:
        ended = subprocess.run(
            [sys.executable, "-c", _PROBE, address], capture_output=True, text=True, timeout=PROBE_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise ConnectionError(
            f"{address} answers, but not as the head of a Ray cluster within {PROBE_S:g} s; give the head's own port, "
            "6379 unless it was started with another (8265 is the dashboard's, 10001 Ray Client's)"
        ) from None
    if ended.returncode:
        raise ConnectionError(refusal(address, ended.stdout + ended.stderr))


def refusal(address: str, output: str) -> str:
    """Why a cluster could not be joined, from what a driver that tried it wrote before it ended."""
    if versions := _MISMATCH.search(output):
        theirs, ours = f"Ray {versions[1]}, Python {versions[2]}", f"Ray {versions[3]}, Python {versions[4]}"
        return f"the cluster at {address} runs {theirs}, this command {ours}; install the same versions on both"
    if re.search(r"Unauthenticated|InvalidAuthToken|AuthenticationError|authentication token", output, re.I):
        return (
            f"the cluster at {address} refuses our token; set RAY_AUTH_MODE=token and put the cluster's token into "
            "RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token (`ray get-auth-token` prints it on the head)"
        )
    if "Could not find any running Ray instance" in output:
        return (
            "--address auto found no Ray on this machine; start a node here with `ray start --address=HEAD:6379`, "
            "or leave out --address for a Ray of its own"
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return (
        f"the cluster at {address} cannot be joined: {lines[-1] if lines else 'no reason was given'}; the command must "
        "run on one of its nodes, with its Ray version and its token"
    )

"""Data-parallel training on several devices of a machine, a process for each, where one GPU's memory is too small.

Every process cuts the same batch and takes its part of it (`nas.processes.team`). Without batch norm
that is the training of a single process but for rounding; batch norm takes its statistics from a part, and the first
process' are kept.
"""

import copy
import os
import signal
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from jaxtyping import Float32, Float64, UInt8
from torch import Tensor, nn
from torch.multiprocessing import _prctl_pr_set_pdeathsig  # type: ignore[attr-defined]  # as torch's own spawn does
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException, spawn

from nas.depth.data import DepthImages
from nas.depth.data.storage import MappedArray
from nas.depth.training.batches import to_tensor
from nas.depth.training.recipe import Recipe
from nas.depth.training.training import CHECKPOINT_EVERY, TrainResult, train
from nas.processes.team import Team

GRACE_S = 5.0  # for the other processes to tell why they failed, once one has
STARVED = "starved"
RESULT = "result.pt"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Work:
    """The job of every process; tensors travel through shared memory, `mapped` images by the names of their files.

    `folder` is where the processes meet.
    """

    module: nn.Module
    rgb: UInt8[Tensor, "n h w 3"]
    depth: Float32[Tensor, "n h w"]
    group: tuple[str, ...]
    draws: Float64[Tensor, " n"] | None
    mapped: DepthImages | None
    recipe: Recipe
    seed: int
    devices: tuple[str, ...]
    checkpoint: str | None
    checkpoint_every: int
    folder: str


def train_together(
    module: nn.Module,
    images: DepthImages,
    recipe: Recipe,
    *,
    seed: int,
    devices: tuple[str, ...],
    checkpoint: str | None = None,
    checkpoint_every: int = CHECKPOINT_EVERY,
) -> TrainResult:
    """As `nas.depth.training.training.train`, with a process for each of `devices`; the module ends on the first.

    Raises:
      ValueError: a batch has less images than it would have parts.
      MemoryError: a process ran out of its device's memory, or of main memory.
      RuntimeError: a process failed for another reason, or was killed.
    """
    if len(devices) * recipe.parts > recipe.batch_size:
        raise ValueError(
            f"every process needs an image of every part, and a batch of {recipe.batch_size} has none for "
            f"{len(devices)} processes x {recipe.parts} parts; give a larger batch, or fewer devices"
        )
    mapped = isinstance(images.rgb, MappedArray)
    with tempfile.TemporaryDirectory(prefix="chamnas-") as folder:
        work = _Work(
            module=module.cpu(),
            rgb=to_tensor(images.rgb[:0] if mapped else images.rgb),
            depth=to_tensor(images.depth[:0] if mapped else images.depth),
            group=images.group,
            draws=None if images.draws is None else to_tensor(images.draws),
            mapped=images if mapped else None,
            recipe=recipe,
            seed=seed,
            devices=devices,
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            folder=folder,
        )
        _run(work)
        ended = torch.load(Path(folder, RESULT), map_location="cpu", weights_only=True)
    module.load_state_dict(ended["module"])
    module.to(device=devices[0], memory_format=torch.channels_last).eval()  # type: ignore[call-overload]  # torch's stub has no such overload
    return TrainResult(
        losses=ended["losses"].numpy(), seconds=ended["seconds"], images=ended["images"], notes=tuple(ended["notes"])
    )


def _run(work: _Work) -> None:
    """Start the processes and wait for them; whatever ends one ends all."""
    context: Any = spawn(_member, args=(work,), nprocs=len(work.devices), join=False)  # type: ignore[no-untyped-call]  # torch's stub
    try:
        while not context.join(grace_period=GRACE_S):
            pass
    except (ProcessRaisedException, ProcessExitedException) as error:
        starved = Path(work.folder, STARVED)
        if starved.exists():
            raise MemoryError(starved.read_text()) from error
        raise RuntimeError(f"one of {len(work.devices)} processes of a training failed: {error}") from error
    finally:
        for process in context.processes:
            process.kill()


def _member(rank: int, work: _Work) -> None:
    """One process: train, and if it is the first leave the result."""
    _prctl_pr_set_pdeathsig(signal.SIGKILL)  # a lost worker leaves none behind
    device = work.devices[rank]
    _open_group(rank, work)
    try:
        result, module = _train(Team(rank=rank, size=len(work.devices)), work, device)
    except (MemoryError, torch.OutOfMemoryError) as error:
        Path(work.folder, STARVED).write_text(f"{type(error).__name__}: {error}")
        raise
    if rank == 0:
        content = {**asdict(result), "losses": torch.from_numpy(result.losses), "module": module.state_dict()}
        torch.save(content, Path(work.folder, RESULT))
    dist.destroy_process_group()


def _open_group(rank: int, work: _Work) -> None:
    """Meet the other processes, in a file and on loopback: nobody else can join."""
    os.environ["GLOO_SOCKET_IFNAME"] = os.environ["NCCL_SOCKET_IFNAME"] = "lo"
    on_gpus = work.devices[rank].startswith("cuda")
    if on_gpus:
        torch.cuda.set_device(work.devices[rank])
    else:
        torch.set_num_threads(max(1, torch.get_num_threads() // len(work.devices)))
    dist.init_process_group(
        "nccl" if on_gpus else "gloo",
        init_method=f"file://{work.folder}/meeting",
        rank=rank,
        world_size=len(work.devices),
    )


def _train(team: Team, work: _Work, device: str) -> tuple[TrainResult, nn.Module]:
    module = copy.deepcopy(work.module)  # what came through shared memory is the other processes' as well
    draws = None if work.draws is None else work.draws.numpy()
    images = work.mapped or DepthImages(rgb=work.rgb.numpy(), depth=work.depth.numpy(), group=work.group, draws=draws)
    result = train(
        module,
        images,
        work.recipe,
        seed=work.seed,
        device=device,
        checkpoint=work.checkpoint,
        checkpoint_every=work.checkpoint_every,
        team=team,
    )
    return result, module

"""Batch norm of a team whose members are threads: what torch's own gives for the whole batch."""

import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nas.deploy.batch_norm import synchronised
from nas.processes.team import ALONE, Team


@dataclass(slots=True, eq=False)
class Table:
    """Where the members of a team lay down what they have."""

    size: int
    rows: dict[int, Tensor] = field(default_factory=dict)
    barrier: threading.Barrier = field(init=False)

    def __post_init__(self) -> None:
        self.barrier = threading.Barrier(self.size, timeout=3000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seated(Team):
    table: Table

    def gather(self, values: Tensor) -> Tensor:
        self.table.rows[self.rank] = values
        self.table.barrier.wait()
        rows = torch.stack([self.table.rows[rank] for rank in range(self.size)])
        self.table.barrier.wait()
        return rows

    def total(self, values: Tensor) -> Tensor:
        return values.copy_(self.gather(values.clone()).sum(0))


def net(**given: Any) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        norm = nn.BatchNorm2d(4, **given)
        if norm.affine:
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.normal_(norm.bias)
        return nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), norm, nn.ReLU(), nn.Conv2d(4, 1, 1))


def step(module: nn.Module, part: Tensor) -> Tensor:
    """A loss that is a sum over pixels, so that the parts' add up to the whole's."""
    output: Tensor = module(part)
    (output * torch.arange(output[0].numel()).view_as(output[0]).sin()).square().sum().backward()  # type: ignore[no-untyped-call]
    return output.detach()


def together(module: nn.Module, batch: Tensor, size: int) -> list[tuple[nn.Module, Tensor]]:
    table = Table(size)
    teams = [Seated(rank=rank, size=size, table=table) for rank in range(size)]
    modules = [synchronised(copy.deepcopy(module), team) for team in teams]
    parts = batch.tensor_split(size)
    with ThreadPoolExecutor(size) as pool:
        outputs = [*pool.map(step, modules, parts)]
    return [*zip(modules, outputs, strict=True)]


@pytest.mark.parametrize("given", [{}, {"momentum": None}, {"affine": False}, {"track_running_stats": False}], ids=str)
@pytest.mark.parametrize("size", [2, 3])
def test_the_parts_of_a_batch_are_normalised_as_the_whole(size: int, given: dict[str, Any]) -> None:
    batch = 30 + torch.randn(7, 3, 9, 8, generator=torch.Generator().manual_seed(0))  # a mean far from 0 loses digits
    alone = net(**given).train()
    expected = step(alone, batch)
    members = together(net(**given).train(), batch, size)
    torch.testing.assert_close(torch.cat([output for _, output in members]), expected, rtol=1e-4, atol=1e-4)
    for name, value in alone.named_parameters():
        sums = torch.stack([grad for member, _ in members if (grad := member.get_parameter(name).grad) is not None])
        assert value.grad is not None
        torch.testing.assert_close(sums.sum(0), value.grad, rtol=1e-3, atol=1e-2)
    for member, _ in members:
        assert member.state_dict().keys() == alone.state_dict().keys()
        for name, buffer in alone.named_buffers():
            torch.testing.assert_close(member.get_buffer(name), buffer, rtol=1e-4, atol=1e-5)


def test_the_parts_statistics_are_not_the_wholes() -> None:
    """The test above could not fail if they were."""
    batch = torch.randn(6, 3, 9, 8, generator=torch.Generator().manual_seed(0))
    expected = step(net().train(), batch)
    parts = [step(net().train(), part) for part in batch.tensor_split(2)]
    assert not torch.allclose(torch.cat(parts), expected, rtol=1e-2, atol=1e-2)


def test_half_precision_keeps_its_kind() -> None:
    batch = torch.randn(4, 3, 9, 8, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        expected = net().train()(batch)

    def run(module: nn.Module, part: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output: Tensor = module(part)
        output.float().sum().backward()  # type: ignore[no-untyped-call]
        return output.detach()

    table = Table(2)
    modules = [synchronised(net().train(), Seated(rank=rank, size=2, table=table)) for rank in range(2)]
    with ThreadPoolExecutor(2) as pool:
        outputs = [*pool.map(run, modules, batch.tensor_split(2))]
    assert outputs[0].dtype == expected.dtype == torch.bfloat16
    torch.testing.assert_close(torch.cat(outputs), expected.detach(), rtol=0.05, atol=0.05)


def test_one_member_keeps_torchs_own_and_evaluation_uses_what_was_seen() -> None:
    module = net()
    assert type(synchronised(module, ALONE)[1]) is nn.BatchNorm2d  # type: ignore[index]
    batch = torch.randn(2, 3, 9, 8, generator=torch.Generator().manual_seed(0))
    expected = module.eval()(batch)
    torch.testing.assert_close(synchronised(module, Team(rank=0, size=2)).eval()(batch), expected)


def test_other_batch_norms_are_refused() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    with pytest.raises(
        ValueError, match=r"of BatchNorm2d, and 1 is a BatchNorm1d; train this network without --workers"
    ):
        synchronised(module, Team(rank=0, size=2))

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from nas.deploy import Row, csv_text
from nas.deploy.average import average_of
from nas.deploy.checkpoint import FileStore
from nas.deploy.training import Diverged, Trained, train_in_full
from nas.errors import NoRoomError
from nas.record.checkpoints import CheckpointError
from tests.nas.deploy.courses import LineCourse, line

STEPS = 30


class Stop(Exception):
    """Stands for a kill."""


def stop_after(last: int) -> Callable[[int, float], None]:
    def stop(done: int, loss: float) -> None:
        if done == last:
            raise Stop

    return stop


def trained(path: Path, course: LineCourse, *, every_s: float = 0.0, key: str = "a", **given: object) -> Trained:
    store = FileStore(path=path / "checkpoint.pt")
    return train_in_full(course, STEPS, checkpoint=store, key=key, keep_every_s=every_s, **given)  # type: ignore[arg-type]


def weights(module: nn.Module) -> torch.Tensor:
    return torch.cat([value.double().flatten() for value in module.state_dict().values()])


@pytest.mark.parametrize("averaged", [True, False])
@pytest.mark.parametrize("last", [1, 7, 20])
def test_a_killed_one_gives_what_it_would_have_given(last: int, averaged: bool, tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole", LineCourse(module=line()), averaged=averaged)
    with pytest.raises(Stop):
        trained(tmp_path, LineCourse(module=line()), averaged=averaged, on_step=stop_after(last))
    course = LineCourse(module=line(seed=5))  # whatever it begins with is not what counts
    seen: list[tuple[Row, ...]] = []
    again = trained(tmp_path, course, averaged=averaged, on_row=seen.append)
    assert again.resumed_at == last and course.made == list(range(last, STEPS))
    assert torch.equal(weights(again.module), weights(whole.module))
    assert again.rows == whole.rows == seen[-1]
    assert csv_text(again.rows) == csv_text(whole.rows)


def test_without_its_checkpoint_it_is_another_training(tmp_path: Path) -> None:
    """The test above could not fail if the first weights made no difference."""
    one, other = (trained(tmp_path / str(seed), LineCourse(module=line(seed))) for seed in (0, 5))
    assert not torch.equal(weights(one.module), weights(other.module))


def test_the_curve_begins_before_the_first_step_and_ends_with_the_last(tmp_path: Path) -> None:
    rows = trained(tmp_path, LineCourse(module=line())).rows
    assert [row.step for row in rows] == [*range(0, STEPS, 2), STEPS]
    assert rows[0].loss is None and all(row.loss is not None for row in rows[1:])
    assert rows[-1].metrics["error"] < 0.5 * rows[0].metrics["error"]
    lines = csv_text(rows).splitlines()
    assert lines[0] == "step,loss,learning_rate,validation_error"
    assert lines[1].startswith("0,,,") and lines[-1].startswith("30,")


def test_a_loss_that_is_not_finite_stops_at_the_step_and_the_last_good_checkpoint_stays(tmp_path: Path) -> None:
    with pytest.raises(Diverged, match=r"did not at step 11 .*peaks at 0\.05; .*after 11 steps, is kept: .*lower --lr"):
        trained(tmp_path, LineCourse(module=line(), bad=11))
    again = trained(tmp_path, LineCourse(module=line()))
    assert again.resumed_at == 11
    whole = trained(tmp_path / "whole", LineCourse(module=line()))
    assert torch.equal(weights(again.module), weights(whole.module))


def test_weights_that_are_not_finite_are_never_kept(tmp_path: Path) -> None:
    with pytest.raises(Diverged, match=r"at step 11 .*after 11 steps, is kept") as caught:
        trained(tmp_path, LineCourse(module=line(), poisoned=11))
    assert caught.value.kept == 11
    assert torch.isfinite(weights(trained(tmp_path, LineCourse(module=line())).module)).all()


def test_a_metric_that_is_not_finite_is_a_divergence_too(tmp_path: Path) -> None:
    with pytest.raises(
        Diverged, match=r"predictions must stay finite, and did not at step 11 .*after 11 steps, is kept"
    ):
        trained(tmp_path, LineCourse(module=line(), blind=10))


def test_before_the_first_checkpoint_it_says_that_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(Diverged, match=r"at step 0 .*no step before it was kept"):
        trained(tmp_path, LineCourse(module=line(), bad=0))


def test_another_trainings_checkpoint_and_a_damaged_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Stop):
        trained(tmp_path, LineCourse(module=line()), on_step=stop_after(5))
    with pytest.raises(CheckpointError, match=r"continues its own training only, and .*checkpoint\.pt is another's"):
        trained(tmp_path, LineCourse(module=line()), key="b")
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CheckpointError, match=r"checkpoint\.pt is damaged; delete it"):
        trained(tmp_path, LineCourse(module=line()))


def test_a_full_disk_is_said_and_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Stop):
        trained(tmp_path, LineCourse(module=line()), on_step=stop_after(5))
    before = (tmp_path / "checkpoint.pt").read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(NoRoomError, match=r"checkpoint\.pt cannot be written .*make room there and run the same"):
            trained(tmp_path, LineCourse(module=line()))
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.pt"]
    assert trained(tmp_path, LineCourse(module=line())).resumed_at == 5


def test_the_average_of_what_never_changes_is_that_and_it_follows_what_does() -> None:
    module = line()
    average = average_of(module, window=4)
    for step in range(3):
        average.update(module, step)
    torch.testing.assert_close(weights(average.module), weights(module))
    first = {name: value.clone() for name, value in module.state_dict().items()}
    with torch.no_grad():
        for value in module.parameters():
            value.add_(1)
    average.update(module, 100)  # far on: one in four
    for name, value in average.module.named_parameters():
        torch.testing.assert_close(value, first[name] + 0.25, rtol=1e-5, atol=1e-6)
    assert not average.module.training

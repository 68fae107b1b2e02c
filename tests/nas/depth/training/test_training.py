import copy
import math
import pickle
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nas.depth.data import DepthImages
from nas.depth.metrics import score
from nas.depth.training.recipe import Recipe, learning_rate
from nas.depth.training.steps import TrainingDiverged
from nas.depth.training.training import evaluate, predict, train
from nas.record import checkpoints
from tests.nas.depth.data.test_images import make_images

SHORT = Recipe(steps=12, batch_size=4, peak_lr=1e-2)


def small_net(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Conv2d(8, 1, 3, padding=1),
        )


def readable_images(num: int = 24) -> DepthImages:
    """Depth that can be read off the picture: green is near."""
    images = make_images(num, size=8)
    depth = np.exp(-images.rgb[..., 1].astype(np.float32) / 100)
    return DepthImages(rgb=images.rgb, depth=depth, group=images.group)


def weights(module: nn.Module) -> Tensor:
    return torch.cat([value.double().flatten() for value in module.state_dict().values()])


def test_training_learns_what_can_be_learned() -> None:
    images = readable_images()
    module = small_net()
    before = evaluate(module, images)
    result = train(module, images, replace(SHORT, steps=150), seed=0)
    after = evaluate(module, images)
    assert after.delta1 > 0.95 > before.delta1 + 0.2
    assert result.losses[-10:].mean() < 0.3 * result.losses[:10].mean()
    assert result.images == 600
    assert not module.training


def test_the_same_seed_gives_the_same_weights_and_another_seed_does_not() -> None:
    images, ends = readable_images(), []
    for seed in (0, 0, 1):
        torch.rand(1)  # the global stream must not matter
        module = small_net()
        train(module, images, SHORT, seed=seed)
        ends.append(weights(module))
    torch.testing.assert_close(ends[0], ends[1], rtol=0, atol=0)
    assert not torch.equal(ends[0], ends[2])


def test_training_leaves_the_global_stream_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(small_net(), readable_images(), SHORT, seed=0)
    assert torch.equal(torch.rand(3), expected)


class Stop(Exception):
    """Stands for a crash."""


def crash_at(last: int) -> Callable[[int, float], None]:
    def crash(step: int, loss: float) -> None:
        if step == last:
            raise Stop

    return crash


@pytest.mark.parametrize("url", ["{folder}/run.pt", "file://{folder}/new folder/run.pt", "memory://{folder}/run.pt"])
@pytest.mark.parametrize("parts", [1, 2])
def test_a_resumed_run_is_an_uninterrupted_one(url: str, parts: int, tmp_path: Path) -> None:
    images, checkpoint, recipe = readable_images(), url.format(folder=tmp_path), replace(SHORT, parts=parts)
    whole = small_net()
    expected = train(whole, images, recipe, seed=0)
    with pytest.raises(Stop):
        kept = {"checkpoint": checkpoint, "checkpoint_every": 4}
        train(small_net(), images, recipe, seed=0, on_step=crash_at(6), **kept)
    resumed, steps = small_net(seed=9), []
    result = train(resumed, images, recipe, seed=0, on_step=lambda step, _: steps.append(step), **kept)
    assert steps == list(range(4, 12)) and result.notes == ("training went on after step 4",)
    np.testing.assert_array_equal(result.losses, expected.losses)
    torch.testing.assert_close(weights(resumed), weights(whole), rtol=0, atol=0)
    again = small_net(seed=9)
    assert train(again, images, recipe, seed=0, checkpoint=checkpoint).images == 0
    torch.testing.assert_close(weights(again), weights(whole), rtol=0, atol=0)


def test_with_a_checkpoint_of_another_run_or_a_damaged_one_it_starts_anew_and_says_so(tmp_path: Path) -> None:
    images, path = readable_images(), tmp_path / "run.pt"
    kept = {"checkpoint": str(path), "checkpoint_every": 4}
    wide = nn.Conv2d(3, 1, 3, padding=1)
    checkpoints.write(str(path), b"no training")
    for make, seed, recipe, story in (
        (small_net, 0, SHORT, "must hold a training, and does not"),
        (small_net, 1, SHORT, r"continues its own run only; .*seed 0.*this run is .*seed 1"),
        (small_net, 1, replace(SHORT, peak_lr=0.02), r"peak_lr.: 0\.01,.*peak_lr.: 0\.02"),
        (lambda: copy.deepcopy(wide), 1, replace(SHORT, peak_lr=0.02), "continues its own run only; .*network"),
    ):
        expected, module = make(), make()
        train(expected, images, recipe, seed=seed)
        result = train(module, images, recipe, seed=seed, **kept)
        (note,) = result.notes
        assert re.search(f"^training started anew: .*{story}", note), note
        torch.testing.assert_close(weights(module), weights(expected), rtol=0, atol=0)
    path.write_bytes(path.read_bytes()[:-1])
    (note,) = train(copy.deepcopy(wide), images, replace(SHORT, peak_lr=0.02), seed=1, **kept).notes
    assert "a checkpoint must be whole, and" in note and "is damaged" in note


def test_a_checkpoint_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = {"checkpoint": str(tmp_path / "file/run.pt"), "checkpoint_every": 4}
    images, expected, module = readable_images(), small_net(), small_net()
    train(expected, images, SHORT, seed=0)
    notes = train(module, images, SHORT, seed=0, **kept).notes
    assert re.match("training started anew: .* cannot be read .NotADirectoryError", notes[0])
    assert re.match("3 checkpoints could not be written; last: (FileExists|NotADirectory)Error", notes[1])
    torch.testing.assert_close(weights(module), weights(expected), rtol=0, atol=0)


def plain_net(seed: int = 0) -> nn.Module:
    """Without batch norm and dropout: no image knows of another. And no last bias: the loss is blind to it."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 3, padding=1, bias=False))


def ragged_images() -> DepthImages:
    """Images with a different number of valid pixels each: a mean of means is not their mean."""
    images = readable_images()
    depth = images.depth.copy()
    for number, image in enumerate(depth):
        image.reshape(-1)[: 2 * number] = 0
    return DepthImages(rgb=images.rgb, depth=depth, group=images.group)


@pytest.mark.parametrize("parts", [2, 3, 4])
def test_a_batch_in_parts_has_the_gradient_of_the_whole(parts: int) -> None:
    images, gradients, losses = ragged_images(), [], []
    for number in (1, parts):
        module = plain_net()
        result = train(module, images, replace(SHORT, steps=1, parts=number), seed=0)
        gradients.append(torch.cat([value.grad.flatten() for value in module.parameters() if value.grad is not None]))
        losses.append(result.losses)
    assert gradients[0].abs().max() > 0.01
    torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)


def test_training_in_parts_ends_where_the_whole_does() -> None:
    ends = [plain_net(), plain_net()]
    results = [
        train(module, ragged_images(), replace(SHORT, parts=parts), seed=0)
        for module, parts in zip(ends, (1, 2), strict=True)
    ]
    assert results[0].images == results[1].images == 48
    np.testing.assert_allclose(results[1].losses, results[0].losses, rtol=1e-3)
    torch.testing.assert_close(weights(ends[1]), weights(ends[0]), rtol=1e-2, atol=1e-4)


def test_batch_norm_sees_the_parts() -> None:
    """That is why a training in parts is another one, and the record says so."""
    means = []
    for parts in (1, 2):
        module = small_net()
        train(module, readable_images(), replace(SHORT, steps=1, parts=parts), seed=0)
        means.append(module.state_dict()["1.running_mean"])
    assert not torch.allclose(means[0], means[1], atol=1e-4)


def test_a_loss_that_is_not_finite_ends_the_training_with_its_step() -> None:
    module = small_net()

    def poison(step: int, loss: float) -> None:
        if step == 3:
            with torch.no_grad():
                next(module.parameters()).fill_(math.nan)

    with pytest.raises(TrainingDiverged, match=r"got nan at step=4; lower peak_lr=0\.01") as caught:
        train(module, readable_images(), SHORT, seed=0, on_step=poison)
    assert caught.value.step == 4
    twin = pickle.loads(pickle.dumps(caught.value))
    assert (str(twin), twin.step) == (str(caught.value), 4)


def test_on_step_sees_every_loss() -> None:
    seen: list[tuple[int, float]] = []
    result = train(small_net(), readable_images(), SHORT, seed=0, on_step=lambda *at: seen.append(at))
    assert [step for step, _ in seen] == list(range(12))
    np.testing.assert_allclose([loss for _, loss in seen], result.losses, rtol=1e-6)


def test_bfloat16_trains_too() -> None:
    module = small_net()
    train(module, readable_images(), replace(SHORT, precision="bfloat16"), seed=0)
    assert all(value.dtype == torch.float32 for value in module.parameters())


def test_predict_is_the_module_in_evaluation_mode_in_any_batch_size() -> None:
    images, module = readable_images(5), small_net().train()
    once = predict(module, images.rgb)
    assert module.training
    np.testing.assert_allclose(predict(module, images.rgb, batch_size=2), once, rtol=1e-5, atol=1e-6)
    x = torch.from_numpy(images.rgb).permute(0, 3, 1, 2) / 255
    np.testing.assert_allclose(once, module.eval()(x)[:, 0].detach().numpy(), rtol=1e-4, atol=1e-5)
    assert evaluate(module, images) == score(once, images)


def test_a_module_of_another_shape_and_no_images_are_named() -> None:
    with pytest.raises(ValueError, match=r"must return \(4, 1, 8, 8\), got \(4, 2, 8, 8\)"):
        train(nn.Conv2d(3, 2, 1), readable_images(), SHORT, seed=0)
    with pytest.raises(ValueError, match="at least one image, got 0"):
        train(small_net(), make_images(0), SHORT, seed=0)


def test_the_learning_rate_rises_once_and_falls_to_almost_nothing() -> None:
    recipe = Recipe(steps=100, peak_lr=2.0, warmup_share=0.1)
    rates = np.array([learning_rate(recipe, step) for step in range(100)])
    assert rates.argmax() in (8, 9)
    assert rates.max() == pytest.approx(2, rel=0.01)
    assert 0 < rates[-1] < 0.01 * rates.max()
    assert (np.diff(rates[:9]) > 0).all()
    assert (np.diff(rates[10:]) < 0).all()
    assert learning_rate(Recipe(steps=1, peak_lr=2.0), 0) > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps must be above 0, got 0"),
        ({"peak_lr": math.nan}, "peak_lr must be above 0, got nan"),
        ({"edge_weight": -1.0}, "edge_weight must not be below 0"),
        ({"parts": 17}, "a batch of 16 has from 1 to 16 parts, got parts=17"),
        ({"warmup_share": 1.0}, r"warmup_share must be in \[0, 1\), got 1\.0"),
    ],
)
def test_a_recipe_out_of_range_is_refused(change: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(Recipe(), **change)

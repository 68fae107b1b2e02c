"""A run whose space, resources, evaluator or data say something else than when it began is refused, and told what."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from launch.experiment import Experiment
from launch.session.compatibility import SETTING, check_evaluator, continued, meaning_of
from launch.session.folder import FolderError, RunFolder, check_unchanged
from nas.costs import Resource
from nas.space import Choice, Conv, Space, Stage
from nas.space.blocks import BLOCKS
from tests.experiments import tiny
from tests.experiments.tiny import SPACE
from tests.launch.recorded import recorded

EXPERIMENT = tiny.experiment()
RUN = Path("run")


def kept(experiment: Experiment = EXPERIMENT) -> dict[str, object]:
    """As a run folder gives it back."""
    found: dict[str, object] = json.loads(json.dumps(meaning_of(experiment)))
    return found


def with_options(name: str, options: tuple[int, ...], space: Space = SPACE) -> Space:
    """The space with other options of one choice."""
    changed = Choice(name=name, options=options)

    def settled(stage: Stage) -> Stage:
        values = {field: changed for field, value in stage.values() if isinstance(value, Choice) and value.name == name}
        return replace(stage, **values)  # type: ignore[arg-type]

    return replace(space, stages=tuple(settled(stage) for stage in space.stages), references={})


def with_stage(name: str, **values: object) -> Space:
    stages = tuple(replace(s, **values) if s.name == name else s for s in SPACE.stages)  # type: ignore[arg-type]
    return replace(SPACE, stages=stages, references={})


def test_an_unchanged_experiment_means_what_it_meant() -> None:
    assert json.loads(json.dumps(continued(RUN, tiny.experiment(), kept(), allow_new_options=False))) == kept()


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            with_options("middle.width", (16, 8, 24, 32)),
            r"choice 'middle\.width' had the options \(8, 16, 24, 32\), and has \(16, 8, 24, 32\); restore it, or give",
        ),
        (with_options("deep.width", (8, 16, 24)), r"choice 'deep\.width' had the options .*and has \(8, 16, 24\)"),
        (with_options("deep.width", (4, 8, 16, 24, 32)), r"choice 'deep\.width' had the options"),
        (with_stage("down", expansion=2), r"choice 'down\.expansion' is gone"),
        (with_stage("down", repeat=Choice(name="depth", options=(1, 2))), "choice 'depth' is new"),
        (with_stage("down", kernel=5), "kernel of stage 'down' was 3, and is 5"),
        (with_stage("up", upsample="bilinear"), "upsample of stage 'up' was 'nearest', and is 'bilinear'"),
        (
            replace(SPACE, references={"published": {**SPACE.references["published"], "deep.width": 8}}),
            r"deep\.width of reference architecture 'published' was 24, and is 8",
        ),
    ],
)
@pytest.mark.parametrize("allowed", [False, True])
def test_a_space_that_gives_an_index_another_meaning_is_refused_and_told_where(
    allowed: bool, space: Space, message: str
) -> None:
    with pytest.raises(FolderError, match=message):
        continued(RUN, replace(EXPERIMENT, space=space, baseline=None), kept(), allow_new_options=allowed)


def test_choices_that_change_places_are_refused() -> None:
    first, second = SPACE.stages[1], SPACE.stages[2]
    swapped = (
        SPACE.stages[0], replace(first, width=second.width), replace(second, width=first.width), *SPACE.stages[3:]
    )  # fmt: skip
    with pytest.raises(FolderError, match=r"choice 'deep\.width' stands in another place among the choices"):
        continued(RUN, replace(EXPERIMENT, space=replace(SPACE, stages=swapped)), kept(), allow_new_options=True)


def test_a_block_that_is_another_one_by_now_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    known, trb = kept(), BLOCKS["trb"]

    def another(name, source, values):  # type: ignore[no-untyped-def]
        nodes = trb(name, source, values)
        return tuple(replace(n, op=replace(n.op, activation="relu6")) if isinstance(n.op, Conv) else n for n in nodes)

    monkeypatch.setitem(BLOCKS, "trb", another)
    with pytest.raises(FolderError, match="sampled architectures are other networks than they were"):
        continued(RUN, tiny.experiment(), known, allow_new_options=False)


def test_options_behind_the_old_ones_are_taken_when_allowed() -> None:
    grown = with_options("up.expansion", (1, 2, 3, 4, 6), with_options("deep.width", (8, 16, 24, 32, 40, 48)))
    experiment = replace(EXPERIMENT, space=grown, baseline=None)
    known = kept(replace(EXPERIMENT, space=replace(SPACE, references={}), baseline=None))
    with pytest.raises(FolderError, match=r"\(40, 48\) of choice 'deep\.width', \(6\) of choice 'up\.expansion'; they "
                       r".*`nas search --allow-new-options` takes them"):  # fmt: skip
        continued(RUN, experiment, known, allow_new_options=False)
    found = continued(RUN, experiment, known, allow_new_options=True)
    assert {name: found[name] for name in ("networks", "resources", "num_options")} == {
        name: known[name] for name in ("networks", "resources", "num_options")
    }
    assert continued(RUN, experiment, found, allow_new_options=False) == found  # taken once, it is the run's
    with pytest.raises(FolderError, match=r"choice 'deep\.width' had the options \(8, 16, 24, 32, 40, 48\)"):
        continued(RUN, replace(experiment, space=replace(SPACE, references={})), found, allow_new_options=True)


@pytest.mark.parametrize("factor", [2, None])
def test_a_resource_that_says_something_else_is_named(factor: int | None) -> None:
    def costing(times: int) -> Resource:
        return Resource(name="cost", unit="mJ", measure=lambda op: times * op.macs)

    known = kept(replace(EXPERIMENT, resources=(*EXPERIMENT.resources, costing(1))))
    now = EXPERIMENT if factor is None else replace(EXPERIMENT, resources=(*EXPERIMENT.resources, costing(factor)))
    with pytest.raises(FolderError, match=r"cost must say the same as when the run began, a mean of .* and says"):
        continued(RUN, now, known, allow_new_options=True)


def test_another_resource_is_welcome() -> None:
    more = Resource(name="cost", unit="mJ", measure=lambda op: float(op.macs))
    continued(RUN, replace(EXPERIMENT, resources=(more, *EXPERIMENT.resources)), kept(), allow_new_options=False)


def test_a_run_of_a_version_that_kept_no_meaning_opens_and_keeps_it_from_then_on(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "run")
    settings = folder.settings()
    old = {name: value for name, value in settings.items() if name != SETTING}
    folder.write_json(folder.settings_file, old)
    folder.settle({name: value for name, value in settings.items() if name not in ("format", "started")})
    assert folder.settings() == settings


@pytest.mark.parametrize("name", ["choices", "stages", "resources", "num_options"])
def test_a_meaning_that_cannot_be_read_is_told(name: str) -> None:
    with pytest.raises(FolderError, match=r"experiment\.json must hold what the space was, and 'meaning' there cannot"):
        continued(RUN, EXPERIMENT, {**kept(), name: [["no", "form"]]}, allow_new_options=False)


def test_a_space_of_another_size_is_refused_where_the_meaning_is_not_known(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "run")
    settings = folder.settings()
    folder.write_json(folder.settings_file, {name: value for name, value in settings.items() if name != SETTING})
    with pytest.raises(FolderError, match="was started with space_size = '4096', now it is '5120'"):
        folder.settle({**settings, "space_size": "5120"})


# The evaluator ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Says(tiny.Formula):
    """An evaluator with facts of its data and its training."""

    orders: Path | None = None
    data: Mapping[str, str | int] = ()  # type: ignore[assignment]
    training_facts: Mapping[str, str | int | float] = ()  # type: ignore[assignment]

    @property
    def data_facts(self) -> Mapping[str, str | int]:
        return self.data


def started(path: Path, evaluator: Says) -> RunFolder:
    path.mkdir()
    folder = RunFolder(path=path)
    folder.settle({"seed": 0})
    check_evaluator(folder, evaluator)
    folder.start()
    return folder


FACTS = {"name": "mine", "provenance": "pairs in mine/", "train images": 7}


def test_an_evaluator_that_says_the_same_goes_on(tmp_path: Path) -> None:
    folder = started(tmp_path / "run", Says(data=FACTS, training_facts={"recipe lr": 0.1}))
    before = folder.settings()
    check_evaluator(folder, Says(data=FACTS, training_facts={"recipe lr": 0.1, "recipe new": 3}))
    assert folder.settings() == before


@pytest.mark.parametrize(
    ("data", "training", "message"),
    [
        ({**FACTS, "train images": 8}, {}, "said train images = 7, now it says 8; the data have changed: restore it"),
        ({**FACTS, "digest": "b"}, {}, "said digest = 'a', now it says 'b'; the data have changed"),
        (FACTS, {"recipe lr": 0.2}, r"said recipe lr = 0\.1, now it says 0\.2; restore it, or give --out a new folder"),
    ],
)
def test_an_evaluator_that_says_something_else_is_refused(
    data: dict[str, str | int], training: dict[str, float], message: str, tmp_path: Path
) -> None:
    folder = started(tmp_path / "run", Says(data={**FACTS, "digest": "a"}, training_facts={"recipe lr": 0.1}))
    with pytest.raises(FolderError, match=message):
        check_evaluator(folder, Says(data=data, training_facts=training))


def test_the_same_pictures_under_another_name_are_the_same_data(tmp_path: Path) -> None:
    folder = started(tmp_path / "run", Says(data={**FACTS, "digest": "a"}, training_facts={}))
    check_evaluator(folder, Says(data={**FACTS, "digest": "a", "name": "moved"}, training_facts={}))


def test_a_run_that_kept_no_facts_keeps_them_from_then_on(tmp_path: Path) -> None:
    folder = RunFolder(path=tmp_path / "run")
    folder.path.mkdir()
    folder.settle({"seed": 0})
    folder.start()
    check_evaluator(folder, Says(data=FACTS, training_facts={}))
    with pytest.raises(FolderError, match="said name = 'mine', now it says 'yours'"):
        check_evaluator(folder, Says(data={**FACTS, "name": "yours"}, training_facts={}))


# What a refusal shows --------------------------------------------------------------------------------------------


LONG = {f"name{i}": {"file": "x" * 50, "values": list(range(50))} for i in range(9)}


def changed(**values: object) -> dict[str, object]:
    return {**LONG, "name4": {**LONG["name4"], **values}}


@pytest.mark.parametrize(
    ("new", "shown"),
    [
        (lambda: changed(file="y"), r"setting\.name4\.file = 'x{50}', now it is 'y'; keep"),
        (
            lambda: changed(values=[*range(48), 7, 49]),
            r"setting\.name4\.values = \.\.\..*47, 48, 49\], now it is \.\.\..*47, 7, 49\]; keep",
        ),
        (lambda: {"name0": LONG["name0"]}, r"setting\.name1 = \{'file': 'x{50}', .*, now it is None; keep"),
    ],
)
def test_a_long_setting_is_shown_where_it_differs(new: Callable[[], object], shown: str) -> None:
    with pytest.raises(FolderError, match=shown) as caught:
        check_unchanged(RUN, {"setting": LONG}, {"setting": new()})
    assert len(str(caught.value)) < 450

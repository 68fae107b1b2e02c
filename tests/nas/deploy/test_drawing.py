from nas.deploy.drawing import drawing, stages_of
from search_spaces import tiefenrausch

PUBLISHED = tiefenrausch.SPACE.lower(tiefenrausch.SPACE.reference("published"))


def test_every_operation_of_the_network_is_in_one_stage() -> None:
    stages = stages_of(PUBLISHED)
    assert sum(stage.macs for stage in stages) == PUBLISHED.macs == 6_831_333_504
    assert {stage.name for stage in stages} == {stage.name for stage in tiefenrausch.SPACE.stages}
    by_name = {stage.name: stage for stage in stages}
    for stage in tiefenrausch.SPACE.stages:
        assert set(by_name[stage.name].sources) == set(stage.inputs)


def test_a_u_net_is_drawn_as_a_u() -> None:
    lines = drawing(PUBLISHED).splitlines()
    assert lines[0].split() == ["input", "3x384x288"]
    depths = {line.split()[0]: len(line) - len(line.lstrip()) for line in lines[1:]}
    for level in range(6):
        assert depths[f"{level}A"] == depths[f"{level}B"] == 3 * level
    assert depths["0C"] == depths["1C"] == 0 and depths["5C"] == 12
    assert lines[-1].endswith("< 0B + 1C") and "1x384x288" in lines[-1]

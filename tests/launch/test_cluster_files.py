"""The files and the page for clusters, as far as a machine without a cloud can tell: schemas, commands, a dry run."""

import json
import os
import re
import shlex
import stat
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
import yaml

from launch.cli import nas

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "launch" / "cluster"
PAGE = ROOT / "docs" / "cluster.md"
LAUNCHERS = ("aws.yaml", "gcp.yaml")
RAY_VERSION = re.search(r"^ray==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)[1]  # type: ignore[index]


def ray_command() -> click.Group:
    from ray.scripts.scripts import cli

    assert isinstance(cli, click.Group)
    return cli


def check_command(words: Sequence[str]) -> None:
    """See that a command line of `ray` or `nas` names a verb that exists, and options that it has."""
    command: click.Command = {"ray": ray_command, "nas": lambda: nas}[words[0]]()
    words = words[1:]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"no verb {words[0]!r}"
        command, words = command.commands[words[0]], words[1:]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    known |= {"--help", "-h"}
    for position, word in enumerate(words):
        if word == "--":
            check_command(words[position + 1 :])  # of a job
            break
        if word.startswith("-") and word != "-":
            assert word.split("=")[0] in known, f"{command.name} has no option {word}"


def commands_in(text: str) -> Iterator[list[str]]:
    """Command lines of `ray` and `nas` that begin a line (after a comment sign, variables or `sbatch`), joined."""
    joined = re.sub(r"\\\n\s*(#\s*)?", " ", text)
    for line in joined.splitlines():
        match = re.match(r"[\s#`$>-]*(?:[A-Z_]+=\S+ )*((?:nas|ray) .*)", line)
        if match and not re.search(r"`|\.\.\.|\bas\b", match[1].split("   ")[0]):
            yield shlex.split(re.split(r"\s{3,}|[|;>&]", match[1])[0], comments=True)
    for quoted in re.findall(r"`((?:nas|ray) [^`.]+)`", text):
        yield shlex.split(quoted)


def test_every_command_that_files_and_page_show_exists() -> None:
    for path in (*FOLDER.iterdir(), PAGE):
        shown = list(commands_in(path.read_text()))
        assert shown, f"{path.name} shows no command: does the test still find them?"
        for words in shown:
            check_command(words)


@pytest.mark.parametrize("line", ["nas serach demo", "nas search demo --gpu 1", "ray upp x", "ray start --heads"])
def test_a_command_that_does_not_exist_would_be_found(line: str) -> None:
    (words,) = commands_in(f"    {line}")
    with pytest.raises(AssertionError, match=r"no verb|has no option"):
        check_command(words)


# ray up ----------------------------------------------------------------------------------------------------------


def launcher(name: str) -> dict[str, Any]:
    content = yaml.safe_load((FOLDER / name).read_text())
    assert isinstance(content, dict)
    return content


@pytest.mark.parametrize("name", LAUNCHERS)
def test_ray_accepts_its_cluster_file(name: str) -> None:
    import ray

    schema = json.loads((Path(ray.__file__).parent / "autoscaler" / "ray-schema.json").read_text())
    jsonschema.validate(launcher(name), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(launcher(name) | {"max_wrokers": 2}, schema)


@pytest.mark.parametrize("name", LAUNCHERS)
def test_start_commands_are_safe_and_exist(name: str) -> None:
    config = launcher(name)
    head, worker = ([shlex.split(line) for line in config[f"{kind}_start_ray_commands"]] for kind in ("head", "worker"))
    for words in (*head, *worker):
        check_command(words)
    assert "--dashboard-host=127.0.0.1" in head[-1] and "--head" in head[-1] and "--head" not in worker[-1]
    for start in (head[-1], worker[-1]):
        assert "--disable-usage-stats" in start
    options = config["docker"]["run_options"]
    assert "-e RAY_AUTH_MODE=token" in options and "-e RAY_USAGE_STATS_ENABLED=0" in options
    assert config["file_mounts"]["/home/ray/.ray/auth_token"] == "~/.ray/auth_token"
    assert f":{RAY_VERSION}-py311" in config["docker"]["image"]


@pytest.mark.parametrize("name", LAUNCHERS)
def test_only_workers_are_on_spot_and_only_they_train(name: str) -> None:
    config = launcher(name)
    kinds = config["available_node_types"]
    head, gpus = kinds[config["head_node_type"]], kinds["gpus"]
    assert "spot" not in json.dumps(head).lower() and "spot" in json.dumps(gpus).lower()
    assert head["resources"]["CPU"] == 0 and gpus["resources"]["GPU"] == 8
    assert gpus["min_workers"] == gpus["max_workers"] == config["max_workers"]


# Kubernetes ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    return {one["kind"]: one for one in yaml.safe_load_all((FOLDER / "kuberay-rayjob.yaml").read_text())}


def test_the_job_searches_and_its_pods_start_ray_with_options_that_exist(documents: dict[str, Any]) -> None:
    job = documents["RayJob"]["spec"]
    check_command(shlex.split(job["entrypoint"]))
    cluster = job["rayClusterSpec"]
    assert cluster["authOptions"] == {"mode": "token"} and cluster["rayVersion"] == RAY_VERSION
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for group in groups:
        check_command(["ray", "start", *(f"--{name}" for name in group["rayStartParams"])])
        assert group["rayStartParams"]["disable-usage-stats"] == "true"


def test_the_job_asks_for_as_many_slots_as_its_workers_have(documents: dict[str, Any]) -> None:
    job = documents["RayJob"]["spec"]
    words = shlex.split(job["entrypoint"])
    (group,) = job["rayClusterSpec"]["workerGroupSpecs"]
    limits = group["template"]["spec"]["containers"][0]["resources"]["limits"]
    gpus = group["replicas"] * int(limits["nvidia.com/gpu"])
    assert gpus == int(words[words.index("--workers") + 1])
    assert int(limits["cpu"]) >= int(limits["nvidia.com/gpu"]) * int(words[words.index("--cpus-per-trial") + 1])


def test_volumes_and_labels_of_the_job_fit_together(documents: dict[str, Any]) -> None:
    cluster = documents["RayJob"]["spec"]["rayClusterSpec"]
    wanted = documents["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        template = group["template"]
        assert template["metadata"]["labels"] == wanted
        mounted = {mount["name"] for mount in template["spec"]["containers"][0]["volumeMounts"]}
        assert mounted == {volume["name"] for volume in template["spec"]["volumes"]}
    (volume,) = cluster["headGroupSpec"]["template"]["spec"]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == documents["PersistentVolumeClaim"]["metadata"]["name"]


def test_no_file_holds_a_secret() -> None:
    for path in FOLDER.iterdir():
        assert not re.search(
            r"RAY_AUTH_TOKEN=|auth_token:\s*['\"]?\w{8}|password\s*[:=]|://\w+:\w", path.read_text(), re.I
        )


# Slurm -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def slurm(tmp_path: Path) -> Path:
    """A folder of commands that write down how they are called; `srun` runs what it is given, on this machine."""
    record = f'printf "%s\\n" "$(basename "$0") $*" >> {tmp_path}/calls\n'
    scripts = {
        "srun": record + 'while [[ "$1" == --* ]]; do shift; done\nexec "$@"\n',
        "scontrol": "printf 'node1\\nnode2\\nnode3\\n'\n",
        "ray": record,
        "nas": record
        + "while kill -0 $PPID; do\n"
        + f'[ "$(grep -c "^ray start" {tmp_path}/calls)" = "$STARTS" ] && break; sleep 0.05; done\n'
        + 'exit "${FAIL:-0}"\n',
    }
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in scripts.items():
        (folder / name).write_text("#!/usr/bin/env bash\n" + text)
        (folder / name).chmod(stat.S_IRWXU)
    return tmp_path


def sbatch(slurm: Path, *arguments: str, **environment: str) -> tuple[int, str, list[list[str]]]:
    """Run the script as Slurm would; its exit status, what it said and the calls that it made."""
    variables = {"SLURM_JOB_ID": "4711", "SLURM_JOB_NODELIST": "node[1-3]", "STARTS": "1", **environment}
    ended = subprocess.run(
        ["bash", FOLDER / "slurm.sh", *arguments],
        env={"PATH": f"{slurm / 'bin'}:{os.environ['PATH']}", "HOME": str(slurm), **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    calls = slurm / "calls"
    return (
        ended.returncode,
        ended.stderr,
        [line.split() for line in calls.read_text().splitlines()] if calls.exists() else [],
    )


def test_slurm_starts_a_head_the_other_nodes_and_the_search(slurm: Path) -> None:
    code, err, calls = sbatch(
        slurm, "demo", "--out", "run",
        SLURM_JOB_NUM_NODES="3", SLURM_GPUS_ON_NODE="8", SLURM_CPUS_PER_TASK="64", STARTS="2",
    )  # fmt: skip
    assert code == 0, err
    for words in calls:
        if words[0] in {"ray", "nas"}:
            check_command(words)
    (search,) = (words for words in calls if words[0] == "nas")
    assert " ".join(search) == (
        "nas search --address node1:24711 --workers 24 --gpus-per-trial 1 --cpus-per-trial 8 demo --out run"
    )
    starts = {("--head" in words): words for words in calls if words[:2] == ["ray", "start"]}
    assert "--port=24711" in starts[True] and "--dashboard-host=127.0.0.1" in starts[True]
    assert "--address=node1:24711" in starts[False]
    for words in starts.values():
        assert {"--num-gpus=8", "--num-cpus=64", "--disable-usage-stats", "--block"} <= set(words)
    runs = [words for words in calls if words[0] == "srun"]
    assert ["--nodelist=node1" in words for words in runs] == ["--exclude=node1" not in words for words in runs]
    assert any("--nodes=2" in words and "--exclude=node1" in words for words in runs)


def test_slurm_without_gpus_or_other_nodes_gives_a_trial_a_cpu(slurm: Path) -> None:
    code, err, calls = sbatch(slurm, "demo", "--out", "run", SLURM_JOB_NUM_NODES="1", SLURM_CPUS_PER_TASK="4")
    assert code == 0, err
    (search,) = (words for words in calls if words[0] == "nas")
    assert search == "nas search --address node1:24711 --workers 4 demo --out run".split()
    assert len([words for words in calls if words[0] == "srun"]) == 1


def test_slurm_passes_on_how_the_search_ended(slurm: Path) -> None:
    assert sbatch(slurm, "demo", SLURM_JOB_NUM_NODES="1", FAIL="2")[0] == 2
    code, err, _ = sbatch(slurm, SLURM_JOB_NUM_NODES="1")
    assert code == 2 and "usage: sbatch" in err and "EXPERIMENT --out RUN" in err


def test_the_scripts_own_options_are_slurms() -> None:
    lines = re.findall(r"^#SBATCH (--[\w-]+)", (FOLDER / "slurm.sh").read_text(), re.MULTILINE)
    assert {"--nodes", "--ntasks-per-node", "--gpus-per-node", "--cpus-per-task", "--requeue"} <= set(lines)

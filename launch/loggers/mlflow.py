"""MLflow: one run for a search's winner and finals. Needs `chamnas[mlflow]`.

It goes where MLFLOW_TRACKING_URI says, as all of MLflow does, or else into the run folder: figures into a database,
which MLflow asks for in place of its older folders, and files beside it. A search that is logged again replaces its
run.
"""

import logging
import os
import re
from pathlib import Path
from typing import Any

from launch.loggers.logged import Logged

EXPERIMENT, STUDY = "chamnas", "chamnas.study"
LONGEST = 500  # characters of a parameter
BATCH = 1000  # metrics that one call takes


def log(facts: Logged, run: Path) -> str:
    """Write a run's figures and files; what shows them."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read while it is imported
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):  # a new database tells of each of its tables
        logging.getLogger(name).setLevel(logging.WARNING)
    place = (run / "mlflow").resolve()
    given = os.environ.get("MLFLOW_TRACKING_URI")
    if not given:
        place.mkdir(exist_ok=True)
    uri = given or f"sqlite:///{place}/mlflow.db"
    client = MlflowClient(tracking_uri=uri)
    run_id = _new_run(client, facts, None if given else (place / "files").as_uri())
    _write(client, run_id, facts)
    client.set_terminated(run_id)
    return f"mlflow ui --backend-store-uri {uri}"


def _write(client: Any, run_id: str, facts: Logged) -> None:
    from mlflow.entities import Metric, Param

    began = int(client.get_run(run_id).info.start_time)
    metrics = [Metric(_name(one.tag), one.value, began, one.step) for one in facts.scalars]
    for start in range(0, len(metrics), BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + BATCH])
    client.log_batch(run_id, params=[Param(_name(name), text[:LONGEST]) for name, text in facts.texts.items()])
    for path in facts.files:
        client.log_artifact(run_id, str(path))
    for path in facts.pictures:
        client.log_artifact(run_id, str(path), "pictures")


def _new_run(client: Any, facts: Logged, files: str | None) -> str:
    """The run's id; an earlier one of the same search is deleted."""
    known = client.get_experiment_by_name(EXPERIMENT)
    experiment = known.experiment_id if known else client.create_experiment(EXPERIMENT, artifact_location=files)
    for old in client.search_runs([experiment], f"tags.`{STUDY}` = '{_text(facts.study)}'"):
        client.delete_run(old.info.run_id)
    run = client.create_run(experiment, run_name=facts.name, tags={STUDY: _text(facts.study)})
    return str(run.info.run_id)


def _name(text: str) -> str:
    """As MLflow allows it."""
    return re.sub(r"[^/\w.\- :]", "_", text)


def _text(study: str) -> str:
    """What may stand in quotes in a search."""
    return study.replace("'", "_").replace("\\", "_")

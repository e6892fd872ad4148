"""What the tests of sweeps ask and start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cloudtrack.client import AnyClient
from cloudtrack.entities.run import Run
from cloudtrack.projects.planning import Request
from cloudtrack.projects.sweeps.attempts import TRIAL_TAG
from cloudtrack.projects.sweeps.results import SweepResult
from cloudtrack.projects.sweeps.space_words import space_of
from cloudtrack.projects.sweeps.sweeping import Search, start_sweep

ALPHA = {"alpha": "0:1"}


def start(client: AnyClient, project: Path, space: Any = None, **options: Any) -> SweepResult:
    """Sweep a project: of the options, those of ``Request`` go there, and others to ``Search``."""
    said = options.pop("said", [])
    given = {"backend": "inline", "experiment_id": "0", **options}
    of_request = {name: value for name, value in given.items() if name in Request.__dataclass_fields__}
    of_search = {name: value for name, value in given.items() if name not in of_request}
    search = Search(space=space_of(space or ALPHA), **{"trials": 5, "seed": 1, **of_search})
    return start_sweep(client, Request(uri=str(project), **of_request), search, said.append)


def children(client: AnyClient, sweep_id: str, *, trashed: bool = False) -> list[Run]:
    """The runs below a sweep by trial: those that are active, or those in the trash."""
    found = client.runs.search(
        [client.runs.get(sweep_id).info.experiment_id],
        f"tags.`mlflow.parentRunId` = '{sweep_id}'",
        view_type=2 if trashed else 1,
        max_results=10_000,
    )
    return sorted(found, key=lambda run: int(run.data.tags[TRIAL_TAG]))


def sweep_ids(client: AnyClient) -> list[str]:
    """All sweeps of the default experiment."""
    return [run.info.run_id for run in client.runs.list(["0"]) if "cloudtrack.sweep" in run.data.tags]


def assert_exact(client: AnyClient, sweep_id: str, trials: int) -> list[Run]:
    """Each trial has one child, and all have ended; the children."""
    found = children(client, sweep_id)
    assert [int(run.data.tags[TRIAL_TAG]) for run in found] == list(range(trials))
    assert {run.info.status for run in found} <= {"FINISHED", "FAILED"}
    assert client.runs.get(sweep_id).info.status == "FINISHED"
    return found

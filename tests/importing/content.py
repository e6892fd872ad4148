"""All that a store says of what was imported, to be compared."""

from typing import Any

from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import Run


def content_of(client: Client) -> dict[str, Any]:
    experiments = client.experiments.search(view_type=ViewType.ALL)
    ids = [each.experiment_id for each in experiments]
    runs = client.runs.list(ids, view_type=ViewType.ALL)
    models = client.registered_models.search(max_results=None)
    return {
        "experiments": {each.experiment_id: _plain(each) for each in experiments},
        "runs": {run.info.run_id: _run(client, run) for run in runs},
        "logged models": {each.model_id: _plain(each) for each in client.logged_models.list(ids)},
        "files": {
            **{run.info.run_id: _files(client.artifacts, run.info.run_id) for run in runs},
            **{
                each.model_id: _files(client.logged_model_artifacts, each.model_id)
                for each in client.logged_models.list(ids)
            },
        },
        "models": {each.name: _plain(each) for each in models},
        "versions": {
            each.name: [_plain(version) for version in client.model_versions.list(each.name)] for each in models
        },
    }


def _run(client: Client, run: Run) -> list[Any]:
    history = {
        key: sorted(
            (point.step, point.timestamp, repr(point.value)) for point in client.metrics.history(run.info.run_id, key)
        )
        for key in run.data.metrics
    }
    data = run.data
    info = {**_plain(run.info), "artifact_uri": ""}
    return [info, data.params, data.tags, str(data.metrics), history, _plain(run.inputs), _plain(run.outputs)]


def _files(artifacts: Any, owner_id: str) -> dict[str, bytes]:
    return {info.path: artifacts.read(owner_id, info.path) for info in artifacts.walk(owner_id)}


def _plain(thing: Any) -> dict[str, Any]:
    """Its fields, but where the store is."""
    found = {name: getattr(thing, name) for name in thing.__slots__}
    return {key: str(value) for key, value in found.items() if key != "artifact_location"}

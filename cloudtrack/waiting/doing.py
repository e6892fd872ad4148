"""Doing one call on a client."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from cloudtrack.entities.run import Metric
from cloudtrack.errors import CorruptData
from cloudtrack.tracking.model_points import by_model
from cloudtrack.waiting.call import CREATE_MODEL, LOG_METRICS, UPLOAD, Call
from cloudtrack.waiting.checking import CALLS


def do(client: Any, call: Call, arguments: dict[str, Any], source: Path | BinaryIO | None = None) -> Any:
    """What a call gives, done on a client that acts under its operation; ``source`` is the file of an upload.

    Raises CorruptData for a call that this version does not know, and what the call raises.
    """
    if call.call == UPLOAD and source is not None:
        return client.logged_model_artifacts.upload(arguments["owner_id"], source, arguments["path"])
    if call.call == LOG_METRICS:
        return _log_metrics(client, arguments["run_id"], call)
    if call.call not in CALLS:
        raise CorruptData(f"there is no call {call.call[:60]!r} in this version of cloudtrack: use the newer one")
    if call.call == CREATE_MODEL and not arguments["experiment_id"]:
        arguments = {**arguments, "experiment_id": client.runs.get(arguments["source_run_id"]).info.experiment_id}
    service, _, method = call.call.partition(".")
    return getattr(client if service == "client" else getattr(client, service), method)(**arguments)


def _log_metrics(client: Any, run_id: str, call: Call) -> None:
    points = [
        Metric(key, value, timestamp, step, model_id, dataset_name, dataset_digest, run_id)
        for model_id, key, value, step, timestamp, dataset_name, dataset_digest in call.points
    ]
    for model_id, metrics in by_model(points).items():
        client.logged_models.log_metrics(model_id, metrics)

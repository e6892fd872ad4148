"""What a run left that can be compared: its metrics, its files and those of its models."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from cloudtrack.client import AnyClient
from cloudtrack.entities.run import Run
from cloudtrack.projects.record import FOLDER
from cloudtrack.projects.verdict import Evidence
from cloudtrack.tracking.artifacts import Artifacts

_MODEL_FILE = "MLmodel"
"""It says when and by which run a model was made."""


def evidence_of(client: AnyClient, run: Run) -> Evidence:
    """Everything that a run logged but the record of its launch. All its files are read."""
    run_id = run.info.run_id
    metrics = {
        key: [(point.step, point.value) for point in client.metrics.history(run_id, key)] for key in run.data.metrics
    }
    files = {
        path: digest
        for path, digest in _digests(client.artifacts, run_id)
        if not path.startswith(f"{FOLDER}/") and path.rpartition("/")[2] != _MODEL_FILE
    }
    names: dict[str, int] = {}
    for output in run.outputs.model_outputs:
        name = client.logged_models.get(output.model_id).name
        names[name] = number = names.get(name, 0) + 1
        place = f"models/{name}" if number == 1 else f"models/{name}({number})"
        found = dict(_digests(client.logged_model_artifacts, output.model_id))
        files |= {f"{place}/{path}": digest for path, digest in found.items() if path != _MODEL_FILE}
    return Evidence(metrics, files)


def _digests(artifacts: Artifacts, owner_id: str) -> Iterator[tuple[str, str]]:
    for file in artifacts.walk(owner_id):
        digest = hashlib.sha256()
        for chunk in artifacts.open(owner_id, file.path).chunks:
            digest.update(chunk)
        yield file.path, digest.hexdigest()

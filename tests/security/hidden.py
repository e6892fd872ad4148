"""What nobody but its owner may read, with a word in it that is found wherever it leaks."""

from __future__ import annotations

from dataclasses import dataclass

from cloudtrack.client import Client
from cloudtrack.entities.dataset import Dataset, DatasetInput
from cloudtrack.entities.manifest import Manifest
from cloudtrack.entities.run import Metric
from tests.api.samples import PINNED_FILES

CANARY = "canary7f3a"


@dataclass(frozen=True)
class Hidden:
    """Its names, which strangers may guess."""

    experiment: str
    run: str
    model_id: str
    model: str = f"{CANARY}-model"
    release: str = f"{CANARY}-release"


def hide(client: Client) -> Hidden:
    """One of everything, with the canary in whatever people write."""
    experiment = client.experiments.create(f"{CANARY} experiment", tags={f"{CANARY}-tag": CANARY})
    run = client.runs.create(experiment, run_name=f"{CANARY} run", tags={"note": CANARY}).info.run_id
    client.runs.log_batch(run, metrics=[Metric(f"{CANARY}-metric", 0.5, 1)], params={f"{CANARY}-param": CANARY})
    client.runs.log_inputs(run, [DatasetInput(Dataset(f"{CANARY}-data", "1", "local", "{}"))])
    for path in ("file.txt", "page.html", "model/MLmodel", f"{CANARY}.txt"):
        client.artifacts.log_text(run, CANARY, path)
    logged = client.logged_models.create(experiment, name=f"{CANARY}-logged", source_run_id=run, tags={"note": CANARY})
    client.logged_model_artifacts.log_text(logged.model_id, CANARY, "MLmodel")
    hidden = Hidden(experiment, run, logged.model_id)
    client.registered_models.create(hidden.model, tags={"note": CANARY}, description=CANARY)
    client.model_versions.create(hidden.model, f"runs:/{run}/model", run_id=run, description=CANARY)
    manifest: Manifest = PINNED_FILES
    client.model_versions.create(hidden.model, f"models:/{logged.model_id}", manifest=manifest)
    client.aliases.set(hidden.model, "champion", 1)
    client.stages.transition(hidden.model, 1, "Production")
    client.approvals.request(hidden.model, 2, "Production")
    client.comments.create(hidden.model, 1, CANARY)
    client.releases.switch(hidden.release, {"one": f"{hidden.model}/1"})
    return hidden

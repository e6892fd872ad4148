"""One good request for every endpoint, over a small world that every request finds as it needs it."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from cloudtrack import clock
from cloudtrack.access.tickets import Tickets
from cloudtrack.api.endpoint import Endpoint
from cloudtrack.api.endpoints import ENDPOINTS
from cloudtrack.api.mlflow.not_implemented import not_implemented
from cloudtrack.client import Client
from cloudtrack.entities.dataset import Dataset, DatasetInput
from cloudtrack.entities.manifest import Manifest, PinnedFile
from cloudtrack.entities.run import Metric
from cloudtrack.registry.webhooks import WebhookEvent
from cloudtrack.tracking.records import pack_record

MODEL = "model one"
RELEASED = "model out"
"""What the release has."""
EXPERIMENT = "experiment one"
STREAM = "1790000000000-0123456789ab-host%3A1"
_MLMODEL = "flavors: {}\n"
PINNED_FILES = Manifest(
    files={"MLmodel": PinnedFile(size=len(_MLMODEL), sha256=hashlib.sha256(_MLMODEL.encode()).hexdigest())},
    texts={"MLmodel": _MLMODEL},
)


@dataclass(frozen=True)
class Sample:
    """What to send; ``${name}`` stands for something of the world. A dictionary is JSON, a function makes the body."""

    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] | bytes | Callable[[dict[str, str]], bytes] = b""
    path: dict[str, str] = field(default_factory=dict)
    needs: str = ""
    """What it needs, where the function says so and not the table."""
    status: int = 200


@dataclass(frozen=True)
class World:
    """A store with one of everything."""

    client: Client
    names: dict[str, str]

    def request(self, endpoint: Endpoint) -> tuple[str, str, bytes]:
        """Method, target and body of the sample of an endpoint."""
        sample = SAMPLES[key_of(endpoint)]
        path = re.sub(r"\{(\w+)(?::path)?\}", lambda match: quote(self._of(sample, match[1])), endpoint.paths[-1])
        query = urlencode(self._filled(sample.query), doseq=True)
        return endpoint.method, f"{path}?{query}" if query else path, self._body(sample)

    def _body(self, sample: Sample) -> bytes:
        if callable(sample.body):
            return sample.body(self.names)
        return sample.body if isinstance(sample.body, bytes) else json.dumps(self._filled(sample.body)).encode()

    def _of(self, sample: Sample, name: str) -> str:
        return self._filled(sample.path.get(name, f"${{{name}}}"))

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return re.sub(r"\$\{(\w+)\}", lambda match: self.names[match[1]], value)
        if isinstance(value, dict):
            return {name: self._filled(item) for name, item in value.items()}
        return [self._filled(item) for item in value] if isinstance(value, list) else value

    def objects(self) -> dict[str, bytes]:
        """All that is in the store, but for the policy and indexes."""
        keys = (info.key for info in self.client.store.list())
        return {key: self.client.store.get(key).body for key in keys if not re.match(r"access/|.*/index/", key)}


def new_world() -> World:
    """A world of its own, in memory."""
    return fill(Client(f"memory://{uuid.uuid4().hex}"))


def fill(client: Client) -> World:
    experiment_id = client.experiments.create(EXPERIMENT, tags={"tag": "v"})
    trash = client.experiments.create("experiment in the trash")
    client.runs.delete_experiment(trash)
    run_id = client.runs.create(experiment_id, run_name="run one", start_time=1, tags={"tag": "v"}).info.run_id
    client.runs.log_batch(run_id, metrics=[Metric("loss", 0.5, 1)], params={"lr": "1"})
    client.source_files.create(run_id, "code.patch", b"--- a/train.py\n")
    client.console.append(run_id, STREAM, 0, b"begins\n")
    client.runs.log_inputs(run_id, [DatasetInput(Dataset("iris", "1", "local", "{}"))])
    for path in ("file.txt", "page.html", "model/MLmodel"):
        client.artifacts.log_text(run_id, "content", path)
    model = client.logged_models.create(experiment_id, name="logged", source_run_id=run_id, tags={"tag": "v"})
    client.logged_model_artifacts.log_text(model.model_id, "content", "MLmodel")
    client.registered_models.create(MODEL, tags={"tag": "v"})
    client.model_versions.create(MODEL, f"runs:/{run_id}/model", run_id=run_id, tags={"tag": "v"})
    client.aliases.set(MODEL, "champion", 1)
    client.stages.transition(MODEL, 1, "Production")
    client.stages.transition(MODEL, 1, "Archived")
    client.approvals.request(MODEL, 1, "Production")
    client.comments.create(MODEL, 1, "words")
    client.policy.set("rules: []\n")
    client.model_versions.create(MODEL, f"runs:/{run_id}/model", manifest=PINNED_FILES)
    client.registered_models.create(RELEASED)
    for version in (1, 2):
        client.model_versions.create(RELEASED, "s3://elsewhere/model")
        client.stages.transition(RELEASED, version, "Production", archive_existing_versions=True)
        client.releases.switch("some/release", {"one": f"{RELEASED}/{version}"})
    webhook = client.webhooks.create(
        "hook", "http://127.0.0.1:1/", [WebhookEvent.of("MODEL_VERSION", "CREATED")], secret="s3cret"
    )
    tickets = Tickets(client.store)
    names = {
        "experiment": experiment_id,
        "trash": trash,
        "run": run_id,
        "model_id": model.model_id,
        "webhook_id": webhook.webhook_id,
        "artifact_path": f"runs/{run_id}/artifacts/file.txt",
        "tag_key": "tag",
        "rest": "anything",
        "now": str(clock.now_ms()),
        "file_ticket": tickets.issue(f"artifacts/file\0{run_id}\0\0\0\0file.txt"),
        "page_ticket": tickets.issue(f"artifacts/render\0{run_id}\0\0\0\0page.html"),
    }
    return World(client, names)


def key_of(endpoint: Endpoint) -> str:
    """Method and path, as the samples know them."""
    return f"{endpoint.method} {endpoint.path}"


_EXPERIMENT = {"experiment_id": "${experiment}"}
_RUN = {"run_id": "${run}"}
_MODEL = {"name": MODEL}
_VERSION = {"name": MODEL, "version": "1"}
_RELEASE = {"name": "some/release"}
_EVENTS = [{"entity": "MODEL_VERSION", "action": "CREATED"}]
_UPLOAD = {"path": "big.bin", "upload_id": "1"}
_GRAPHQL = {"query": "{mlflowGetRun}", "variables": {"data": {"runId": "${run}"}}}
_MODEL_JSON = json.dumps({"run_id": "r", "artifact_path": "m", "utc_time_created": "t", "flavors": {}})


def _delivery(names: dict[str, str]) -> bytes:
    """A writer's first delivery to a run, with nothing in it."""
    run = {"run_id": names["run"], "experiment_id": names["experiment"]}
    return pack_record(json.dumps({"writer": "0123456789abcdef", "run": run}).encode())


SAMPLES: dict[str, Sample] = {
    "POST /mlflow/experiments/create": Sample(body={"name": "experiment two"}),
    "GET /mlflow/experiments/get": Sample(_EXPERIMENT),
    "GET /mlflow/experiments/get-by-name": Sample({"experiment_name": EXPERIMENT}),
    "POST /mlflow/experiments/search": Sample(body={"max_results": 10}),
    "GET /mlflow/experiments/search": Sample({"max_results": 10}),
    "POST /mlflow/experiments/search-datasets": Sample(body={"experiment_ids": ["${experiment}"]}),
    "POST /mlflow/experiments/update": Sample(body={**_EXPERIMENT, "new_name": "experiment uno"}),
    "POST /mlflow/experiments/delete": Sample(body=_EXPERIMENT),
    "POST /mlflow/experiments/restore": Sample(body={"experiment_id": "${trash}"}),
    "POST /mlflow/experiments/set-experiment-tag": Sample(body={**_EXPERIMENT, "key": "k", "value": "v"}),
    "POST /mlflow/experiments/delete-experiment-tag": Sample(body={**_EXPERIMENT, "key": "tag"}),
    "POST /mlflow/runs/create": Sample(body={**_EXPERIMENT, "start_time": 1}),
    "GET /mlflow/runs/get": Sample(_RUN),
    "POST /mlflow/runs/update": Sample(body={**_RUN, "status": "FINISHED", "end_time": 2}),
    "POST /mlflow/runs/delete": Sample(body=_RUN),
    "POST /mlflow/runs/restore": Sample(body=_RUN),
    "POST /mlflow/runs/log-metric": Sample(body={**_RUN, "key": "m", "value": 1, "timestamp": 1}),
    "POST /mlflow/runs/log-parameter": Sample(body={**_RUN, "key": "p", "value": "v"}),
    "POST /mlflow/runs/set-tag": Sample(body={**_RUN, "key": "k", "value": "v"}),
    "POST /mlflow/runs/delete-tag": Sample(body={**_RUN, "key": "tag"}),
    "POST /mlflow/runs/log-batch": Sample(body={**_RUN, "params": [{"key": "p", "value": "v"}]}),
    "POST /mlflow/runs/log-model": Sample(body={**_RUN, "model_json": _MODEL_JSON}),
    "POST /mlflow/runs/log-inputs": Sample(body={**_RUN, "models": [{"model_id": "${model_id}"}]}),
    "POST /mlflow/runs/outputs": Sample(body={**_RUN, "models": [{"model_id": "${model_id}"}]}),
    "GET /mlflow/metrics/get-history": Sample({**_RUN, "metric_key": "loss"}),
    "GET /mlflow/metrics/get-history-bulk": Sample({"run_id": ["${run}"], "metric_key": "loss"}),
    "GET /mlflow/metrics/get-history-bulk-interval": Sample({"run_ids": ["${run}"], "metric_key": "loss"}),
    "POST /mlflow/runs/search": Sample(body={"experiment_ids": ["${experiment}"]}),
    "POST /mlflow/logged-models": Sample(body={**_EXPERIMENT, "name": "n"}),
    "GET /mlflow/logged-models/{model_id}": Sample(),
    "PATCH /mlflow/logged-models/{model_id}": Sample(body={"status": "LOGGED_MODEL_READY"}),
    "DELETE /mlflow/logged-models/{model_id}": Sample(),
    "PATCH /mlflow/logged-models/{model_id}/tags": Sample(body={"tags": [{"key": "k", "value": "v"}]}),
    "DELETE /mlflow/logged-models/{model_id}/tags/{tag_key}": Sample(),
    "POST /mlflow/logged-models/{model_id}/params": Sample(body={"params": [{"key": "k", "value": "v"}]}),
    "POST /mlflow/logged-models/search": Sample(body={"experiment_ids": ["${experiment}"]}),
    "POST /mlflow/registered-models/create": Sample(body={"name": "model two"}),
    "GET /mlflow/registered-models/get": Sample(_MODEL),
    "GET /mlflow/registered-models/search": Sample(),
    "POST /mlflow/registered-models/rename": Sample(body={**_MODEL, "new_name": "model uno"}),
    "PATCH /mlflow/registered-models/update": Sample(body={**_MODEL, "description": "words"}),
    "DELETE /mlflow/registered-models/delete": Sample(body=_MODEL),
    "POST /mlflow/registered-models/get-latest-versions": Sample(body=_MODEL),
    "GET /mlflow/registered-models/get-latest-versions": Sample(_MODEL),
    "POST /mlflow/registered-models/set-tag": Sample(body={**_MODEL, "key": "k", "value": "v"}),
    "DELETE /mlflow/registered-models/delete-tag": Sample(body={**_MODEL, "key": "tag"}),
    "POST /mlflow/registered-models/alias": Sample(body={**_VERSION, "alias": "new"}),
    "DELETE /mlflow/registered-models/alias": Sample(body={**_MODEL, "alias": "champion"}),
    "GET /mlflow/registered-models/alias": Sample({**_MODEL, "alias": "champion"}),
    "POST /mlflow/model-versions/create": Sample(body={**_MODEL, "source": "s3://elsewhere/model"}),
    "GET /mlflow/model-versions/get": Sample(_VERSION),
    "GET /mlflow/model-versions/get-download-uri": Sample(_VERSION),
    "GET /mlflow/model-versions/search": Sample(),
    "PATCH /mlflow/model-versions/update": Sample(body={**_VERSION, "description": "words"}),
    "POST /mlflow/model-versions/transition-stage": Sample(body={**_VERSION, "stage": "Staging"}),
    "DELETE /mlflow/model-versions/delete": Sample(body=_VERSION),
    "POST /mlflow/model-versions/set-tag": Sample(body={**_VERSION, "key": "k", "value": "v"}),
    "DELETE /mlflow/model-versions/delete-tag": Sample(body={**_VERSION, "key": "tag"}),
    "GET /mlflow-artifacts/artifacts/{artifact_path:path}": Sample(),
    "PUT /mlflow-artifacts/artifacts/{artifact_path:path}": Sample(body=b"new"),
    "DELETE /mlflow-artifacts/artifacts/{artifact_path:path}": Sample(),
    "GET /mlflow-artifacts/artifacts": Sample({"path": "runs/${run}/artifacts"}),
    "GET /mlflow/artifacts/list": Sample(_RUN),
    "GET /mlflow/logged-models/{model_id}/artifacts/directories": Sample(),
    "GET /mlflow/logged-models/{model_id}/artifacts/files": Sample({"artifact_file_path": "MLmodel"}),
    "GET /get-artifact": Sample({**_RUN, "path": "file.txt"}),
    "GET /model-versions/get-artifact": Sample({**_VERSION, "path": "MLmodel"}),
    "POST /mlflow/upload-artifact": Sample({**_RUN, "path": "new.txt"}, b"new"),
    "POST /mlflow-artifacts/mpu/create/{artifact_path:path}": Sample(body=_UPLOAD, status=501),
    "POST /mlflow-artifacts/mpu/complete/{artifact_path:path}": Sample(body={**_UPLOAD, "parts": []}, status=501),
    "POST /mlflow-artifacts/mpu/abort/{artifact_path:path}": Sample(body=_UPLOAD, status=501),
    "GET /mlflow-artifacts/presigned/{artifact_path:path}": Sample(status=501),
    "POST /mlflow/artifacts/presigned-download-url": Sample(
        body={**_RUN, "path": "file.txt"}, needs="READ on run", status=501
    ),
    "POST /mlflow/artifacts/presigned-upload-url": Sample(
        body={**_RUN, "path": "file.txt"}, needs="EDIT on run", status=501
    ),
    "POST /mlflow/webhooks": Sample(body={"name": "new", "url": "https://1.1.1.1/", "events": _EVENTS}),
    "GET /mlflow/webhooks": Sample(),
    "GET /mlflow/webhooks/{webhook_id}": Sample(),
    "PATCH /mlflow/webhooks/{webhook_id}": Sample(body={"name": "other"}),
    "DELETE /mlflow/webhooks/{webhook_id}": Sample(),
    "POST /mlflow/webhooks/{webhook_id}/test": Sample(status=400),
    "POST /graphql": Sample(body=_GRAPHQL),
    "GET /graphql": Sample({"query": "{mlflowGetRun}", "variables": '{"data": {"runId": "${run}"}}'}),
    "GET /mlflow/gateway-proxy": Sample(),
    "POST /mlflow/gateway-proxy": Sample(body=b"{}"),
    "GET /mlflow/ui-telemetry": Sample(),
    "POST /mlflow/ui-telemetry": Sample(body=b"{}"),
    "POST /cloudtrack/runs/deliver": Sample({"heartbeat": "true"}, _delivery, needs="EDIT on run"),
    "POST /cloudtrack/runs/resume": Sample(body=_RUN),
    "POST /cloudtrack/runs/purge": Sample(body={**_RUN, "confirm": "${run}"}, status=400),  # it is not in the trash
    "POST /cloudtrack/experiments/purge": Sample(body={"experiment_id": "${trash}", "confirm": "${trash}"}),
    "PUT /cloudtrack/runs/{run_id}/source/{name}": Sample(
        body=b"numpy==2\n", path={"run_id": "${run}", "name": "packages.txt"}
    ),
    "GET /cloudtrack/runs/{run_id}/source/{name}": Sample(path={"run_id": "${run}", "name": "code.patch"}),
    "GET /cloudtrack/runs/page": Sample(_RUN),
    "GET /cloudtrack/runs/source": Sample(_RUN),
    "GET /cloudtrack/runs/logs": Sample(_RUN),
    "POST /cloudtrack/runs/logs/append": Sample(body={**_RUN, "stream": STREAM, "offset": 7, "text": "line\n"}),
    "POST /cloudtrack/logged-models/{model_id}/metrics": Sample(
        body={"metrics": [{"key": "m", "value": 1, "timestamp": 1}]}
    ),
    "GET /cloudtrack/metrics/series": Sample({"run_ids": ["${run}"], "keys": ["loss"]}),
    "GET /cloudtrack/runs/table": Sample({"experiment_ids": ["${experiment}"]}),
    "GET /cloudtrack/runs/several": Sample({"run_ids": ["${run}"]}),
    "GET /cloudtrack/experiments/table": Sample(),
    "GET /cloudtrack/ui-config": Sample(),
    "GET /cloudtrack/permissions": Sample(_EXPERIMENT),
    "GET /cloudtrack/events": Sample(),
    "GET /cloudtrack/registered-models/history": Sample(_MODEL),
    "GET /cloudtrack/registered-models/verify": Sample(_MODEL),
    "GET /cloudtrack/registered-models/at": Sample({**_MODEL, "time_ms": "${now}"}),
    "GET /cloudtrack/registered-models/blame": Sample(_MODEL),
    "GET /cloudtrack/registered-models/anchors": Sample(_MODEL),
    "POST /cloudtrack/registered-models/anchor": Sample(body=_MODEL),
    "POST /cloudtrack/registered-models/set-stages": Sample(body={**_MODEL, "stages": ["Staging", "Production"]}),
    "POST /cloudtrack/registered-models/journal": Sample(
        body={"writer": "0123456789abcdef", "outcomes": [{"number": 1, "version": 1}]}
    ),
    "GET /cloudtrack/model-versions/resolve": Sample({**_MODEL, "reference": "latest"}),
    "POST /cloudtrack/model-versions/rollback": Sample(body={**_MODEL, "stage": "Production"}),
    "POST /cloudtrack/transition-requests/create": Sample(body={**_VERSION, "stage": "Staging"}),
    "POST /cloudtrack/transition-requests/approve": Sample(body={**_MODEL, "id": "1"}),
    "POST /cloudtrack/transition-requests/reject": Sample(body={**_VERSION, "stage": "production"}),
    "DELETE /cloudtrack/transition-requests/delete": Sample(body={**_MODEL, "id": "1"}, status=403),
    "GET /cloudtrack/transition-requests/list": Sample(_MODEL),
    "GET /cloudtrack/transition-requests/get": Sample({**_MODEL, "id": "1"}),
    "POST /cloudtrack/comments/create": Sample(body={**_VERSION, "comment": "words"}),
    "PATCH /cloudtrack/comments/update": Sample(body={**_MODEL, "id": "1", "comment": "words"}, status=403),
    "DELETE /cloudtrack/comments/delete": Sample(body={**_MODEL, "id": "1"}, status=403),
    "GET /cloudtrack/comments/list": Sample(_MODEL),
    "GET /cloudtrack/policy/get": Sample(),
    "POST /cloudtrack/policy/set": Sample(body={"policy": "rules: []"}),
    "GET /cloudtrack/policy/check": Sample({**_VERSION, "stage": "Staging"}),
    "GET /cloudtrack/policy/replay": Sample(_MODEL),
    "GET /cloudtrack/model-versions/manifest": Sample({**_MODEL, "version": "2"}),
    "POST /cloudtrack/model-versions/pin": Sample(body={**_VERSION, "manifest": PINNED_FILES.to_bytes().decode()}),
    "GET /cloudtrack/model-versions/lineage": Sample(_VERSION),
    "GET /cloudtrack/model-versions/versions-from": Sample({"run_id": "${run}"}),
    "GET /cloudtrack/model-versions/diff": Sample(
        {"before": f"models:/{MODEL}/2", "after": f"models:/{MODEL}/2"}, needs="READ on registered model"
    ),
    "POST /cloudtrack/releases/switch": Sample(
        body={**_RELEASE, "members": {"one": f"{RELEASED}/1", "new": f"{MODEL}/2"}}
    ),
    "POST /cloudtrack/releases/rollback": Sample(body=_RELEASE),
    "POST /cloudtrack/releases/delete": Sample(body=_RELEASE),
    "GET /cloudtrack/releases/get": Sample(_RELEASE, needs="READ on registered model"),
    "GET /cloudtrack/releases/history": Sample(_RELEASE, needs="READ on registered model"),
    "GET /cloudtrack/releases/verify": Sample(_RELEASE, needs="READ on registered model"),
    "GET /cloudtrack/releases/names": Sample(),
    "GET /cloudtrack/artifacts/tree": Sample(_RUN),
    "GET /cloudtrack/artifacts/preview": Sample({**_RUN, "path": "file.txt"}),
    "GET /cloudtrack/artifacts/url": Sample({**_RUN, "path": "file.txt"}),
    "GET /cloudtrack/artifacts/file": Sample({**_RUN, "path": "file.txt", "ticket": "${file_ticket}"}),
    "GET /cloudtrack/artifacts/render": Sample({**_RUN, "path": "page.html", "ticket": "${page_ticket}"}),
    "GET /cloudtrack/models/board": Sample(_MODEL),
    "GET /cloudtrack/models/table": Sample(),
    "GET /cloudtrack/models/activity": Sample(_MODEL),
    "GET /cloudtrack/models/timeline": Sample(_MODEL),
    "GET /cloudtrack/models/mlmodel": Sample({**_RUN, "path": "model"}),
    "GET /cloudtrack/activity": Sample(),
    "GET /cloudtrack/lineage": Sample(_VERSION),
    "GET /cloudtrack/transition-requests/open": Sample(),
    "GET /": Sample(),
    "GET /index.html": Sample(),
    "GET /assets/{path:path}": Sample(path={"path": "none.js"}, status=404),
    "GET /health": Sample(),
    "GET /version": Sample(),
    "GET /mlflow/server-info": Sample(),
    "GET /openapi.json": Sample(),
    "GET /api-docs": Sample(),
}
"""By method and path. An endpoint without a sample fails the tests: say here how it is called."""
SAMPLES.update({key_of(endpoint): Sample(status=501) for endpoint in ENDPOINTS if endpoint.answer is not_implemented})

"""What the web page reads, from functions that are kept to their roles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import pytest

from cloudtrack.access.tokens import Tokens
from cloudtrack.client import Client
from cloudtrack.entities.run import LoggedModelOutput, Metric
from tests.handlers.local_gateway import LocalGateway


@pytest.mark.parametrize("copy", [False, True])
def test_no_role_lacks_a_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, copy: bool) -> None:
    client = Client((tmp_path / "store").as_uri())
    run_id = client.runs.create("0").info.run_id
    client.runs.log_batch(run_id, metrics=[Metric("acc", 0.5, 1)])
    model = client.logged_models.create("0", name="tree", source_run_id=run_id)
    client.runs.log_outputs(run_id, [LoggedModelOutput(model.model_id)])
    client.logged_model_artifacts.log_text(model.model_id, "flavors: {}\n", "MLmodel")
    client.artifacts.log_text(run_id, "<p>", "page.html")
    duckdb.sql("SELECT 1 AS a").write_parquet(str(tmp_path / "t.parquet"))
    client.artifacts.log_file(run_id, tmp_path / "t.parquet")
    client.policy.set("rules: []\n")
    client.register_model(model.model_uri, "churn", copy=copy)
    client.approvals.request("churn", 1, "Production")
    client.model_index.compact("")
    client.run_index.compact("0")
    monkeypatch.setenv("CLOUDTRACK_ARTIFACTS", "stream")
    token, _ = Tokens(client.store).create("admin", admin=True)
    gateway = LocalGateway(monkeypatch, client.uri)

    def told(route: str, **query: Any) -> Any:
        target = f"/ajax-api/2.0/cloudtrack/{route}?{urlencode(query)}"
        status, _, body = gateway.send("GET", target, {"authorization": f"Bearer {token}"})
        assert status == 200, (route, body)
        return json.loads(body)

    version = {"name": "churn", "version": "1"}
    assert {file["path"] for file in told("artifacts/tree", run_id=run_id)["files"]} == {
        "page.html",
        "t.parquet",
        "tree",
    }
    assert told("artifacts/tree", **version)["files"][0]["path"] == "MLmodel"
    assert told("artifacts/preview", run_id=run_id, path="t.parquet", kind="table")["columns"] == [[1]]
    assert told("artifacts/preview", run_id=run_id, path="tree/MLmodel")["text"] == "flavors: {}\n"
    assert told("artifacts/preview", **version, path="MLmodel")["text"] == "flavors: {}\n"
    assert told("models/board", name="churn")["versions"][0]["metrics"] == {"acc": 0.5}
    assert told("models/table")["models"][0]["open_requests"] == 1
    assert len(told("models/activity", name="churn")["activity"]) == 3
    assert len(told("activity")["activity"]) == 3
    assert told("models/timeline", name="churn")["versions"][0]["version"] == 1
    assert told("models/mlmodel", **version)["raw"] == "flavors: {}\n"
    assert told("models/mlmodel", run_id=run_id, path="tree")["raw"] == "flavors: {}\n"
    assert len(told("transition-requests/open")["requests"]) == 1
    for owner in (version, {"run_id": run_id}, {"model_id": model.model_id}):
        kinds = {node["kind"] for node in told("lineage", **owner)["nodes"]}
        assert kinds == {"run", "model", "version"}
    for disposition, body in (("render", b"<p>"), ("attachment", b"<p>")):
        url = told("artifacts/url", run_id=run_id, path="page.html", disposition=disposition)["url"]
        status, headers, found = gateway.send("GET", f"/{url}")
        assert (status, found) == (200, body), "without a login"
        assert headers["x-frame-options"] == "SAMEORIGIN"
        assert gateway.send("GET", f"/{url.partition('&ticket')[0]}")[0] == 401

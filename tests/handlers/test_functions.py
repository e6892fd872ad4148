"""Functions over a store: recorded events in, results out."""

from __future__ import annotations

import importlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.endpoint import Domain
from cloudtrack.client import Client
from handlers.function import Function
from tests.handlers.recorded import event

ADMIN = {"lambda": {"name": "root", "admin": "true", "groups": "[]"}}


@pytest.fixture(name="client")
def _client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    uri = (tmp_path / "store").as_uri()
    monkeypatch.setenv("CLOUDTRACK_URI", uri)
    return Client(uri)


def sent(name: str, *, authorizer: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    recorded = {**event(name), **changes}
    if authorizer:
        recorded["requestContext"]["authorizer"] = authorizer
    return recorded


def test_get_finds_an_experiment_by_a_name_from_the_query(client: Client) -> None:
    experiment_id = client.experiments.create("price & demand 2026")
    result = Function(Domain.EXPERIMENTS)(sent("get_with_query", authorizer=ADMIN), None)
    assert result["statusCode"] == 200
    assert json.loads(result["body"])["experiment"]["experiment_id"] == experiment_id


def test_post_sets_a_tag_as_the_principal_is_allowed_to(client: Client) -> None:
    run_id = client.runs.create("0").info.run_id
    body = json.dumps({"run_id": run_id, "key": "note", "value": "größer als 3 € 🙂"}, ensure_ascii=False)
    function = Function(Domain.RUNS)
    assert function(sent("post_json", body=body), None)["statusCode"] == 404
    Access(client.store).grant("group:trainers", Resource.EXPERIMENT, "0", Permission.EDIT)
    assert Function(Domain.RUNS)(sent("post_json", body=body), None)["statusCode"] == 200
    assert client.runs.get(run_id).data.tags["note"] == "größer als 3 € 🙂"


def test_put_stores_binary_bodies_under_their_own_names(client: Client) -> None:
    run_id = client.runs.create("0").info.run_id
    function = Function(Domain.ARTIFACTS)
    for name in ("put_binary", "put_with_encoded_path"):
        recorded = event(name)
        path = recorded["rawPath"].replace("/a1/", f"/{run_id}/")
        assert function(sent(name, authorizer=ADMIN, rawPath=path), None)["statusCode"] == 200
    assert client.artifacts.read(run_id, "model.bin") == bytes(range(256))
    assert client.artifacts.read(run_id, "50% größer + 100%25.txt") == b"hello"


def test_delete_reads_its_body(client: Client) -> None:
    client.registered_models.create("churn", tags={"note": "x", "kept": "y"})
    result = Function(Domain.TRANSITIONS)(sent("delete_with_json", authorizer=ADMIN), None)
    assert (result["statusCode"], result["body"]) == (200, "{}")
    assert client.registered_models.get("churn").tags == {"kept": "y"}


def test_a_function_answers_for_its_domains_alone(client: Client) -> None:
    result = Function(Domain.RUNS)(sent("get_with_query", authorizer=ADMIN), None)
    assert result["statusCode"] == 404
    assert json.loads(result["body"])["error_code"] == "ENDPOINT_NOT_FOUND"


@pytest.mark.parametrize("domain", list(Domain))
def test_the_function_of_each_domain_has_a_handler(domain: Domain, client: Client) -> None:
    module = importlib.reload(importlib.import_module(f"handlers.{domain.value}"))
    assert module.handler(sent("get_with_query", authorizer=ADMIN), None)["statusCode"] in (200, 404)


def test_one_function_can_serve_everything(client: Client) -> None:
    handler = importlib.reload(importlib.import_module("handlers.api")).handler
    assert handler(sent("open_route"), None)["body"] == "OK"
    client.registered_models.create("churn", tags={"note": "x"})
    assert handler(sent("delete_with_json", authorizer=ADMIN), None)["statusCode"] == 200


def test_a_request_without_a_principal_is_refused_behind_an_open_route_too(client: Client) -> None:
    recorded = event("get_with_query")
    del recorded["requestContext"]["authorizer"]
    result = Function(Domain.EXPERIMENTS)(recorded, None)
    assert result["statusCode"] == 401
    assert json.loads(result["body"])["error_code"] == "UNAUTHENTICATED"


def test_answers_have_the_headers_that_keep_browsers_safe(client: Client) -> None:
    headers = Function(Domain.WEB)(sent("open_route"), None)["headers"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_no_request_makes_a_store_and_the_next_one_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = (tmp_path / "later").as_uri()
    monkeypatch.setenv("CLOUDTRACK_URI", uri)
    function = Function(Domain.WEB)
    result = function(sent("open_route"), None)
    assert result["statusCode"] == 404
    assert "there is no cloudtrack store" in json.loads(result["body"])["message"]
    assert not (tmp_path / "later").exists()
    Client(uri)
    assert function(sent("open_route"), None)["statusCode"] == 200


def test_a_request_is_measured_where_a_namespace_is_set(
    client: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    function = Function(Domain.EXPERIMENTS)
    function(sent("get_with_query", authorizer=ADMIN), None)
    assert capsys.readouterr().out == "", "metrics cost: none is written where nobody asked"
    monkeypatch.setenv("CLOUDTRACK_METRICS_NAMESPACE", "cloudtrack/prod")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "experiments")
    function(sent("get_with_query", authorizer=ADMIN), None)
    line = json.loads(capsys.readouterr().out)
    (about,) = line["_aws"]["CloudWatchMetrics"]
    assert (about["Namespace"], about["Dimensions"]) == ("cloudtrack/prod", [[], ["Function"]])
    named = {each["Name"] for each in about["Metrics"]}
    assert {name: line[name] for name in named - {"Duration", "Sent"}} == {"Requests": 1, "Refused": 1, "Failed": 0}
    assert line["Duration"] >= 0
    assert line["Sent"] > 0
    assert (line["Function"], line["route"]) == ("experiments", "ANY /api/2.0/mlflow/experiments/{proxy+}")


def test_a_request_is_one_line_in_the_log_without_query_or_credential(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        Function(Domain.EXPERIMENTS)(sent("get_with_query", authorizer=ADMIN), None)
    (record,) = [record for record in caplog.records if record.name == "cloudtrack.requests"]
    assert record.getMessage() == "GET /api/2.0/mlflow/experiments/get-by-name"
    fields = vars(record)
    assert fields["route"] == "ANY /api/2.0/mlflow/experiments/{proxy+}"
    assert fields["status"] == 404
    assert fields["principal"] == "root"
    assert fields["gatewayRequestId"] == "B1xYzgkEliAEMVw="
    assert fields["ms"] >= 0
    assert "ctk_" not in str(fields)
    assert "price" not in record.getMessage()

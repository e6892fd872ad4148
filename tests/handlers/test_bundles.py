"""The functions as SAM builds them, under AWS's own runtime client."""

from __future__ import annotations

import base64
import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_iris
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestClassifier

import cloudtrack as ct
from cloudtrack.client import Client
from cloudtrack.scoring.following import INTERVAL_S
from cloudtrack.tracking.points import INLINE_POINTS
from tests.handlers.recorded import event
from tests.handlers.runtime_api import RunningFunction, running
from tests.infra.stack import Stack, read_template

pytestmark = pytest.mark.infra

MIB = 1 << 20
LAMBDA_LIMIT_BYTES = 250 * MIB
LONGEST_START_S = 10
"""AWS stops a start that takes longer, and makes it again within the first request."""
PYTHON_3_13 = b"\xf3\r\r\n"
"""What every file begins with that it has compiled."""
SCORING = "ScoringFunction"
SMALL = ("Artifacts", "Experiments", "Registry", "Transitions", "Web")
ADMIN = {"lambda": {"name": "root", "admin": "true", "groups": "[]"}}
Start = Callable[..., AbstractContextManager[RunningFunction]]


@pytest.fixture(name="bundles", scope="module")
def _bundles() -> Path:
    """Built for this machine."""
    return built("LAMBDA_BUNDLES")


@pytest.fixture(name="deployed", scope="module")
def _deployed() -> Path:
    """Built for AWS."""
    return built("LAMBDA_DEPLOYED")


def built(variable: str) -> Path:
    if variable not in os.environ:
        pytest.skip("needs what sam builds: make template-test")
    folder = Path(os.environ[variable])
    assert len(list(folder.glob("*Function"))) == 12
    return folder


@pytest.fixture(name="start")
def _start(bundles: Path, tmp_path: Path, store_uri: str) -> Start:
    """Start a function by the name of its domain, over the store."""
    template = Stack(read_template(), ModelUri="models:/churn/Production")

    def start(name: str, *, bundle: Path | None = None, **more: Any) -> AbstractContextManager[RunningFunction]:
        properties = template.resources[f"{name}Function"]["Properties"]
        variables = {
            **read_template()["Globals"]["Function"]["Environment"]["Variables"],
            **properties.get("Environment", {}).get("Variables", {}),
        }
        environment = {key: str(template.value(value)) for key, value in variables.items()}
        environment["CLOUDTRACK_URI"] = store_uri
        return running(
            properties["Handler"],
            bundle or bundles / f"{name}Function",
            tmp_path / f"{name}.log",
            **{**environment, **more},
        )

    return start


def request(method: str, path: str, content: Any = None, *, query: str = "") -> dict[str, Any]:
    recorded = event("post_json")
    recorded["requestContext"]["http"]["method"] = method
    recorded["requestContext"]["authorizer"] = ADMIN
    return {**recorded, "rawPath": path, "rawQueryString": query, "body": json.dumps(content) if content else ""}


def test_bundles_of_functions_without_metric_files_are_small(deployed: Path) -> None:
    for name in SMALL:
        assert size_bytes(deployed / f"{name}Function") <= 25 * MIB, name


def test_bundles_of_all_functions_fit_into_lambda(deployed: Path) -> None:
    for bundle in deployed.glob("*Function"):
        assert size_bytes(bundle) <= (LAMBDA_LIMIT_BYTES if bundle.name == SCORING else 160 * MIB), bundle.name


def test_the_web_page_is_in_the_function_that_serves_it_and_in_no_other(deployed: Path, start: Start) -> None:
    for bundle in deployed.glob("*Function"):
        assert (bundle / "cloudtrack" / "ui").is_dir() == (bundle.name == "WebFunction"), bundle.name
    with start("Web") as web:
        answer = web.call(request("GET", "/")).body
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (200, "text/html; charset=utf-8")
    assert "etag" in answer["headers"], "the page itself, and not the one that says how to build it"


def test_bundles_are_compiled_for_the_runtime_and_hold_nothing_of_this_machine(bundles: Path) -> None:
    for bundle in bundles.glob("*Function"):
        sources = {path.with_suffix("") for path in bundle.rglob("*.py")}
        compiled = list(bundle.rglob("*.pyc"))
        beside = {path.parents[1] / path.name.removesuffix(".cpython-313.pyc") for path in compiled if _is_cached(path)}
        assert sources == beside, bundle.name
        assert {path.suffix for path in bundle.rglob("__pycache__/*")} == {".pyc"}
        assert {path.open("rb").read(4) for path in compiled} == {PYTHON_3_13}
        own = [path for path in compiled if path.relative_to(bundle).parts[0] in ("cloudtrack", "handlers")]
        assert own, bundle.name  # all others are in place of their sources
        assert all(map(_is_cached, own)), bundle.name


def _is_cached(path: Path) -> bool:
    return path.parent.name == "__pycache__"


def test_a_run_is_made_logged_to_and_read(start: Start) -> None:
    with start("Runs") as runs:
        made = runs.call(request("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0", "start_time": 1}))
        assert (made.kind, made.body["statusCode"]) == ("response", 200)
        run_id = json.loads(made.body["body"])["run"]["info"]["run_id"]
        found = runs.call(request("GET", "/api/2.0/mlflow/runs/get", query=f"run_id={run_id}"))
        assert json.loads(found.body["body"])["run"]["info"]["user_id"] == "root"
        missing = runs.call(request("GET", "/api/2.0/mlflow/runs/get", query=f"run_id={'0' * 32}"))
        assert missing.body["statusCode"] == 404
        assert json.loads(missing.body["body"])["error_code"] == "RESOURCE_DOES_NOT_EXIST"
        lines = [json.loads(line) for line in runs.log().splitlines() if '"cloudtrack.requests"' in line]
    assert [line["status"] for line in lines] == [200, 200, 404]
    assert {line["requestId"] for line in lines} == {"8476a536-e9f4-11e8-9739-2dfe598c3fcd"}
    assert lines[0]["message"] == "POST /api/2.0/mlflow/runs/create"


def test_long_histories_are_written_and_read_as_files(start: Start, store_uri: str) -> None:
    run_id = Client(store_uri).runs.create("0").info.run_id
    with start("Runs") as runs:
        for first in range(0, 9 * (INLINE_POINTS + 1), 1000):
            points = [{"key": "loss", "value": 0.5, "timestamp": 1, "step": first + step} for step in range(1000)]
            logged = runs.call(request("POST", "/api/2.0/mlflow/runs/log-batch", {"run_id": run_id, "metrics": points}))
            assert (logged.kind, logged.body["statusCode"]) == ("response", 200)
    with start("Metrics") as metrics:
        query = f"run_id={run_id}&metric_key=loss&max_results=25000"
        history = metrics.call(request("GET", "/api/2.0/mlflow/metrics/get-history", query=query))
        assert (history.kind, history.body["statusCode"]) == ("response", 200)


@pytest.mark.parametrize("name", SMALL)
def test_every_small_function_starts_from_its_bundle_alone(name: str, start: Start) -> None:
    with start(name) as function:
        answer = function.call(request("GET", "/nowhere"))
        assert (answer.kind, answer.body["statusCode"]) == ("response", 404)
        assert '"ERROR"' not in function.log()


def test_web_answers_its_documents_from_its_bundle(start: Start) -> None:
    with start("Web") as web:
        for path in ("/health", "/version", "/api/3.0/mlflow/server-info", "/openapi.json", "/api-docs"):
            assert web.call(request("GET", path)).body["statusCode"] == 200, path


def test_the_authorizer_refuses_and_lets_nobody_in_while_the_issuer_does_not_answer(start: Start) -> None:
    issuer = {"CLOUDTRACK_OIDC_ISSUER": "http://127.0.0.1:1", "CLOUDTRACK_OIDC_AUDIENCE": "cloudtrack"}
    with start("Authorizer", **issuer) as authorizer:
        refused = authorizer.call(event("authorizer_request"))
        assert (refused.kind, refused.body) == ("response", {"isAuthorized": False})
        unknown = event("authorizer_request")
        header = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"k1","typ":"JWT"}').decode().rstrip("=")
        unknown["headers"]["authorization"] = f"Bearer {header}.e30.c2lnbmF0dXJl"
        failed = authorizer.call(unknown)
        assert (failed.kind, failed.body["errorType"]) == ("error", "Unavailable")


def test_an_event_that_is_none_of_api_gateways_is_an_error_of_the_function(start: Start) -> None:
    with start("Runs") as runs:
        failed = runs.call({"source": "aws.events"})
        assert failed.kind == "error"
        assert failed.body["errorType"] == "KeyError"
        again = runs.call(request("GET", "/nowhere"))
        assert again.body["statusCode"] == 404


def test_a_cold_start_costs_a_third_of_one_with_s3fs_as_sam_builds_it_and_less_than_a_compiled_one(
    start: Start, bundles: Path, store_uri: str, tmp_path: Path
) -> None:
    """CPU from the start to the first answer, the least of several, side by side."""
    ask = request("GET", "/api/2.0/mlflow/experiments/get", query="experiment_id=0")

    def cpu_s(**more: Any) -> float:
        with start("Experiments", **more) as function:
            answer = function.call(ask)
            assert (answer.kind, answer.body["statusCode"]) == ("response", 200), function.log()
        return function.cpu_s

    packages = Path(os.environ["LAMBDA_PACKAGES"]) / "s3fs"
    s3fs = {"packages": (packages,), "CLOUDTRACK_URI": store_uri.replace("form=obstore", "form=s3fs")}
    sources = tmp_path / "sources"
    for folder in (packages, bundles / "ExperimentsFunction"):
        shutil.copytree(folder, sources, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    plain = {**s3fs, "packages": (), "bundle": sources}
    rounds = [(cpu_s(), cpu_s(**s3fs), cpu_s(**plain)) for _ in range(4)]
    ours, with_s3fs, as_sam_builds = (min(times) for times in zip(*rounds, strict=True))
    print(f"cold start: {ours:.2f} s of CPU; with s3fs {with_s3fs:.2f} s; and not compiled {as_sam_builds:.2f} s")
    assert ours <= as_sam_builds / 3
    assert ours <= with_s3fs * 2 / 3


def test_scoring_starts_from_its_bundle_within_what_aws_gives_it(start: Start, store_uri: str, tmp_path: Path) -> None:
    """A forest of a hundred trees, from the start to the first answer: ten seconds of a processor, and memory."""
    features, species = load_iris(return_X_y=True, as_frame=True)
    forest = RandomForestClassifier(random_state=0).fit(features, species)
    ct.sklearn.save_model(forest, tmp_path / "model", signature=ct.models.infer_signature(features, species))
    register(store_uri, tmp_path / "model")
    ask = {**event("function_url"), "body": json.dumps({"dataframe_split": features.head(3).to_dict("split")})}
    began = time.perf_counter()
    with start("Scoring") as scoring:
        first = scoring.call(ask)
        took_s = time.perf_counter() - began
        second = scoring.call(ask)
        log, peak_bytes = scoring.log(), scoring.peak_bytes()
    assert [first.kind, second.kind] == ["response"] * 2, log
    assert first.body["headers"]["x-cloudtrack-model-version"] == "1"
    for answer in (first, second):
        assert json.loads(answer.body["body"]) == {"predictions": [0, 0, 0]}
    assert '"ERROR"' not in log
    requests_ms = [json.loads(line)["ms"] for line in log.splitlines() if '"cloudtrack.requests"' in line]
    print(
        f"cold start of scoring: {scoring.cpu_s:.2f} s of CPU, {took_s:.2f} s until the first answer; of that, and of "
        f"the second answer, in the handler: {requests_ms} ms; {peak_bytes / MIB:.0f} MiB of memory"
    )
    assert scoring.cpu_s <= LONGEST_START_S
    assert peak_bytes <= read_template()["Parameters"]["ScoringMemorySize"]["MinValue"] * MIB


def test_scoring_follows_the_stage_from_its_bundle(start: Start, store_uri: str, tmp_path: Path) -> None:
    ask = {**event("function_url"), "body": json.dumps({"inputs": [[1.0]]})}
    for value in (1.0, 2.0):
        model = DummyRegressor(strategy="constant", constant=value).fit([[0.0]], [0.0])
        ct.sklearn.save_model(model, tmp_path / str(value))
    register(store_uri, tmp_path / "1.0")
    with start("Scoring") as scoring:
        assert json.loads(scoring.call(ask).body["body"]) == {"predictions": [1.0]}, scoring.log()
        register(store_uri, tmp_path / "2.0")
        time.sleep(INTERVAL_S)
        assert json.loads(scoring.call(ask).body["body"]) == {"predictions": [2.0]}, scoring.log()
        assert "serving models:/churn/2 instead of models:/churn/1" in scoring.log()


def register(store_uri: str, model: Path) -> None:
    """Make a folder the next version of churn, and the one in Production."""
    client = Client(store_uri)
    run_id = client.runs.create("0").info.run_id
    client.artifacts.log_folder(run_id, model, "model")
    version = client.register_model(f"runs:/{run_id}/model", "churn").version
    client.stages.transition("churn", version, "Production", archive_existing_versions=True)
    client.close()


def size_bytes(folder: Path) -> int:
    """As Lambda counts: unzipped."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

#!/usr/bin/env python3
"""Does a deployed stack work? ``CLOUDTRACK_TOKEN=... python infra/smoke.py https://<id>.execute-api...``

Needs Python alone. The token must be allowed to create experiments and registered models; an administrator's is.
Everything it makes has a name that begins with ``smoke-``; the experiment and the run end in the trash.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

_TIMEOUT_S = 60
_API = "/api/2.0/mlflow"


class Failed(Exception):
    """The stack did not do what it should."""


class Api:
    """Requests to one API."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        token: str | None = None,
        kind: str = "application/json",
    ) -> tuple[int, bytes]:
        """Status and body of an answer, whatever the status."""
        request = urllib.request.Request(self._url + path, body, method=method)  # noqa: S310 - the user's own URL
        if body is not None:
            request.add_header("content-type", kind)
        credential = self._token if token is None else token
        if credential:
            request.add_header("authorization", f"Bearer {credential}")
        return _answer_of(request)

    def call(self, method: str, path: str, /, **fields: Any) -> Any:
        """The JSON of an answer. Raises Failed for any status but 200."""
        if method == "GET":
            status, body = self.send("GET", f"{path}?{urlencode(fields, doseq=True)}")
        else:
            status, body = self.send(method, path, json.dumps(fields).encode())
        if status != 200:
            raise Failed(f"{method} {path} answered {status}: {body[:500].decode(errors='replace')}")
        return json.loads(body)


def _answer_of(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - the user's own URL
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def check(found: object, expected: object) -> None:
    """Raises Failed."""
    if found != expected:
        raise Failed(f"got {found!r}, expected {expected!r}")


class Smoke:
    """The checks, in order; each builds on those before it."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._name = f"smoke-{time.time_ns()}"
        self._experiment_id = ""
        self._run_id = ""

    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        """Names and checks."""
        return [
            ("the API answers", self._answers),
            ("nobody comes in without a token", self._is_closed),
            ("an experiment is made and found", self._experiment),
            ("a run is made, logged to and read back", self._run),
            ("a history is read, a search finds the run", self._search),
            ("a file goes up and comes down", self._file),
            ("a file comes down by a signed URL", self._signed_file),
            ("a version is registered and promoted", self._registry),
            ("everything is tidied away", self._tidy),
        ]

    def _answers(self) -> None:
        check(self._api.send("GET", "/health", token=""), (200, b"OK"))
        check(self._api.send("GET", "/version", token="")[0], 200)

    def _is_closed(self) -> None:
        path = f"{_API}/experiments/search?max_results=1"
        check(self._api.send("GET", path, token="")[0], 401)
        check(self._api.send("GET", path, token="ctk_wrong")[0], 403)  # noqa: S106 - it is none
        check(self._api.send("GET", "/nowhere", token="")[0], 401)

    def _experiment(self) -> None:
        created = self._api.call("POST", f"{_API}/experiments/create", name=self._name)
        self._experiment_id = created["experiment_id"]
        found = self._api.call("GET", f"{_API}/experiments/get-by-name", experiment_name=self._name)
        check(found["experiment"]["experiment_id"], self._experiment_id)

    def _run(self) -> None:
        run = self._api.call(
            "POST", f"{_API}/runs/create", experiment_id=self._experiment_id, run_name="smoke", start_time=_now_ms()
        )
        self._run_id = run["run"]["info"]["run_id"]
        points = [{"key": "loss", "value": 1 / (step + 1), "timestamp": _now_ms(), "step": step} for step in range(3)]
        self._api.call(
            "POST",
            f"{_API}/runs/log-batch",
            run_id=self._run_id,
            metrics=points,
            params=[{"key": "rate", "value": "0.1"}],
            tags=[{"key": "purpose", "value": "smoke"}],
        )
        self._api.call("POST", f"{_API}/runs/update", run_id=self._run_id, status="FINISHED", end_time=_now_ms())
        data = self._api.call("GET", f"{_API}/runs/get", run_id=self._run_id)["run"]["data"]
        check(data["params"], [{"key": "rate", "value": "0.1"}])
        check([metric["step"] for metric in data["metrics"]], [2])

    def _search(self) -> None:
        history = self._api.call("GET", f"{_API}/metrics/get-history", run_id=self._run_id, metric_key="loss")
        check(len(history["metrics"]), 3)
        found = self._api.call(
            "POST", f"{_API}/runs/search", experiment_ids=[self._experiment_id], filter="params.rate = '0.1'"
        )
        check([run["info"]["run_id"] for run in found["runs"]], [self._run_id])

    @property
    def _file_path(self) -> str:
        return f"runs/{self._run_id}/artifacts/model/MLmodel"

    def _file(self) -> None:
        path = f"/api/2.0/mlflow-artifacts/artifacts/{self._file_path}"
        body = bytes(range(256)) * 64
        check(self._api.send("PUT", path, body, kind="application/octet-stream")[0], 200)
        check(self._api.send("GET", path), (200, body))
        listed = self._api.call("GET", f"{_API}/artifacts/list", run_id=self._run_id, path="model")
        check([file["path"] for file in listed["files"]], ["model/MLmodel"])

    def _signed_file(self) -> None:
        signed = self._api.call("GET", f"/api/2.0/mlflow-artifacts/presigned/{self._file_path}")
        request = urllib.request.Request(signed["url"], headers=signed.get("headers") or {})  # noqa: S310 - from the API
        status, body = _answer_of(request)
        check((status, len(body)), (200, int(signed["file_size"])))

    def _registry(self) -> None:
        self._api.call("POST", f"{_API}/registered-models/create", name=self._name)
        version = self._api.call(
            "POST",
            f"{_API}/model-versions/create",
            name=self._name,
            source=f"runs:/{self._run_id}/model",
            run_id=self._run_id,
        )
        check(version["model_version"]["version"], "1")
        moved = self._api.call(
            "POST",
            f"{_API}/model-versions/transition-stage",
            name=self._name,
            version="1",
            stage="Production",
            archive_existing_versions=False,
        )
        check(moved["model_version"]["current_stage"], "Production")
        latest = self._api.call(
            "GET", f"{_API}/registered-models/get-latest-versions", name=self._name, stages=["Production"]
        )
        check([version["version"] for version in latest["model_versions"]], ["1"])

    def _tidy(self) -> None:
        self._api.call("DELETE", f"{_API}/registered-models/delete", name=self._name)
        self._api.call("POST", f"{_API}/experiments/delete", experiment_id=self._experiment_id)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def main(arguments: list[str], token: str | None) -> int:
    """Run all checks; 0 where all pass."""
    if len(arguments) != 1 or not token:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    for name, step in Smoke(Api(arguments[0], token)).steps():
        try:
            step()
        except (Failed, OSError, KeyError, ValueError) as error:
            sys.stdout.write(f"FAILED  {name}: {error!r}\n")
            return 1
        sys.stdout.write(f"ok      {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ.get("CLOUDTRACK_TOKEN")))

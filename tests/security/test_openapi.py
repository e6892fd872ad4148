"""The OpenAPI document as an enemy reads it: whatever it allows, and whatever it does not, the server answers for it.

Needs schemathesis: ``make security``.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.tokens import Tokens
from cloudtrack.api.endpoints import ENDPOINTS
from cloudtrack.api.mlflow.not_implemented import not_implemented
from cloudtrack.api.openapi import openapi
from cloudtrack.client import Client
from tests.api.samples import EXPERIMENT, MODEL, RELEASED, World, fill
from tests.servers.cloudtrack_server import RunningServer, forked_server
from tests.thoroughness import examples

pytestmark = pytest.mark.security

ANSWERED = [endpoint for endpoint in ENDPOINTS if endpoint.answer is not not_implemented]
SCHEMA = schemathesis.openapi.from_dict(openapi(ANSWERED, "test"))
OPERATIONS = {operation.ok().label: operation.ok() for operation in SCHEMA.get_all_operations()}
ALLOWED = {200, 206, 304, 400, 401, 403, 404, 405, 409, 413, 416, 429, 501}


@dataclass
class Target:
    """A server over a folder with one of everything, and how to log in there."""

    server: RunningServer
    world: World
    token: str = ""

    def known(self, name: str) -> Any:
        """What there is by the name of a parameter, in a list."""
        names = self.world.names
        if name.endswith("s") and (found := self.known(name.removesuffix("s"))):
            return [found]
        if name in ("run_id", "run_uuid"):
            return [names["run"]]
        return {
            "experiment_id": [names["experiment"], names["trash"]],
            "experiment_name": [EXPERIMENT],
            "name": [MODEL, RELEASED, "some/release", "code.patch"],
            "version": ["1", "2"],
            "alias": ["champion"],
            "stage": ["Production", "Staging"],
            "path": ["file.txt", "page.html", "model"],
            "metric_key": ["loss"],
            "key": ["loss", "tag"],
            "reference": ["latest", "champion", "1"],
            "members": [{"one": f"{RELEASED}/1"}],
            "artifact_file_path": ["MLmodel"],
        }.get(name) or ([names[name]] if name in names else [])

    def send(self, method: str, path: str, query: dict[str, Any], body: Any, *, login: bool) -> tuple[int, str, bytes]:
        headers = {"Authorization": f"Bearer {self.token}"} if login and self.token else {}
        content = body
        if body is not None and not isinstance(body, bytes):
            content = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        try:
            text = urlencode(query, doseq=True, errors="replace")
            connection.request(method, f"{path}?{text}" if text else path, content, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("content-type", ""), answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="module", params=["open", "guarded"])
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    root = str(folder / "store")
    world = fill(Client(root))
    options, token = ("--no-access-log",), ""
    if request.param == "guarded":
        access = Access(world.client.store)
        for kind, name in ((Resource.EXPERIMENT, world.names["experiment"]), (Resource.REGISTERED_MODEL, MODEL)):
            access.grant("editor", kind, name, Permission.EDIT, approver=kind is Resource.REGISTERED_MODEL)
        token, _ = Tokens(world.client.store).create("editor")
        options = (*options, "--auth")
    with forked_server(root, folder, *options) as server:
        yield Target(server, world, token)
        assert "Traceback" not in server.text(), server.text()[-4000:]


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_every_answer_is_documented_and_no_fault_of_the_server(label: str, target: Target) -> None:
    operation = OPERATIONS[label]
    is_open = operation.definition.raw.get("security") == []

    @seed(1)
    @settings(
        max_examples=examples(80),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), choice=st.randoms(use_true_random=False))
    def tried(case: Any, choice: Any) -> None:
        query, places = dict(case.query or {}), dict(case.path_parameters or {})
        body = case.body if isinstance(case.body, dict | list | bytes | str) else None
        for part in (query, places, body if isinstance(body, dict) else {}):
            for name in part:
                if (known := target.known(name)) and choice.random() < 0.7:
                    part[name] = choice.choice(known)
        path = operation.path
        for name, value in places.items():
            path = path.replace(f"{{{name}}}", quote(str(value), safe="", errors="replace"))
        status, media_type, content = target.send(operation.method.upper(), path, query, body, login=True)
        assert status in ALLOWED, (label, status, content[:500])
        if status >= 400:
            assert media_type.startswith("application/json")
            answer = json.loads(content)
            assert set(answer) == {"error_code", "message"}
            assert len(content) < 5000
        if target.token and not is_open:
            assert target.send(operation.method.upper(), path, query, body, login=False)[0] in (401, 404, 405)

    tried()

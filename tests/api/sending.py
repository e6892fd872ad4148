"""Requests straight to an application, without a server."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.api.message import Request, Response
from tests.api.corpus.steps import Send


def ask(
    app: App,
    method: str,
    target: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    principal: Principal | None = None,
) -> Response:
    """The answer to one request; ``target`` is path and query as on the wire."""
    path, _, query = target.partition("?")
    request = Request(
        method,
        unquote(path),
        parse_qsl(query, keep_blank_values=True),
        {name.lower(): value for name, value in (headers or {}).items()},
        io.BytesIO(body),
        len(body),
        principal=principal,
        request_id="test",
    )
    return app(request)


def get(
    app: App, route: str, headers: dict[str, str] | None = None, *, principal: Principal | None = None, **query: Any
) -> Response:
    """The answer of one of cloudtrack's own routes, as a page asks it."""
    target = f"/ajax-api/2.0/cloudtrack/{route}?{urlencode(query, doseq=True)}"
    return ask(app, "GET", target, headers=headers, principal=principal)


def told(app: App, route: str, **query: Any) -> Any:
    """What such a route says."""
    answer = get(app, route, **query)
    assert answer.status == 200, answer.json()
    return answer.json()


def send_to_app(app: App) -> Send:
    """A ``Send`` of the corpus."""

    def send(method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        answer = ask(app, method, target, body, headers)
        return answer.status, dict(answer.headers), answer.whole_body()

    return send

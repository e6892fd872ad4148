"""A request and a response, whoever carried them: a local server or a Lambda."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from pydantic_core import to_json

from cloudtrack.access.principal import Principal

MLFLOW_VERSION = "3.17.2"
"""The version of MLflow whose wire this is; clients ask for it."""
JSON_TYPE = "application/json"


@dataclass(frozen=True)
class Request:
    """One HTTP request.

    ``path`` and the names and values of ``query`` are percent-decoded once; header names are lower-case.
    ``principal`` is who asks, as the front door has found out; None for nobody in particular.
    """

    method: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: BinaryIO = field(default_factory=io.BytesIO)
    body_bytes: int = 0
    base_url: str = ""
    principal: Principal | None = None
    request_id: str = ""


@dataclass(frozen=True)
class Response:
    """One HTTP answer; ``body`` is whole, or comes in pieces."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterator[bytes] = b""

    def whole_body(self) -> bytes:
        """The body in one piece."""
        return self.body if isinstance(self.body, bytes) else b"".join(self.body)

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.whole_body())


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON; NaN and infinities are text."""
    try:
        body = to_json(content, inf_nan_mode="strings")
    except ValueError:  # half of a surrogate pair, from a foreign document
        body = json.dumps(content).encode()
    return Response(status, {"content-type": JSON_TYPE, **(headers or {})}, body)


def text_response(text: str, status: int = 200, content_type: str = "text/plain; charset=utf-8") -> Response:
    """An answer in plain text."""
    return Response(status, {"content-type": content_type}, text.encode())

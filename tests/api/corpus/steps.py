"""One request of the corpus, its answer, and what of an answer is compared.

A step may save parts of its answer under names; ``${name}`` in later steps stands for them. An answer
is normalised before it is kept or compared: what differs from one server or one day to the next (times,
ids that were saved, places) becomes a word, everything else stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

API = "/api/2.0/mlflow/"
JSON = {"Content-Type": "application/json"}

Send = Callable[[str, str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]
"""method, target (path and query), headers, body -> status, headers, body"""


@dataclass(frozen=True)
class Step:
    """One request. ``body`` is sent as JSON; ``raw`` as it is."""

    method: str
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    save: dict[str, str] = field(default_factory=dict)
    differs: str = ""
    """Why our answer is another than MLflow's, where it is on purpose."""
    status: int = 0
    """The status of our answer, where it is another than MLflow's."""

    def because(self, reason: str, status: int = 400) -> Step:
        """The same step, where we answer otherwise on purpose."""
        return replace(self, differs=reason, status=status)

    def saving(self, **paths: str) -> Step:
        """The same step, saving parts of its answer: name="run.info.run_id"."""
        return replace(self, save=paths)


def post(path: str, body: Any = None, /, **query: Any) -> Step:
    return Step("POST", path, query, {} if body is None else body)


def get(path: str, /, **query: Any) -> Step:
    return Step("GET", path, query)


def patch(path: str, body: Any) -> Step:
    return Step("PATCH", path, {}, body)


def delete(path: str, body: Any = None) -> Step:
    return Step("DELETE", path, {}, {} if body is None else body)


def raw(method: str, path: str, content: bytes, headers: dict[str, str] | None = None, /, **query: Any) -> Step:
    return Step(method, path, query, raw=content, headers=JSON if headers is None else headers)


class Player:
    """Plays steps in order against one server."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._saved: dict[str, str] = {}

    def play(self, step: Step) -> dict[str, Any]:
        """Send one step; its normalised answer."""
        status, headers, body = self._send(*self._wire(step))
        parsed = _parsed(body)
        for name, path in step.save.items():
            found = _dig(parsed, path)
            if found is None:
                raise AssertionError(f"{step.method} {step.path}: no {path} to save in {status} {body[:300]!r}")
            self._saved[name] = str(found).removeprefix("mlflow-artifacts:/")
        answer: dict[str, Any] = {"status": status}
        if status >= 400:
            answer["error_code"] = parsed.get("error_code") if isinstance(parsed, dict) else None
        else:
            answer["body"] = self._normal("", parsed)
            if step.path.endswith("get-latest-versions"):
                answer["body"] = {name: _ordered("latest_versions", found) for name, found in answer["body"].items()}
            if isinstance(parsed, str) and parsed:
                answer["content_type"] = headers.get("content-type", "").split(";")[0]
        return answer

    def _wire(self, step: Step) -> tuple[str, str, dict[str, str], bytes]:
        path = self._filled(step.path)
        target = quote(path if path.startswith("/") else API + path, safe="/%+")
        if step.query:
            target += "?" + urlencode(self._filled(step.query), doseq=True, quote_via=quote)
        if step.raw is not None:
            return step.method, target, step.headers, step.raw
        if step.body is None:
            return step.method, target, step.headers, b""
        return step.method, target, {**JSON, **step.headers}, json.dumps(self._filled(step.body)).encode()

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return re.sub(r"\$\{(\w+)\}", lambda match: self._saved[match.group(1)], value)
        if isinstance(value, dict):
            return {self._filled(key): self._filled(item) for key, item in value.items()}
        return [self._filled(item) for item in value] if isinstance(value, list) else value

    def _normal(self, key: str, value: Any) -> Any:
        if isinstance(value, dict):
            kept = {name: item for name, item in sorted(value.items()) if name not in _NOBODYS_BUSINESS}
            return {name: self._normal(name, item) for name, item in kept.items()}
        if key == "errors" and isinstance(value, list):
            return ["<message>" for _ in value]
        if isinstance(value, list):
            return _ordered(key, [self._normal(key, item) for item in value])
        if key in _PLACES and value:
            return "<place>"
        if key == "next_page_token":
            return "<token>"
        if (
            key.lower().endswith(("time", "timestamp", "timestamp_ms"))
            and str(value).isdecimal()
            and int(value) > _LONG_AGO
        ):
            return "<time>"
        if isinstance(value, str):
            named = _GENERATED.sub("<generated>", self._named(value))
            return "<id>" if key in _IDS and _ID.fullmatch(named) and named not in MADE_UP_IDS else named
        return value

    def _named(self, text: str) -> str:
        for name, saved in self._saved.items():
            if text == saved or (len(saved) >= 16 and saved in text):
                text = text.replace(saved, f"${{{name}}}")
        return text


def _ordered(key: str, values: list[Any]) -> list[Any]:
    """Lists whose order says nothing, in one order: pairs by key (the points of one metric of a run stay as they are),
    aliases by name, models by id, the newest versions of the stages by number."""
    if key == "latest_versions":
        return sorted(values, key=lambda version: int(version["version"]))
    if key in ("aliases", "model_inputs", "model_outputs"):
        return sorted(values, key=json.dumps)
    if values and all(isinstance(value, dict) and "key" in value for value in values):
        return sorted(values, key=lambda value: (value["key"], value.get("run_id", "")))
    return values


MADE_UP_IDS = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210")
"""Ids in requests that no server has given."""
_IDS = {"run_id", "run_uuid", "webhook_id"}
_GENERATED = re.compile(r"\b[a-z]{3,}-[a-z]{3,}-\d{1,3}\b")
"""The name of a run that was created without one."""
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f-]{36}")
_LONG_AGO = 1_600_000_000_000
_PLACES = {"artifact_uri", "artifact_location", "root_uri", "artifactUri", "artifactLocation"}
_NOBODYS_BUSINESS = {"user_id", "creator_id", "userId"}
"""Who asks; MLflow does not know on most requests."""


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def _dig(value: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(value, list):
            value = value[int(part)] if int(part) < len(value) else None
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value

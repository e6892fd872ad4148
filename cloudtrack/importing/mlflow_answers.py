"""What MLflow's REST API answers: pages of items, mappings, and keys with values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cloudtrack.importing.values import text
from cloudtrack.remote.addresses import MLFLOW
from cloudtrack.remote.connection import Connection

Json = dict[str, Any]


def pages(server: Connection, method: str, path: str, field: str, wanted: Json) -> Iterator[Json]:
    """The items of all pages of a search, in their order."""
    token: object = ""
    while True:
        asked = {**wanted, **({"page_token": token} if token else {})}
        if method == "GET":
            found = server.get(f"{MLFLOW}/{path}", **asked)
        else:
            found = server.call(method, f"{MLFLOW}/{path}", asked)
        yield from mappings(found.get(field))
        following = found.get("next_page_token") or ""
        if not following or following == token:
            return
        token = following


def mapping(value: Any) -> Json:
    """The value where it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[Json]:
    """The mappings of a list; none where it is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def texts(value: Any) -> dict[str, str]:
    """Keys and values as the API has tags and params."""
    return {
        text(each.get("key"), "a key"): text(each.get("value"), f"the value of {each.get('key')!r}")
        for each in mappings(value)
    }

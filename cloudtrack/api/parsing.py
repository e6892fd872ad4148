"""From query and body to an endpoint's request model."""

from __future__ import annotations

from functools import cache
from typing import Any, get_origin

from pydantic import ValidationError
from pydantic_core import from_json

from cloudtrack.api.endpoint import Endpoint
from cloudtrack.api.errors import ApiError, invalid_parameter, missing_parameter
from cloudtrack.api.fields import MAX_LIST, RequestModel, spellings
from cloudtrack.api.message import JSON_TYPE, Request

MAX_BODY_BYTES = 10 << 20
"""The largest JSON body."""
MAX_DEPTH = 64
"""The deepest nesting of a JSON body."""
_NO_BODY = ("GET", "HEAD")


def parse_request(request: Request, endpoint: Endpoint, path_parameters: dict[str, str]) -> RequestModel:
    """The parameters: of a GET from the query or a JSON body, else from the body; those of the path win.

    An endpoint that reads the body itself takes its parameters from the query. Raises ApiError, 400.
    """
    from_query = endpoint.raw or (request.method in _NO_BODY and (request.query or not request.body_bytes))
    fields = _query(request, endpoint.request) if from_query else _body(request)
    try:
        return endpoint.request.model_validate({**fields, **path_parameters})
    except ValidationError as error:
        raise explained(error) from error


def _query(request: Request, model: type[RequestModel]) -> dict[str, Any]:
    lists, names = _list_fields(model), spellings(model)
    fields: dict[str, Any] = {}
    for spelling, value in request.query:
        name = names.get(spelling, spelling)
        if name in lists:
            fields.setdefault(name, []).append(value)
        else:
            fields[name] = value
    return fields


@cache
def _list_fields(model: type[RequestModel]) -> frozenset[str]:
    """The parameters that a query may repeat."""
    fields = model.model_fields.items()
    return frozenset(field.alias or name for name, field in fields if get_origin(field.annotation) is list)


def _body(request: Request) -> dict[str, Any]:
    body = request.body.read(MAX_BODY_BYTES + 1)
    if max(len(body), request.body_bytes) > MAX_BODY_BYTES:
        raise ApiError("INVALID_PARAMETER_VALUE", f"a body has at most {MAX_BODY_BYTES} bytes", status=413)
    if not body.strip():
        return {}
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON_TYPE:
        raise ApiError("INVALID_PARAMETER_VALUE", f"the Content-Type is {media_type[:80]!r}; send {JSON_TYPE}")
    fields = _json(body)
    if isinstance(fields, str):  # some clients encode twice
        fields = _json(fields.encode())
    if fields is None:
        return {}
    if not isinstance(fields, dict):
        raise ApiError("INVALID_PARAMETER_VALUE", "the body must be a JSON object")
    _check_shape(fields)
    return fields


def _json(body: bytes) -> Any:
    try:
        return from_json(body, allow_inf_nan=True)
    except ValueError as error:
        raise ApiError("INVALID_PARAMETER_VALUE", f"the body is not JSON: {error}") from error


def _check_shape(fields: dict[str, Any]) -> None:
    """Refuse what is nested too deep or has lists too long, before anything looks closer."""
    level: list[Any] = [fields]
    for _ in range(MAX_DEPTH):
        deeper: list[Any] = []
        for value in level:
            children = value.values() if isinstance(value, dict) else value
            if len(children) > MAX_LIST:
                raise ApiError("INVALID_PARAMETER_VALUE", f"the body has a list of more than {MAX_LIST} entries")
            deeper.extend(child for child in children if isinstance(child, dict | list))
        if not deeper:
            return
        level = deeper
    raise ApiError("INVALID_PARAMETER_VALUE", f"the body is nested deeper than {MAX_DEPTH} levels")


def explained(error: ValidationError) -> ApiError:
    """The first thing that is wrong with the parameters, in MLflow's words."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    if first["type"] == "missing":
        return missing_parameter(name)
    return invalid_parameter(name, first["input"], first["msg"].removeprefix("Input "))

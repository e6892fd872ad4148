"""The table of endpoints as an OpenAPI 3.1 document, and as a page for people.

Source: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from cloudtrack.api.endpoint import Endpoint, On

_REF = "#/components/schemas/{model}"
_DESCRIPTION = "MLflow's REST API over a bucket or a folder. Each path below /api also exists below /ajax-api."
_ERROR = {"$ref": "#/components/schemas/Error"}
_WITH_BODY = ("POST", "PATCH", "DELETE")
_CODE = re.compile(r"`([^`]+)`")
_PLACEHOLDER = re.compile(r"\{(\w+)(?::path)?\}")
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""The page has a style and nothing else."""
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color-scheme:light dark}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;vertical-align:top;"
    "border-bottom:1px solid #8884}code{font:13px ui-monospace,monospace}h2{margin-top:2rem}"
)


def openapi(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """The document. Every path also exists below ``/ajax-api``, which it leaves out."""
    listed = list(endpoints)
    models: list[type[BaseModel]] = list(dict.fromkeys(endpoint.request for endpoint in listed))
    references, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    paths: dict[str, Any] = {}
    for endpoint in listed:
        operation = _operation(endpoint, references[(endpoint.request, "validation")]["$ref"], schemas["$defs"])
        paths.setdefault(_PLACEHOLDER.sub(r"{\1}", endpoint.paths[0]), {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cloudtrack",
            "version": version,
            "description": _DESCRIPTION,
        },
        "paths": paths,
        "security": [{"bearer": []}, {"basic": []}],
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "the password is an API token"},
            },
            "schemas": {
                **schemas["$defs"],
                "Error": {
                    "type": "object",
                    "required": ["error_code", "message"],
                    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
                },
            },
        },
    }


def page(endpoints: Iterable[Endpoint]) -> str:
    """The table of endpoints for people, as HTML without a script."""
    sections: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints:
        sections.setdefault(endpoint.domain.value, []).append(endpoint)
    body = "".join(
        f"<h2>{escape(domain)}</h2><table><tr><th>request<th>what it does<th>parameters<th>permission</tr>"
        + "".join(map(_row, listed))
        + "</table>"
        for domain, listed in sections.items()
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>cloudtrack API</title><style>{_STYLE}</style><h1>cloudtrack API</h1>"
        "<p>MLflow's REST API over a bucket or a folder. Each path below <code>/api</code> also exists below "
        "<code>/ajax-api</code>. Parameters in bold are required. The same as "
        f"<a href='openapi.json'>OpenAPI</a>.{body}</html>"
    )


def _operation(endpoint: Endpoint, reference: str, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = schemas[reference.rpartition("/")[2]]
    in_path = _PLACEHOLDER.findall(endpoint.path)
    operation: dict[str, Any] = {
        "operationId": f"{endpoint.name}.{endpoint.method.lower()}.{endpoint.version}{endpoint.path}",
        "summary": endpoint.summary,
        "tags": [endpoint.domain.value],
        "x-permission": str(endpoint.needs),
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path
        ],
        "responses": {
            "200": {"description": "done"},
            "default": {"description": "it failed", "content": _json(_ERROR)},
        },
    }
    if endpoint.needs.on is On.NOTHING:
        operation["security"] = []
    if endpoint.raw:
        operation["requestBody"] = {"content": {"application/octet-stream": {"schema": {"format": "binary"}}}}
    elif endpoint.method in _WITH_BODY:
        operation["requestBody"] = {"content": _json({"$ref": reference})}
    if endpoint.raw or endpoint.method not in _WITH_BODY:
        operation["parameters"] += [
            {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": part}
            for name, part in schema.get("properties", {}).items()
            if name not in in_path
        ]
    return operation


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _row(endpoint: Endpoint) -> str:
    names = [
        f"<b>{escape(field.alias or name)}</b>" if field.is_required() else escape(field.alias or name)
        for name, field in endpoint.request.model_fields.items()
    ]
    shown = _PLACEHOLDER.sub(r"{\1}", endpoint.paths[0])
    summary = _CODE.sub(r"<code>\1</code>", escape(endpoint.summary))
    return (
        f"<tr><td><code>{endpoint.method} {escape(shown)}</code><td>{summary}"
        f"<td>{', '.join(names)}<td>{escape(str(endpoint.needs))}</tr>"
    )

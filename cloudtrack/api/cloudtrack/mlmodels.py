"""What a model says of itself, for the web page: its ``MLmodel``, parsed here and never in a browser."""

from __future__ import annotations

from typing import Any

from cloudtrack.access.permission import Permission
from cloudtrack.api.conditional import unless_known
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.file_places import File, FilesRequest, find_file
from cloudtrack.api.message import Response, json_response
from cloudtrack.environments.specification import REQUIREMENTS
from cloudtrack.errors import CorruptData, InvalidInput, NotFound
from cloudtrack.models.model_file import FILE_NAME
from cloudtrack.models.model_page import describe, input_example_path

ENDPOINTS = Declarations(Domain.REGISTRY)

_MOST_BYTES = 512 << 10
"""A longer MLmodel is shown as text, as far as this."""
_MOST_BESIDE = 64 << 10
"""Of the input example and the requirements."""


@ENDPOINTS.add("GET", "/cloudtrack/models/mlmodel", Needs(Permission.READ, On.FILES))
def get_mlmodel(context: Context, request: FilesRequest) -> Response:
    """An ``MLmodel`` as values and as text, with the beginning of the input example, and the requirements."""
    folder = request.path.strip("/")
    place = f"{folder}/" if folder else ""
    file = find_file(context, request.model_copy(update={"path": f"{place}{FILE_NAME}"}))
    body = _start(context, file, _MOST_BYTES)
    content: dict[str, Any] = {"raw": body.decode(errors="replace"), "problem": None}
    try:
        if file.info.size_bytes > _MOST_BYTES:
            raise CorruptData(f"it has {file.info.size_bytes} bytes; at most {_MOST_BYTES} are parsed")
        content |= describe(body)
    except CorruptData as error:
        content["problem"] = error.message
    example = input_example_path(body) if content["problem"] is None else ""
    content["input_example"] = _beside(context, request, place, example)
    content["requirements"] = _beside(context, request, place, REQUIREMENTS)
    return unless_known(json_response(content), context.request)


def _beside(context: Context, request: FilesRequest, place: str, path: str) -> dict[str, Any] | None:
    """The beginning of another file of the model; None where there is none."""
    if not path:
        return None
    try:
        file = find_file(context, request.model_copy(update={"path": f"{place}{path}"}))
    except (NotFound, InvalidInput):
        return None
    text = _start(context, file, _MOST_BESIDE).decode(errors="replace")
    return {"path": path, "text": text, "size": file.info.size_bytes}


def _start(context: Context, file: File, length: int) -> bytes:
    return context.client.store.get_range(file.info.key, 0, length)

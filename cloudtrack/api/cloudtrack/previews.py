"""The beginnings of files for the web page, and their next pages: text, and tables as columns."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cloudtrack.access.permission import Permission
from cloudtrack.api.conditional import unless_known
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.errors import invalid_parameter
from cloudtrack.api.fields import Int64
from cloudtrack.api.file_places import FilesRequest, find_file
from cloudtrack.api.message import Response, json_response
from cloudtrack.tracking.artifact_table import read_table
from cloudtrack.tracking.artifact_text import MOST_BYTES, read_text
from cloudtrack.tracking.table_page import MOST_ROWS

ENDPOINTS = Declarations(Domain.METRICS)  # Parquet is read by DuckDB, which this function has


class Preview(FilesRequest):
    kind: str = "text"
    """``text`` or ``table``."""
    offset: Int64 = 0
    """Where the page begins: 0, or ``next`` of the page before."""
    limit: Int64 | None = None
    """Bytes of text, at most 65,536; rows of a table, at most 200."""


@ENDPOINTS.add("GET", "/cloudtrack/artifacts/preview", Needs(Permission.READ, On.FILES))
def preview_artifact(context: Context, request: Preview) -> Response:
    """A page of a file, which is not read whole: text, or a table as columns with names and kinds."""
    if request.offset < 0:
        raise invalid_parameter("offset", request.offset, "it is 0, or next of the page before")
    file = find_file(context, request)
    store = context.client.store
    content: dict[str, Any]
    if request.kind == "text":
        content = asdict(read_text(store, file.info.key, request.offset, request.limit or MOST_BYTES))
    elif request.kind == "table":
        content = asdict(read_table(store, file.info.key, file.name, request.offset, request.limit or MOST_ROWS))
    else:
        raise invalid_parameter("kind", request.kind, "it is text or table")
    return unless_known(json_response({**content, "etag": file.etag}), context.request)

"""JSON goes compressed to whoever takes it so."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace

from cloudtrack.api.message import JSON_TYPE, Request, Response

_LEAST_BYTES = 1024
"""Less fits into a packet as it is."""
_LEVEL = 1
"""For a table of 10,000 runs 20 ms; level 6 takes 130 ms and saves 8 %."""
_TAKES_GZIP = re.compile(r"(?:^|[,\s])gzip(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)


def compressed(response: Response, request: Request) -> Response:
    """The answer; where it is whole JSON of some length and the client takes gzip, compressed."""
    body, headers = response.body, response.headers
    if not isinstance(body, bytes) or len(body) < _LEAST_BYTES or headers.get("content-type") != JSON_TYPE:
        return response
    varied = {**headers, "vary": "accept-encoding"}
    if not _TAKES_GZIP.search(request.headers.get("accept-encoding", "")):
        return replace(response, headers=varied)
    return replace(response, headers={**varied, "content-encoding": "gzip"}, body=gzip.compress(body, _LEVEL, mtime=0))

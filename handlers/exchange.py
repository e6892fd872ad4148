"""One event, its answer, and the line in the log that it leaves."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from cloudtrack.api.gate import secured
from cloudtrack.api.message import Request, Response
from handlers.embedded_metrics import note_request
from handlers.gateway import FOR_LESS, Event, Result, request_of, result_of

_log = logging.getLogger("cloudtrack.requests")
_log.setLevel(logging.INFO)


def exchange(event: Event, answer: Callable[[Request], Response], *, for_less: str = FOR_LESS) -> Result:
    """The result for an event; ``for_less`` says what to do about an answer that is too large."""
    began = time.perf_counter()
    request = request_of(event)
    sent = result_of(secured(answer(request)), request, for_less=for_less)
    duration_ms = round((time.perf_counter() - began) * 1000, 1)
    note_request(event["routeKey"], sent["statusCode"], duration_ms, len(sent.get("body") or ""))
    _log.info(
        "%s %s",
        request.method,
        request.path,
        extra={
            "route": event["routeKey"],
            "status": sent["statusCode"],
            "ms": duration_ms,
            "principal": request.principal.name if request.principal else None,
            "gatewayRequestId": request.request_id,
        },
    )
    return sent

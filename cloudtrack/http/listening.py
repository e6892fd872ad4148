"""An ASGI application on a port, in one process or several."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any

from cloudtrack import config

_SHUTDOWN_S = 20
_LONGEST_HEADERS_BYTES = 64 << 10


def is_local(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(
    create: Callable[[], Any],
    factory: str,
    options: dict[str, Any],
    *,
    host: str,
    port: int,
    workers: int,
    hung_s: int = 5,
) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are finished, after 20 seconds at the latest.

    One process serves ``create()``. Of several each calls ``factory``, ``"module:function"``, which finds the options
    with ``told_options``; one that says nothing for ``hung_s`` seconds is replaced. Raises what ``create`` raises.
    """
    import uvicorn

    if workers > 1:
        os.environ[config.SERVER_OPTIONS] = json.dumps(options)
    uvicorn.run(
        factory if workers > 1 else create(),
        factory=workers > 1,
        workers=workers,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        timeout_worker_healthcheck=hung_s,
        **reading_options(),
    )


def reading_options() -> dict[str, Any]:
    """How uvicorn is to read requests: heads that are bounded, and no WebSockets."""
    if find_spec("httptools") is None:
        return {"http": "h11", "ws": "none", "h11_max_incomplete_event_size": _LONGEST_HEADERS_BYTES}
    from cloudtrack.http.bounded_heads import BoundedHeads

    return {"http": BoundedHeads, "ws": "none"}


def told_options() -> dict[str, Any]:
    """The options that ``listen`` got, in one of its processes."""
    told: dict[str, Any] = json.loads(config.server_options())
    return told


def log_to_stderr(log: logging.Logger) -> None:
    """Write what it logs to standard error, with the time; once, however often this is called."""
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False

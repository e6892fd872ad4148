"""Processes that have everything loaded when they begin: forked from one that has, and that does nothing else."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(
    [  # what starts no thread
        *("boto3", "duckdb", "hypothesis", "moto.server", "obstore", "pytest", "s3fs", "uvicorn.logging", "uvloop"),
        *("cloudtrack.cli.main", "cloudtrack.client", "cloudtrack.remote.client", "cloudtrack.server"),
        *("uvicorn.lifespan.on", "uvicorn.loops.auto", "uvicorn.protocols.http.auto"),
    ]
)


def forked(function: Callable[..., Any], *arguments: Any) -> BaseProcess:
    """A process, not yet started, that calls ``function`` with the environment of now; it ends with this one."""
    return FORKING.Process(target=_call, args=(dict(os.environ), function, arguments), daemon=True)


def _call(environment: dict[str, str], function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    function(*arguments)

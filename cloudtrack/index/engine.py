"""DuckDB, in this process: one instance, a cursor for each use."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from typing import Any

from cloudtrack.errors import ObjectNotFound

_MEMORY_LIMIT = "1GB"
_THREADS = 4
_lock = threading.Lock()
_instances: dict[int, Any] = {}


def cursor() -> Any:
    """A new cursor. A forked child has an instance of its own."""
    with _lock:
        instance = _instances.get(os.getpid())
        if instance is None:
            instance = _instances[os.getpid()] = _connect()
        return instance.cursor()


def fetch(query: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
    """All rows of a query's answer. Raises ObjectNotFound where a file that it reads is gone."""
    rows: list[tuple[Any, ...]] = _asked(query, parameters, lambda answer: answer.fetchall())
    return rows


def fetch_columns(query: str, parameters: list[Any] | None = None) -> dict[str, Any]:
    """The same by columns, as numpy's arrays; those with missing values are masked."""
    columns: dict[str, Any] = _asked(query, parameters, lambda answer: answer.fetchnumpy())
    return columns


def _asked(query: str, parameters: list[Any] | None, read: Callable[[Any], Any]) -> Any:
    import duckdb

    try:
        return read(cursor().execute(query, parameters or []))
    except duckdb.IOException as error:
        raise ObjectNotFound(f"a part of the index is gone: {error}") from error


def _connect() -> Any:
    import duckdb

    return duckdb.connect(
        config={
            "threads": min(_THREADS, os.cpu_count() or 1),
            "memory_limit": _MEMORY_LIMIT,
            "temp_directory": _own_folder(),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )


def _own_folder() -> str:
    """What does not fit into memory goes here: only this user reads it, and it is gone when the process ends."""
    folder = tempfile.mkdtemp(prefix="cloudtrack-index-")
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def _forget_after_fork() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_forget_after_fork)

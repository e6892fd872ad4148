"""A real ``mlflow server`` on a folder of its own, for recording and comparing."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


@contextmanager
def mlflow_server(python: str, folder: Path, *stores: str, command: str = "server") -> Iterator[int]:
    """The port of a server with an SQLite store, or ``stores``, and an artifact proxy; it ends with the context."""
    port = free_port()
    words = [
        *(python, "-m", "mlflow", command),
        *(
            stores
            or (f"--backend-store-uri=sqlite:///{folder}/mlflow.db", f"--artifacts-destination={folder}/artifacts")
        ),
        "--serve-artifacts",
        "--host=127.0.0.1",
        f"--port={port}",
        "--workers=1",
    ]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # or processes of its own outlive it
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, env=environment, cwd=folder, start_new_session=True)
        try:
            _wait_until_healthy(process, port, folder)
            yield port
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def send_to(port: int) -> Any:
    """A ``Send`` that talks HTTP to a local port."""

    def send(method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request(method, target, body=body or None, headers=headers)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    return send


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    for _ in range(240):
        if process.poll() is not None:
            raise RuntimeError(f"mlflow server ended: {(folder / 'server.log').read_text()[-2000:]}")
        try:
            if send_to(port)("GET", "/health", {}, b"")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise RuntimeError(f"mlflow server does not answer: {(folder / 'server.log').read_text()[-2000:]}")

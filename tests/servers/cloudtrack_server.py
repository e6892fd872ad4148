"""``cloudtrack server`` as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.api.corpus.mlflow_server import free_port

_START_TIMEOUT_S = 60


@dataclass
class RunningServer:
    """A server that answers."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def text(self) -> str:
        """What it has said so far."""
        return self.log.read_text()


@contextmanager
def cloudtrack_server(
    root: str, folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, port: int = 0
) -> Iterator[RunningServer]:
    """A server over the store ``root``; its log is in ``folder``. Ends with SIGTERM."""
    port = port or free_port()
    command = [sys.executable, "-m", "cloudtrack.cli.main", "server", f"--root={root}", f"--port={port}", *arguments]
    log = folder / f"server-{port}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env={**os.environ, **(environment or {})})
    server = RunningServer(port, process, log)
    try:
        _wait_until_healthy(server)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_healthy(server: RunningServer) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended with {server.process.returncode}: {server.text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{server.url}/health", timeout=5):
                return
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"/health answers {error.code}") from error
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server does not answer: {server.text()[-2000:]}")

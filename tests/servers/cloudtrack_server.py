"""``cloudtrack server`` as a process of its own: as people start it, or forked from one that has loaded it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cloudtrack.cli.main import main
from tests.api.corpus.mlflow_server import free_port
from tests.forking import forked

_START_TIMEOUT_S = 60
_END_TIMEOUT_S = 30


@dataclass
class RunningServer:
    """A server that answers."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def text(self) -> str:
        """What it has said so far."""
        return self.log.read_text()


@dataclass
class ServerProcess(RunningServer):
    """One that a test may kill."""

    process: subprocess.Popen[bytes]


@contextmanager
def forked_server(root: str, folder: Path, *arguments: str) -> Iterator[RunningServer]:
    """A server over the store ``root`` that is there at once; its log is in ``folder``. Ends with SIGTERM."""
    port = free_port()
    server = RunningServer(port, folder / f"server-{port}.log")
    process = forked(_serve, server.log, _arguments(root, port, arguments))
    process.start()
    try:
        _wait_until_healthy(server, lambda: process.exitcode)
        yield server
    finally:
        process.terminate()
        process.join(_END_TIMEOUT_S)
        if process.is_alive():
            process.kill()
            process.join()


def _serve(log: Path, arguments: list[str]) -> None:
    with log.open("wb") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    sys.argv = ["cloudtrack", *arguments]
    main()


def _arguments(root: str, port: int, more: tuple[str, ...]) -> list[str]:
    return ["server", f"--root={root}", f"--port={port}", *more]


@contextmanager
def cloudtrack_server(
    root: str, folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, port: int = 0
) -> Iterator[ServerProcess]:
    """A server over the store ``root``; its log is in ``folder``. Ends with SIGTERM."""
    port = port or free_port()
    command = [sys.executable, "-m", "cloudtrack.cli.main", *_arguments(root, port, arguments)]
    log = folder / f"server-{port}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env={**os.environ, **(environment or {})})
    server = ServerProcess(port, log, process)
    try:
        _wait_until_healthy(server, process.poll)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_healthy(server: RunningServer, ended: Callable[[], int | None]) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if (code := ended()) is not None:
            raise RuntimeError(f"the server ended with {code}: {server.text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{server.url}/health", timeout=5):
                return
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"/health answers {error.code}") from error
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server does not answer: {server.text()[-2000:]}")

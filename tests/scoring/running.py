"""The scoring server as a process of its own: ``python -m tests.scoring.running '<options as JSON>'``."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cloudtrack.scoring import sagemaker
from cloudtrack.scoring.server import ServeOptions, serve
from tests.api.corpus.mlflow_server import free_port

_START_TIMEOUT_S = 60
_STOP_TIMEOUT_S = 30


@dataclass
class Scoring:
    """A server that answers."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def send(
        self, method: str, path: str, content: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            body = None if content is None else json.dumps(content)
            connection.request(method, path, body, {"content-type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            text = answer.read()
            return (
                answer.status,
                {key.lower(): value for key, value in answer.getheaders()},
                json.loads(text or b"null"),
            )
        finally:
            connection.close()

    def ping(self) -> int:
        """The status of ``/ping``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status
        finally:
            connection.close()


@contextmanager
def scoring_server(folder: Path, **options: Any) -> Iterator[Scoring]:
    """A server on a free port with these ``ServeOptions``; its log is in ``folder``. Ends with SIGTERM."""
    told = asdict(ServeOptions(**{"port": free_port(), "trust": True, **options}))
    with running([sys.executable, "-m", "tests.scoring.running", json.dumps(told)], told["port"], folder) as server:
        yield server


@contextmanager
def running(
    command: list[str], port: int, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Scoring]:
    """A server that a command starts. Ends with SIGTERM."""
    log = folder / f"scoring-{port}.log"
    root = str(Path(__file__).parents[2])
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, stdout=stream, stderr=stream, env={**os.environ, "PYTHONPATH": root, **(environment or {})}
        )
    server = Scoring(port, process, log)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(server: Scoring) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended with {server.process.returncode}: {server.log.read_text()[-2000:]}")
        with suppress(OSError):
            if (status := server.ping()) != 200:
                raise RuntimeError(f"/ping answers {status}")
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server does not answer: {server.log.read_text()[-2000:]}")


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    given["allowed_hosts"] = tuple(given["allowed_hosts"])
    if sys.argv[2:]:
        sys.exit(sagemaker.main(sys.argv[2:], ServeOptions(**given)))
    serve(ServeOptions(**given))

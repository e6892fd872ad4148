"""Lambda's Runtime API on this machine, and functions under AWS's own runtime client.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_VERSION = "/2018-06-01/runtime"
_ANSWER_TIMEOUT_S = 120


@dataclass(frozen=True)
class Outcome:
    """How a call ended: ``response``, ``error``, or ``init`` where the function could not even start."""

    kind: str
    body: Any


class RuntimeApi(ThreadingHTTPServer):
    """Hands events to one function and takes its answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.events: queue.Queue[Mapping[str, Any]] = queue.Queue()
        self.outcomes: queue.Queue[Outcome] = queue.Queue()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A function that was stopped while it waited is no news."""


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RuntimeApi

    def do_GET(self) -> None:
        event = json.dumps(self.server.events.get()).encode()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 29_000),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrack",
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
            "Content-Type": "application/json",
        }
        self._answer(200, event, headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = "init" if self.path == f"{_VERSION}/init/error" else self.path.rpartition("/")[2]
        self.server.outcomes.put(Outcome(kind, json.loads(body)))
        self._answer(202, b"{}", {})

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class RunningFunction:
    """A function that waits for events."""

    def __init__(self, api: RuntimeApi, process: subprocess.Popen[bytes], log: Path) -> None:
        self._api = api
        self._process = process
        self._log = log
        self.cpu_s = 0.0
        """Of the whole process, once it has ended."""

    def call(self, event: Mapping[str, Any]) -> Outcome:
        """Send an event and wait for what becomes of it."""
        self._api.events.put(event)
        return self.outcome()

    def outcome(self) -> Outcome:
        """The next thing that the function reports."""
        try:
            return self._api.outcomes.get(timeout=_ANSWER_TIMEOUT_S)
        except queue.Empty:
            raise AssertionError(f"the function said nothing; its log: {self.log()}") from None

    def log(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(encoding="utf-8")

    def peak_bytes(self) -> int:
        """The most memory that it has used so far, as Linux counts."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) << 10

    def end(self) -> None:
        """Stop it, and note what it used."""
        self._process.kill()
        _, _, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = -9
        self.cpu_s = usage.ru_utime + usage.ru_stime


@contextmanager
def running(
    handler: str, bundle: Path, log: Path, *, packages: tuple[Path, ...] = (), **environment: str
) -> Iterator[RunningFunction]:
    """A function from a bundle, with nothing around it but the runtime and ``packages``."""
    api = RuntimeApi()
    thread = threading.Thread(target=api.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    command = [os.environ["SAM_PYTHON"], "-S", "-s", "-m", "awslambdaric", handler]
    path = [bundle, *packages, Path(os.environ["LAMBDA_PACKAGES"]) / "runtime"]
    settings = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMBDA_TASK_ROOT": str(bundle),
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": "cloudtrack",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        **environment,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=settings, cwd=bundle, stdout=output, stderr=subprocess.STDOUT)
    function = RunningFunction(api, process, log)
    try:
        yield function
    finally:
        function.end()
        api.shutdown()
        api.server_close()
        thread.join()

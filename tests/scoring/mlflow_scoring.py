"""A real ``mlflow models serve`` on a model folder, for recording, comparing and measuring."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.api.corpus.mlflow_server import free_port, send_to

_START_TRIES = 240


@contextmanager
def mlflow_scoring(python: str, model: Path, folder: Path) -> Iterator[int]:
    """The port of MLflow's scoring server over a model folder; its log is in ``folder``. Ends with the context."""
    port = free_port()
    command = [python, "-m", "mlflow", "models", "serve", f"--model-uri={model}", "--env-manager=local"]
    command += ["--host=127.0.0.1", f"--port={port}", "--workers=1"]
    environment = {
        **os.environ,
        "PATH": f"{Path(python).parent}:{os.environ['PATH']}",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
    log_file = folder / f"mlflow-{port}.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder, start_new_session=True)
        try:
            _wait_until_healthy(process, port, log_file)
            yield port
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(_START_TRIES):
        if process.poll() is not None:
            raise RuntimeError(f"mlflow models serve ended: {log.read_text()[-2000:]}")
        with suppress(OSError):
            if send_to(port)("GET", "/ping", {}, b"")[0] == 200:
                return
        time.sleep(0.25)
    raise RuntimeError(f"mlflow models serve does not answer: {log.read_text()[-2000:]}")

"""How a program that uses MLflow itself reaches the store.

One that uses cloudtrack opens the store. MLflow's own package speaks to servers: where the project's environment has
it, a server for this program alone runs beside it.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cloudtrack import config
from cloudtrack.errors import Unavailable

_MLFLOW = ("mlflow==", "mlflow-skinny==")


@contextmanager
def bridged(store: str, packages: str) -> Iterator[dict[str, str]]:
    """The variables that tell a program's MLflow where to log. ``packages`` are those it can import, a line each."""
    if store.startswith(("http://", "https://")) or not any(line.startswith(_MLFLOW) for line in packages.splitlines()):
        yield {"MLFLOW_TRACKING_URI": store}
        return
    token = secrets.token_urlsafe(32)
    process = subprocess.Popen(  # noqa: S603 - no shell, our own words
        [sys.executable, "-m", "cloudtrack.bridge", store],
        env={**config.environment(), config.BRIDGE_TOKEN: token},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        port = process.stdout.readline().strip().decode()
        if not port:
            raise Unavailable("the server for the project's MLflow did not start; what it said is above")
        yield {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}", "MLFLOW_TRACKING_TOKEN": token}

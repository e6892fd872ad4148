"""Unmodified MLflow clients against ``cloudtrack server``, each in an environment of its own.

``make mlflow`` makes the environments; CLOUDTRACK_MLFLOW_PYTHON and CLOUDTRACK_MLFLOW2_PYTHON name their interpreters.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.tokens import Tokens
from cloudtrack.client import Client
from tests.servers.cloudtrack_server import cloudtrack_server

JOURNEY = Path(__file__).with_name("journey.py")
PYTHONS = {
    "mlflow-3": os.environ.get("CLOUDTRACK_MLFLOW_PYTHON", ""),
    "mlflow-2": os.environ.get("CLOUDTRACK_MLFLOW2_PYTHON", ""),
}
pytestmark = pytest.mark.mlflow


def travel(mlflow: str, url: str, folder: Path, **environment: str) -> None:
    """Run the journey; it must arrive."""
    if not PYTHONS[mlflow]:
        pytest.skip(f"no interpreter with {mlflow} is named: run `make test-all`")
    done = subprocess.run(
        [PYTHONS[mlflow], "-W", "ignore", str(JOURNEY)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=900,
        env={
            **os.environ,
            "MLFLOW_TRACKING_URI": url,
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            **environment,
        },
    )
    assert done.returncode == 0, f"{done.stdout[-1000:]}\n{done.stderr[-6000:]}"
    assert done.stdout.strip().endswith("done")


@pytest.mark.parametrize("mlflow", PYTHONS)
def test_on_a_folder(mlflow: str, tmp_path: Path) -> None:
    with cloudtrack_server(str(tmp_path / "store"), tmp_path) as server:
        travel(mlflow, server.url, tmp_path)
        assert '" 5' not in server.text()


@pytest.mark.parametrize("mlflow", PYTHONS)
@pytest.mark.parametrize("artifacts", ["stream", "presigned", "direct"])
def test_on_s3(mlflow: str, artifacts: str, tmp_path: Path, make_url: Callable[[str], str]) -> None:
    root = make_url("seaweed-obstore")
    endpoint = root.partition("endpoint_url=")[2].partition("&")[0]
    direct = {"MLFLOW_S3_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": "us-east-1"} if artifacts == "direct" else {}
    with cloudtrack_server(root, tmp_path, f"--artifacts={artifacts}") as server:
        travel(mlflow, server.url, tmp_path, MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE=str(1 << 20), **direct)
        assert '" 5' not in server.text()


@pytest.mark.parametrize("mlflow", PYTHONS)
def test_with_a_token(mlflow: str, tmp_path: Path) -> None:
    client = Client(tmp_path / "store")
    token, _ = Tokens(client.store).create("scientist")
    Access(client.store).add_admin("scientist")
    with cloudtrack_server(str(tmp_path / "store"), tmp_path, "--auth") as server:
        travel(mlflow, server.url, tmp_path, MLFLOW_TRACKING_TOKEN=token)
    actors = {event.actor for event in client.history.events("m")}
    assert actors == {"scientist"}

"""The page of the plugin: its blocks run, by the interpreter of a user of the plugin, on a bucket."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import boto3
import pytest

from cloudtrack.client import Client
from tests.docs.pages import blocks
from tests.mlflow_plugin.environments import environment, python

pytestmark = pytest.mark.mlflow
PAGE = "docs/mlflow-plugin.md"
_TRAINING = """
import mlflow

mlflow.set_experiment("page")
with mlflow.start_run(run_name="trained"):
    mlflow.log_metric("loss", 0.5)
"""


@pytest.fixture
def place(moto_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a program, and the bucket that the page names."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    boto3.client("s3", endpoint_url=moto_url).create_bucket(Bucket="bucket")
    (tmp_path / "train.py").write_text(_TRAINING)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "pip").write_text('#!/bin/sh\n[ "$*" = "install cloudtrack[mlflow]" ]\n')
    (bin_folder / "pip").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:{Path(python()).parent}:{os.environ['PATH']}")
    yield tmp_path
    bucket = boto3.resource("s3", endpoint_url=moto_url).Bucket("bucket")
    bucket.objects.all().delete()
    bucket.delete()


def test_the_blocks_of_the_page_run(place: Path) -> None:
    programs, servers = (block for block in blocks(PAGE) if block.language == "sh")
    done = subprocess.run(
        ["bash", "-ec", programs.text],
        cwd=place,
        env=environment("", place),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    client = Client("s3://bucket/prefix")
    (run,) = client.runs.search([client.experiments.search("name = 'page'")[0].experiment_id])
    assert (run.info.run_name, run.data.metrics) == ("trained", {"loss": 0.5})
    for line in servers.text.strip().splitlines():
        assert "page" in _experiments(line, place), line


def _experiments(command: str, place: Path) -> list[str]:
    """The experiments that a server of MLflow tells of, which the command starts."""
    with socket.socket() as trying:
        trying.bind(("127.0.0.1", 0))
        port = trying.getsockname()[1]
    words = [*shlex.split(command), "--port", str(port), "--workers", "1"]
    with (place / "server.log").open("w") as log:
        server = subprocess.Popen(
            words, cwd=place, env=environment("", place), stdout=log, stderr=log, start_new_session=True
        )
    try:
        for _ in range(1200):
            try:
                with urlopen(f"http://127.0.0.1:{port}/health") as answer:
                    assert answer.status == 200
                break
            except OSError:
                assert server.poll() is None, (place / "server.log").read_text()
                time.sleep(0.1)
        url = f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/search?max_results=10"
        with urlopen(url) as answer:
            return re.findall(r'"name": ?"([^"]+)"', answer.read().decode())
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()

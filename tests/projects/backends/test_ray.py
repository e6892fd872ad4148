"""Projects on a real Ray cluster, on this machine."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput, MissingDependency, Unavailable
from cloudtrack.projects.backends.backend import Job, open_backend
from tests.api.corpus.mlflow_server import free_port
from tests.cli.commands import answer, cloudtrack
from tests.projects.backends.project import make_project

JOB = Job("0" * 32, "main", "s3://bucket/team", {"CLOUDTRACK_URI": "s3://bucket/team"})
LOGIN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
SAVES_AT_THE_END = """
import signal, sys, time
import cloudtrack as ct
ct.start_run()

def save(*_):
    time.sleep(5)
    ct.log_metric("saved", 1)
    ct.end_run("KILLED")
    sys.exit(1)

signal.signal(signal.SIGTERM, save)
ct.log_metric("began", 1)
time.sleep(600)
"""
"""Needs longer to end than the three seconds that Ray gives by default."""
HEAD = """
import sys, ray
ray.init(num_cpus=2, include_dashboard=True, dashboard_host="127.0.0.1", dashboard_port=int(sys.argv[1]),
         _temp_dir=sys.argv[2], object_store_memory=100 << 20, _node_ip_address="127.0.0.1")
print("ready", flush=True)
sys.stdin.read()
"""
"""A cluster that ends with its standard input."""


@pytest.fixture(name="address")
def _address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("ray.job_submission", reason="ray is not installed: make test-all installs it")
    pytest.importorskip("aiohttp_cors", reason="ray[default] is not installed: make test-all installs it")
    port = free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "RAY_USAGE_STATS_ENABLED": "0",
        **LOGIN,
    }
    folder = tmp_path_factory.mktemp("r", numbered=True)
    with subprocess.Popen(
        [sys.executable, "-c", HEAD, str(port), str(folder)],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdin is not None
        lines = iter(process.stdout.readline, "")
        assert any(line == "ready\n" for line in lines), "Ray did not start"
        yield f"http://127.0.0.1:{port}"
        process.stdin.close()
        process.stdout.read()


@pytest.fixture(name="client")
def _client(store_url: str) -> Iterator[Client]:
    client = Client(store_url)
    yield client
    client.close()


@pytest.mark.slow
def test_a_ray_job_logs_to_the_store_and_finishes_with_its_status(
    client: Client, store_url: str, tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command in a process of its own: Ray's client reads its login once."""
    project = make_project(tmp_path / "line")
    (project / "save.py").write_text(SAVES_AT_THE_END)

    def run(entry_point: str, *options: str, **config: Any) -> Any:
        told = json.dumps({"address": address, **config})
        words = ["run", str(project), "-e", entry_point, "-b", "ray", "-c", told, "--json", *options]
        done = cloudtrack(*words, store=store_url)
        if done.returncode and not done.stdout:
            return done.stderr
        return json.loads(done.stdout)

    def logs(run_id: str) -> str:
        return cloudtrack("runs", "job-logs", run_id, store=store_url).stdout

    assert "wants a login" in run("main")
    for name, value in LOGIN.items():
        monkeypatch.setenv(name, value)
    finished = run("main", environment={"SOME": "thing"})["run_id"]
    assert client.runs.get(finished).info.status == "FINISHED"
    assert client.runs.get(finished).data.metrics["y"] == 4.0
    assert "training goes well" in logs(finished)
    for entry_point, config, said in (
        ("broken", {"num_cpus": 1}, "it goes wrong"),
        ("main", {"runtime_env": {"working_dir": "https://127.0.0.1:1/none.zip"}}, "Ray: "),
    ):
        failed = run(entry_point, "--detach", **config)["run_id"]
        while (status := answer("runs", "status", failed, store=store_url)["status"]) in ("SCHEDULED", "RUNNING"):
            time.sleep(0.2)
        assert status == client.runs.get(failed).info.status == "FAILED"
        assert said in logs(failed)
    endless = run("save.py", "--detach")["run_id"]
    while "began" not in client.runs.get(endless).data.metrics:
        assert answer("runs", "status", endless, store=store_url)["status"] in ("SCHEDULED", "RUNNING")
    for _ in range(2):
        assert answer("runs", "cancel", endless, store=store_url)["status"] == "KILLED"
    assert client.runs.get(endless).info.status == "KILLED"
    assert client.runs.get(endless).data.metrics["saved"] == 1
    client.runs.log_batch(endless, tags={"cloudtrack.project.job": f"{address}#cloudtrack-none"})
    client.runs.update(endless, status="RUNNING")
    assert "no such job" in cloudtrack("runs", "status", endless, store=store_url).stderr


@pytest.mark.slow
def test_no_cluster_is_said_in_one_line() -> None:
    pytest.importorskip("ray.job_submission", reason="ray is not installed: make test-all installs it")
    ray = open_backend("ray")
    specification = ray.specification(JOB, {"address": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(Unavailable, match="no Ray cluster at http"):
        ray.launch(JOB, specification)


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray.job_submission", None)
    ray = open_backend("ray")
    with pytest.raises(MissingDependency, match=r"cloudtrack\[ray\]"):
        ray.launch(JOB, ray.specification(JOB, {}))


def test_secrets_are_names_in_the_specification_and_values_at_the_launch(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = open_backend("ray")
    with pytest.raises(InvalidInput, match=r"CLOUDTRACK_TOKEN .* not set here"):
        ray.specification(JOB, {"secrets": ["CLOUDTRACK_TOKEN"]})
    monkeypatch.setenv("CLOUDTRACK_TOKEN", "hush")
    specification = ray.specification(JOB, {"secrets": ["CLOUDTRACK_TOKEN"]})
    assert "hush" not in str(specification)
    with pytest.raises(InvalidInput, match="HF_TOKEN is a secret"):
        ray.specification(JOB, {"runtime_env": {"env_vars": {"HF_TOKEN": "hush"}}})


def test_the_cluster_is_the_one_of_rays_own_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = open_backend("ray")
    assert ray.specification(JOB, {})["address"] == "http://127.0.0.1:8265"
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "http://head:1/")
    assert ray.specification(JOB, {})["address"] == "http://head:1"
    assert ray.specification(JOB, {"address": "http://other:1"})["address"] == "http://other:1"

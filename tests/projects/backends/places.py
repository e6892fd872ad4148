"""Places that really execute jobs, without a cluster: stand-ins for the clients of others."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.projects.backends import stand_in


@dataclass
class Place:
    """A backend that can be used here."""

    backend: str
    config: dict[str, Any]
    broken: dict[str, Any]
    """A configuration with which no worker starts."""
    sent: Callable[[], dict[str, Any]]
    """What was handed over last, as the specification has it."""
    is_in_process: bool = field(default=False)


def make_place(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Install what a backend needs."""
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    return {"docker": _docker, "kubernetes": _kubernetes, "ray": _ray, "spark": _spark}[name](folder, monkeypatch)


def _docker(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("PATH", f"{stand_in.install(folder, 'docker')}:{os.environ['PATH']}")

    def sent() -> dict[str, Any]:
        return {"command": stand_in.asked(folder, "run")[-1]["words"]}

    return Place("docker", {"image": "cloudtrack:1"}, {"image": stand_in.BROKEN}, sent)


def _kubernetes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("PATH", f"{stand_in.install(folder, 'kubectl')}:{os.environ['PATH']}")
    template = folder / "job.yaml"  # with one, the store may be a folder that it mounts
    template.write_text("apiVersion: batch/v1\nkind: Job\n")

    def sent() -> dict[str, Any]:
        last = stand_in.asked(folder, "apply")[-1]
        return {"command": last["words"], "manifest": json.loads(last["stdin"])}

    config = {"template": str(template), "context": "minikube"}
    return Place("kubernetes", {"image": "ours:1", **config}, {"image": stand_in.BROKEN, **config}, sent)


def _spark(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    program = folder / "spark-submit"
    program.write_text(
        f"#!{sys.executable}\nimport json, os, subprocess, sys\n"
        f"open({str(folder / 'asked')!r}, 'w').write(json.dumps(sys.argv))\n"
        "if 'spark.none=1' in sys.argv: sys.exit('SparkException: no master')\n"
        "script = next(i for i, word in enumerate(sys.argv) if word.endswith('.py'))\n"
        "sys.exit(subprocess.call([os.environ['PYSPARK_DRIVER_PYTHON'], *sys.argv[script:]]))\n"
    )
    program.chmod(0o755)
    config = {"spark_submit": str(program), "master": "local[2]"}

    def sent() -> dict[str, Any]:
        return {"command": json.loads((folder / "asked").read_text())}

    return Place("spark", config, {**config, "conf": {"spark.none": "1"}}, sent)


class _RayClient:
    """Ray's client, whose cluster is this process."""

    sent: dict[str, Any] = {}
    jobs: dict[str, tuple[subprocess.Popen[bytes], Path]] = {}
    folder: Path

    def __init__(self, address: str) -> None:
        self._address = address

    def submit_job(self, **request: Any) -> str:
        type(self).sent = {"address": self._address, "request": request}
        name = request["submission_id"]
        log = self.folder / f"{name}.log"
        words = shlex.split(request["entrypoint"])
        path = f"{Path(sys.executable).parent}:{os.defpath}"
        environment = {"PATH": path, "HOME": "/tmp", "PYTHONPATH": os.environ["PYTHONPATH"]}
        if request["runtime_env"].get("pip") == ["nothing"]:
            words = ["/bin/sh", "-c", "echo no package nothing; exit 1"]
        with log.open("wb") as stream:
            process = subprocess.Popen(
                words, env={**environment, **request["runtime_env"]["env_vars"]}, stdout=stream, stderr=stream
            )
        self.jobs[name] = (process, log)
        return str(name)

    def get_job_status(self, name: str) -> Any:
        if name not in self.jobs:
            raise RuntimeError(f"Request failed with status code 404: Job {name} does not exist")
        code = self.jobs[name][0].poll()
        ended = {0: "SUCCEEDED", 128 + signal.SIGTERM: "STOPPED", -signal.SIGTERM: "STOPPED"}
        found = "RUNNING" if code is None else ended.get(code, "FAILED")
        return SimpleNamespace(value=found)

    def get_job_logs(self, name: str) -> str:
        return self.jobs[name][1].read_text()

    def get_job_info(self, name: str) -> Any:
        return SimpleNamespace(message="")

    def stop_job(self, name: str) -> None:
        self.jobs[name][0].terminate()


def _ray(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    module = SimpleNamespace(JobSubmissionClient=_RayClient)
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(job_submission=module))
    monkeypatch.setitem(sys.modules, "ray.job_submission", module)
    _RayClient.folder = folder

    def sent() -> dict[str, Any]:
        return _RayClient.sent

    broken = {"runtime_env": {"pip": ["nothing"]}}
    return Place("ray", {"num_cpus": 1}, broken, sent, is_in_process=True)

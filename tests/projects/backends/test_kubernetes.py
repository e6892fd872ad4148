"""The manifests of jobs on Kubernetes. What happens to them is in test_conformance.py, with a stand-in for kubectl."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.errors import InvalidInput
from cloudtrack.projects.backends.backend import Job, open_backend
from tests.projects.backends import stand_in

JOB = Job("0123456789abcdef" * 2, "Main job!", "s3://bucket/team", {"CLOUDTRACK_URI": "s3://bucket/team"})
TEMPLATE = """
apiVersion: batch/v1
kind: Job
metadata:
  name: "{replaced with MLflow Project name}"
  namespace: research
spec:
  ttlSecondsAfterFinished: 100
  backoffLimit: 4
  template:
    spec:
      containers:
      - name: trainer
        image: "{replaced with URI of Docker image created during Project execution}"
        command: ["{replaced with MLflow Project entry point command}"]
        args: [leftover]
        env: [{name: OF_TEMPLATE, value: "1"}, {name: CLOUDTRACK_URI, value: file:///other}]
        volumeMounts: [{name: data, mountPath: /data}]
        resources: {limits: {memory: 4Gi}}
      - name: beside
        image: proxy:1
      volumes: [{name: data, emptyDir: {}}]
      restartPolicy: OnFailure
"""


def manifest(config: dict[str, Any], job: Job = JOB) -> dict[str, Any]:
    found: dict[str, Any] = open_backend("kubernetes").specification(job, config)["manifest"]
    return found


def pod_of(found: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = found["spec"]["template"]["spec"]
    return pod


def test_a_job_is_executed_once_and_named_by_its_run() -> None:
    found = manifest({"image": "ours:1"})
    assert (found["apiVersion"], found["kind"]) == ("batch/v1", "Job")
    assert found["metadata"]["name"] == f"cloudtrack-{JOB.run_id}"
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", found["metadata"]["name"])
    assert found["metadata"]["namespace"] == "default"
    assert found["spec"]["backoffLimit"] == 0
    assert found["spec"]["ttlSecondsAfterFinished"] == 86400
    assert pod_of(found)["restartPolicy"] == "Never"
    assert pod_of(found)["containers"] == [
        {
            "name": "cloudtrack",
            "image": "ours:1",
            "command": ["python", "-m", "cloudtrack.projects.worker", JOB.run_id],
            "args": [],
            "env": [{"name": "CLOUDTRACK_URI", "value": "s3://bucket/team"}],
        }
    ]


def test_all_that_is_configured_is_in_the_manifest() -> None:
    found = manifest(
        {
            "image": "ours:1",
            "namespace": "research",
            "service_account": "trainer",
            "resources": {"requests": {"cpu": 2}, "limits": {"nvidia.com/gpu": 1}},
            "node_selector": {"pool": "gpu"},
            "secrets": {"CLOUDTRACK_TOKEN": "login/token"},
            "environment": {"A": "b"},
            "timeout_s": 60,
            "kept_s": 5,
        }
    )
    assert found["metadata"]["namespace"] == "research"
    assert (found["spec"]["activeDeadlineSeconds"], found["spec"]["ttlSecondsAfterFinished"]) == (60, 5)
    pod = pod_of(found)
    assert (pod["serviceAccountName"], pod["nodeSelector"]) == ("trainer", {"pool": "gpu"})
    (container,) = pod["containers"]
    assert container["resources"] == {"requests": {"cpu": "2"}, "limits": {"nvidia.com/gpu": "1"}}
    assert container["env"][1:] == [
        {"name": "A", "value": "b"},
        {"name": "CLOUDTRACK_TOKEN", "valueFrom": {"secretKeyRef": {"name": "login", "key": "token"}}},
    ]


def test_a_template_of_mlflow_is_filled(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(TEMPLATE)
    config = {"kube-context": "minikube", "kube-job-template-path": str(tmp_path / "job.yaml"), "image": "ours:1"}
    found = manifest(config, Job(JOB.run_id, "main", "file:///data/store", JOB.environment))
    assert found["metadata"]["namespace"] == "research"
    assert found["metadata"]["name"] == f"cloudtrack-{JOB.run_id}"
    assert (found["spec"]["backoffLimit"], found["spec"]["ttlSecondsAfterFinished"]) == (0, 100)
    pod = pod_of(found)
    assert (pod["restartPolicy"], pod["volumes"]) == ("Never", [{"name": "data", "emptyDir": {}}])
    trainer, beside = pod["containers"]
    assert beside == {"name": "beside", "image": "proxy:1"}
    assert (trainer["name"], trainer["image"], trainer["args"]) == ("trainer", "ours:1", [])
    assert trainer["env"] == [
        {"name": "OF_TEMPLATE", "value": "1"},
        {"name": "CLOUDTRACK_URI", "value": "s3://bucket/team"},
    ]
    assert trainer["volumeMounts"] == [{"name": "data", "mountPath": "/data"}]
    assert trainer["resources"] == {"limits": {"memory": "4Gi"}}
    assert open_backend("kubernetes").specification(JOB, config)["command"][1:3] == ["--context", "minikube"]


def test_the_handle_has_the_context_in_force_at_the_launch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{stand_in.install(tmp_path, 'kubectl')}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", "")
    backend = open_backend("kubernetes")
    submission = backend.launch(JOB, backend.specification(JOB, {"image": stand_in.BROKEN}))
    assert submission.handle == f"default/cloudtrack-{JOB.run_id}/minikube"
    (applied,) = stand_in.asked(tmp_path, "apply")
    assert applied["words"] == ["kubectl", "--context", "minikube", "apply", "-f", "-"]
    assert json.loads(applied["stdin"])["kind"] == "Job"
    assert backend.find(submission.handle).handle == submission.handle
    assert stand_in.asked(tmp_path, "get")[-1]["words"][:5] == [
        "kubectl",
        "--context",
        "minikube",
        "--namespace",
        "default",
    ]


def test_what_is_wrong_is_said_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text("kind: Pod")
    (tmp_path / "broken.yaml").write_text("{")
    for wrong, said in (
        ({"repository-uri": "r.io/x"}, "name an image that has Python and cloudtrack as 'image'"),
        ({"namespace": "Research"}, "namespace .the namespace of the job"),
        ({"secrets": {"A": "b"}}, "secrets: A is 'b'; it must be .* secret/key"),
        ({"environment": {"API_KEY": "b"}}, "API_KEY is a secret.* a Secret of the namespace"),
        ({"template": str(tmp_path / "pod.yaml")}, "must be one Job"),
        ({"template": str(tmp_path / "broken.yaml")}, "is not plain YAML"),
        ({"template": str(tmp_path / "none.yaml")}, "cannot be read"),
    ):
        with pytest.raises(InvalidInput, match=said):
            manifest({"image": "ours:1", **wrong})
    with pytest.raises(InvalidInput, match="on this machine alone"):
        manifest({"image": "ours:1"}, Job(JOB.run_id, "main", "file:///here"))

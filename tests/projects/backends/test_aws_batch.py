"""Projects on AWS Batch, as moto has it: what is asked, how states are read, and what a job of it executes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput, NotFound, PermissionDenied
from cloudtrack.projects.backends.backend import Job, open_backend
from cloudtrack.projects.launching import dry_run, find_submitted, launch
from cloudtrack.projects.planning import Request
from tests.projects.backends.aws import Calls, check_request, execute, use_moto, watch_calls, write_log
from tests.projects.backends.project import make_project

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:login-abc"
JOB = Job("0" * 32, "main", "s3://bucket/team", {"CLOUDTRACK_URI": "s3://bucket/team"})


@pytest.fixture(name="client")
def _client(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    client = Client(use_moto(moto_url, monkeypatch))
    yield client
    client.close()


@pytest.fixture(name="config")
def _config(client: Client) -> dict[str, Any]:
    """A queue and a definition in Batch."""
    batch, iam, name = boto3.client("batch"), boto3.client("iam"), f"train-{uuid.uuid4().hex[:8]}"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    made = batch.create_compute_environment(
        computeEnvironmentName=name, type="UNMANAGED", state="ENABLED", serviceRole=role
    )
    batch.create_job_queue(
        jobQueueName=name,
        state="ENABLED",
        priority=1,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": made["computeEnvironmentArn"]}],
    )
    batch.register_job_definition(
        jobDefinitionName=name,
        type="container",
        containerProperties={"image": "cloudtrack:1", "vcpus": 1, "memory": 512},
    )
    return {"job_queue": name, "job_definition": name}


@pytest.fixture(name="calls")
def _calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return watch_calls(monkeypatch)


@pytest.fixture(name="asked")
def _asked(tmp_path: Path, config: dict[str, Any]) -> Request:
    project = str(make_project(tmp_path / "line"))
    return Request(project, experiment_id="0", backend="aws-batch", backend_config=config, parameters={"slope": 3})


@pytest.mark.slow
def test_the_job_executes_the_run(client: Client, asked: Request, calls: Calls, tmp_path: Path) -> None:
    said = dry_run(client, asked)["specification"]
    submitted = launch(client, asked)
    (request,) = calls.of("SubmitJob")
    assert request == json.loads(json.dumps(said["request"]).replace("RUN_ID", submitted.run_id))
    overrides = request["containerOverrides"]
    variables = {each["name"]: each["value"] for each in overrides["environment"]}
    done = execute(overrides["command"], variables, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert submitted.wait()
    assert client.runs.get(submitted.run_id).data.metrics["y"] == 6.0


def test_another_process_follows_by_the_handle(client: Client, asked: Request) -> None:
    submitted = launch(client, asked)
    tag = client.runs.get(submitted.run_id).data.tags["cloudtrack.project.job"]
    assert tag.startswith("us-east-1/")
    assert find_submitted(client, submitted.run_id).get_status() == "FAILED"  # moto's are done, and executed nothing
    assert client.runs.get(submitted.run_id).info.status == "FAILED"
    with pytest.raises(NotFound, match="Batch has no job none in us-east-1"):
        open_backend("aws-batch").find("us-east-1/none")


def test_states_are_read(client: Client, asked: Request, calls: Calls) -> None:
    job = open_backend("aws-batch").find(
        client.runs.get(launch(client, asked).run_id).data.tags["cloudtrack.project.job"]
    )
    for state, reason, status in (
        ("SUBMITTED", "", "SCHEDULED"),
        ("PENDING", "", "SCHEDULED"),
        ("RUNNABLE", "", "SCHEDULED"),
        ("STARTING", "", "SCHEDULED"),
        ("RUNNING", "", "RUNNING"),
        ("SUCCEEDED", "", "FINISHED"),
        ("FAILED", "Essential container in task exited", "FAILED"),
        ("FAILED", "cancelled by cloudtrack", "KILLED"),
    ):
        calls.answers["DescribeJobs"] = {"jobs": [{"status": state, "statusReason": reason, "container": {}}]}
        assert job.status() == status, state


def test_a_job_is_terminated_once(client: Client, asked: Request, calls: Calls) -> None:
    submitted = launch(client, asked)
    calls.answers["DescribeJobs"] = {"jobs": [{"status": "RUNNABLE"}]}
    assert submitted.get_status() == "SCHEDULED"
    job = open_backend("aws-batch").find(client.runs.get(submitted.run_id).data.tags["cloudtrack.project.job"])
    calls.answers["TerminateJob"] = {}
    job.cancel()
    (arguments,) = calls.of("TerminateJob")
    calls.answers["DescribeJobs"] = {"jobs": [{"status": "FAILED", "statusReason": arguments["reason"]}]}
    for _ in range(2):
        submitted.cancel()
    assert len(calls.of("TerminateJob")) == 1
    assert client.runs.get(submitted.run_id).info.status == "KILLED"


def test_logs_are_those_of_cloudwatch_and_what_batch_says(client: Client, asked: Request, calls: Calls) -> None:
    submitted = launch(client, asked)
    stream = f"train/default/{uuid.uuid4().hex}"
    lines = [f"line {number}" for number in range(50)]
    write_log("/aws/batch/job", stream, lines)
    container = {"logStreamName": stream, "reason": "OutOfMemoryError"}
    calls.answers["DescribeJobs"] = {"jobs": [{"status": "FAILED", "statusReason": "Host", "container": container}]}
    assert list(submitted.logs()) == [*lines, "AWS Batch: OutOfMemoryError", "AWS Batch: Host"]
    calls.answers["DescribeJobs"] = {"jobs": [{"status": "RUNNABLE", "container": {}}]}
    assert list(submitted.logs()) == []


def test_resources_limits_and_secrets_are_in_the_request() -> None:
    config = {
        "job_queue": "q",
        "job_definition": "d:3",
        "vcpus": 0.25,
        "memory_mb": 2048,
        "gpus": 1,
        "timeout_s": 3600,
        "retries": 3,
        "region": "eu-west-1",
        "environment": {"OMP_NUM_THREADS": 4},
        "secrets": {"CLOUDTRACK_TOKEN": ARN},
    }
    said = open_backend("aws-batch").specification(JOB, config)
    request = said["request"]
    check_request("batch", "SubmitJob", request)
    assert said["region"] == "eu-west-1"
    assert request["containerOverrides"]["resourceRequirements"] == [
        {"type": "VCPU", "value": "0.25"},
        {"type": "MEMORY", "value": "2048"},
        {"type": "GPU", "value": "1"},
    ]
    assert request["timeout"] == {"attemptDurationSeconds": 3600}
    assert request["retryStrategy"] == {"attempts": 3}
    variables = {each["name"]: each["value"] for each in request["containerOverrides"]["environment"]}
    assert variables["OMP_NUM_THREADS"] == "4"
    assert json.loads(variables["CLOUDTRACK_SECRETS"]) == {"CLOUDTRACK_TOKEN": ARN}


def test_what_is_wrong_is_said_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = open_backend("aws-batch")
    right = {"job_queue": "q", "job_definition": "d", "region": "eu-west-1"}
    for wrong, said in (
        ({"job_queue": ""}, "job_queue .the queue that the job is submitted to"),
        ({"vcpus": 0}, "vcpus .a number of vCPUs"),
        ({"retries": 11}, "retries .how often the job is begun"),
        ({"secrets": {"A": "hush"}}, "the secret A is 'hush'; it is the ARN"),
        ({"environment": {"DB_PASSWORD": "hush"}}, "DB_PASSWORD is a secret.* Secrets Manager"),
        ({"queue": "q"}, "there is no queue; there are environment, region"),
    ):
        with pytest.raises(InvalidInput, match=said):
            batch.specification(JOB, {**right, **wrong})
    with pytest.raises(InvalidInput, match=r"job_queue is missing: .*; job_definition is missing"):
        batch.specification(JOB, {})
    for here in ("file:///here", "memory://x", "http://127.0.0.1:5000", "s3://b?endpoint_url=http://localhost:9000"):
        with pytest.raises(InvalidInput, match="use a store on S3, or a server"):
            batch.specification(Job("0" * 32, "main", here), right)
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with pytest.raises(InvalidInput, match="no AWS region"):
        batch.specification(JOB, {"job_queue": "q", "job_definition": "d"})


def test_a_refused_job_makes_the_run_fail(client: Client, asked: Request, calls: Calls) -> None:
    calls.answers["SubmitJob"] = "AccessDeniedException"
    with pytest.raises(PermissionDenied, match="AWS does not let you"):
        launch(client, asked)
    (run,) = client.runs.search(["0"])
    assert run.info.status == "FAILED"

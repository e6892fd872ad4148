"""Projects as training jobs, as moto has them: what is asked, how states are read, and what a job executes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.projects.backends.backend import Job, open_backend
from cloudtrack.projects.launching import dry_run, find_submitted, launch
from cloudtrack.projects.planning import Request
from tests.projects.backends.aws import Calls, check_request, execute, use_moto, watch_calls, write_log
from tests.projects.backends.project import make_project

CONFIG = {
    "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/cloudtrack:1",
    "role_arn": "arn:aws:iam::123456789012:role/training",
    "region": "us-east-1",
}
JOB = Job("0" * 32, "main", "s3://bucket/team", {"CLOUDTRACK_URI": "s3://bucket/team"})


@pytest.fixture(name="client")
def _client(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    client = Client(use_moto(moto_url, monkeypatch))
    yield client
    client.close()


@pytest.fixture(name="calls")
def _calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return watch_calls(monkeypatch)


@pytest.fixture(name="asked")
def _asked(tmp_path: Path) -> Request:
    project = str(make_project(tmp_path / "line"))
    return Request(project, experiment_id="0", backend="sagemaker", backend_config=CONFIG, parameters={"slope": 3})


def test_the_job_executes_the_run(client: Client, asked: Request, calls: Calls, tmp_path: Path) -> None:
    said = dry_run(client, asked)["specification"]
    submitted = launch(client, asked)
    (request,) = calls.of("CreateTrainingJob")
    assert request == json.loads(json.dumps(said["request"]).replace("RUN_ID", submitted.run_id))
    algorithm = request["AlgorithmSpecification"]
    words = [*algorithm["ContainerEntrypoint"], *algorithm["ContainerArguments"]]
    done = execute(words, request["Environment"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert submitted.wait()
    assert client.runs.get(submitted.run_id).data.metrics["y"] == 6.0


def test_another_process_follows_by_the_handle(client: Client, asked: Request) -> None:
    submitted = launch(client, asked)
    assert find_submitted(client, submitted.run_id).get_status() == "FAILED"  # moto's are done, and executed nothing
    with pytest.raises(NotFound, match="training job none"):
        open_backend("sagemaker").find("us-east-1/none")


def test_states_are_read_and_a_job_is_stopped_once(client: Client, asked: Request, calls: Calls) -> None:
    submitted = launch(client, asked)
    job = open_backend("sagemaker").find(client.runs.get(submitted.run_id).data.tags["cloudtrack.project.job"])
    for state, second, status in (
        ("InProgress", "Starting", "SCHEDULED"),
        ("InProgress", "Downloading", "SCHEDULED"),
        ("InProgress", "Training", "RUNNING"),
        ("InProgress", "Uploading", "RUNNING"),
        ("Stopping", "Stopping", "RUNNING"),
        ("Stopped", "Stopped", "KILLED"),
        ("Failed", "Failed", "FAILED"),
        ("Completed", "Completed", "FINISHED"),
    ):
        calls.answers["DescribeTrainingJob"] = {"TrainingJobStatus": state, "SecondaryStatus": second}
        assert job.status() == status, (state, second)
    calls.answers["StopTrainingJob"] = {}
    calls.answers["DescribeTrainingJob"] = {"TrainingJobStatus": "InProgress", "SecondaryStatus": "Training"}
    job.cancel()
    assert calls.of("StopTrainingJob") == [{"TrainingJobName": f"cloudtrack-{submitted.run_id}"}]
    calls.answers["DescribeTrainingJob"] = {"TrainingJobStatus": "Stopped"}
    submitted.cancel()
    assert len(calls.of("StopTrainingJob")) == 1
    assert client.runs.get(submitted.run_id).info.status == "KILLED"


def test_logs_are_those_of_cloudwatch_and_why_it_failed(client: Client, asked: Request, calls: Calls) -> None:
    submitted = launch(client, asked)
    assert list(submitted.logs()) == []
    name = f"cloudtrack-{submitted.run_id}"
    write_log("/aws/sagemaker/TrainingJobs", f"{name}/algo-1-17", ["one", "two"])
    calls.answers["DescribeTrainingJob"] = {"TrainingJobStatus": "Failed", "FailureReason": "AlgorithmError"}
    assert list(submitted.logs()) == ["one", "two", "SageMaker: AlgorithmError"]


def test_all_that_is_configured_is_in_the_request() -> None:
    config = {
        **CONFIG,
        "instance_type": "ml.g5.xlarge",
        "volume_gb": 100,
        "max_runtime_s": 3600,
        "max_wait_s": 7200,
        "spot": True,
        "output": "s3://elsewhere/x",
        "subnets": ["subnet-1"],
        "security_groups": ["sg-1"],
    }
    request: dict[str, Any] = open_backend("sagemaker").specification(JOB, config)["request"]
    check_request("sagemaker", "CreateTrainingJob", request)
    assert request["ResourceConfig"] == {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 100}
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200}
    assert request["EnableManagedSpotTraining"] is True
    assert request["OutputDataConfig"] == {"S3OutputPath": "s3://elsewhere/x"}
    assert request["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}


def test_what_sagemaker_writes_is_among_the_runs_artifacts_by_default() -> None:
    request = open_backend("sagemaker").specification(JOB, CONFIG)["request"]
    assert request["OutputDataConfig"]["S3OutputPath"] == f"s3://bucket/team/runs/{'0' * 32}/artifacts/sagemaker"
    with pytest.raises(InvalidInput, match="output is missing"):
        open_backend("sagemaker").specification(Job("0" * 32, "main", "https://tracking.example.com"), CONFIG)


def test_what_is_wrong_is_said_with_the_fix() -> None:
    for wrong, said in (
        ({"instance_count": 2}, "instance_count .1: a run is executed by one instance"),
        ({"role_arn": "training"}, "role_arn .the ARN of the role"),
        ({"subnets": ["a"]}, "subnets and security_groups belong together"),
        ({"max_wait_s": 90000}, "max_wait_s is for spot jobs"),
        ({"max_wait_s": 10, "spot": True}, "max_wait_s is less than max_runtime_s"),
        ({"output": "bucket/x"}, "output .s3://bucket/prefix"),
    ):
        with pytest.raises(InvalidInput, match=said):
            open_backend("sagemaker").specification(JOB, {**CONFIG, **wrong})

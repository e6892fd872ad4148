"""Projects as training jobs of SageMaker.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, model_validator

from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import InvalidInput
from cloudtrack.projects.backends.aws import AwsConfiguration, log_lines, service, translated
from cloudtrack.projects.backends.backend import Backend, Job, Submission
from cloudtrack.projects.backends.configuration import read_configuration
from cloudtrack.projects.reaching import check_shared
from cloudtrack.storage.s3_options import parse_s3_url
from cloudtrack.tracking import keys

_LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_WAITING = ("Starting", "Pending", "LaunchingMLInstances", "PreparingTrainingStack", "Downloading")
_FOLDER = "sagemaker"


class SageMakerConfiguration(AwsConfiguration):
    """What the backend sagemaker is told."""

    image: str = Field(min_length=1, description="an image in ECR that has Python and cloudtrack")
    role_arn: str = Field(pattern=r"^arn:", description="the ARN of the role that the training job has")
    instance_type: str = Field(default="ml.m5.large", pattern=r"^ml\.", description="such as ml.m5.large")
    instance_count: int = Field(default=1, ge=1, le=1, description="1: a run is executed by one instance")
    volume_gb: int = Field(default=30, ge=1, description="GiB of disk")
    max_runtime_s: int = Field(default=86400, ge=1, description="seconds after which SageMaker ends the job")
    max_wait_s: int | None = Field(default=None, ge=1, description="seconds that a spot job may take with all waiting")
    spot: bool = Field(default=False, description="true or false: whether to use spot instances")
    output: str = Field(
        default="", pattern=r"^(s3://.+)?$", description="s3://bucket/prefix for what SageMaker itself writes"
    )
    subnets: list[str] = Field(default=[], description="ids of subnets of a VPC")
    security_groups: list[str] = Field(default=[], description="ids of security groups of that VPC")

    @model_validator(mode="after")
    def _fits(self) -> SageMakerConfiguration:
        if bool(self.subnets) != bool(self.security_groups):
            raise ValueError("subnets and security_groups belong together: give both, or neither")
        if self.max_wait_s is not None and not self.spot:
            raise ValueError("max_wait_s is for spot jobs: give spot too, or leave it out")
        if self.max_wait_s is not None and self.max_wait_s < self.max_runtime_s:
            raise ValueError("max_wait_s is less than max_runtime_s, which is part of it")
        return self


class SageMakerBackend(Backend):
    """Creates a training job, whose container is the worker."""

    name = "sagemaker"

    def specification(self, job: Job, config: Mapping[str, Any]) -> dict[str, Any]:
        """The region and the request of ``CreateTrainingJob``."""
        told = read_configuration(SageMakerConfiguration, self.name, config)
        check_shared(job.store, self.name)
        stopping = {"MaxRuntimeInSeconds": told.max_runtime_s}
        if told.spot:
            stopping["MaxWaitTimeInSeconds"] = told.max_wait_s or told.max_runtime_s
        request: dict[str, Any] = {
            "TrainingJobName": f"cloudtrack-{job.run_id}",
            "AlgorithmSpecification": {
                "TrainingImage": told.image,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": job.command[:-1],
                "ContainerArguments": job.command[-1:],
            },
            "RoleArn": told.role_arn,
            "OutputDataConfig": {"S3OutputPath": told.output or _output(job)},
            "ResourceConfig": {
                "InstanceType": told.instance_type,
                "InstanceCount": told.instance_count,
                "VolumeSizeInGB": told.volume_gb,
            },
            "StoppingCondition": stopping,
            "EnableManagedSpotTraining": told.spot,
            "Environment": told.variables(job),
            "Tags": [{"Key": "cloudtrack.run", "Value": job.run_id}],
        }
        if told.subnets:
            request["VpcConfig"] = {"Subnets": told.subnets, "SecurityGroupIds": told.security_groups}
        return {"region": told.region_in_force(), "request": request}

    def launch(self, job: Job, specification: dict[str, Any]) -> Submission:  # noqa: ARG002 - it is all in there
        """Create the job."""
        region, request = specification["region"], specification["request"]
        name = request["TrainingJobName"]
        with translated(f"the training job {name}"):
            service("sagemaker", region).create_training_job(**request)
        return TrainingJob(region, name)

    def find(self, handle: str) -> Submission:
        """A job by region and name."""
        region, _, name = handle.partition("/")
        found = TrainingJob(region, name)
        found.describe()
        return found


class TrainingJob(Submission):
    """A training job."""

    def __init__(self, region: str, name: str) -> None:
        self._sagemaker = service("sagemaker", region)
        self._region = region
        self._name = name
        self.handle = f"{region}/{name}"

    def describe(self) -> dict[str, Any]:
        """What SageMaker says of it. Raises NotFound."""
        with translated(f"the training job {self._name}"):
            return dict(self._sagemaker.describe_training_job(TrainingJobName=self._name))

    def status(self) -> str:
        """SageMaker's, where what waits for an instance is SCHEDULED, and what is being stopped still RUNNING."""
        job = self.describe()
        match job["TrainingJobStatus"]:
            case "Completed":
                return RunStatus.FINISHED
            case "Failed":
                return RunStatus.FAILED
            case "Stopped":
                return RunStatus.KILLED
            case "InProgress" if job.get("SecondaryStatus") in _WAITING:
                return RunStatus.SCHEDULED
        return RunStatus.RUNNING

    def logs(self) -> Iterator[str]:
        """The streams of the job in CloudWatch, and why it failed."""
        yield from log_lines(self._region, _LOG_GROUP, f"{self._name}/")
        if reason := self.describe().get("FailureReason"):
            yield f"SageMaker: {reason}"

    def cancel(self) -> None:
        """``StopTrainingJob``: the worker is asked to end, and ended after two minutes."""
        if self.describe()["TrainingJobStatus"] == "InProgress":
            with translated(f"the training job {self._name}"):
                self._sagemaker.stop_training_job(TrainingJobName=self._name)


def _output(job: Job) -> str:
    """Among the artifacts of the run, where the store is on S3."""
    if not job.store.startswith("s3://"):
        raise InvalidInput(
            "the configuration of the backend sagemaker is not right: output is missing: s3://bucket/prefix for what "
            "SageMaker itself writes; only a store on S3 has a place of its own for that"
        )
    return f"{parse_s3_url(job.store, {}).url}/{keys.artifacts(job.run_id, _FOLDER)}"

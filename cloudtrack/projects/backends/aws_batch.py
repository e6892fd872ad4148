"""Projects on AWS Batch.

Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import NotFound
from cloudtrack.projects.backends.aws import AwsConfiguration, log_lines, service, translated
from cloudtrack.projects.backends.backend import Backend, Job, Submission
from cloudtrack.projects.backends.configuration import read_configuration
from cloudtrack.projects.reaching import check_shared

_CANCELLED = "cancelled by cloudtrack"
_LOG_GROUP = "/aws/batch/job"


class BatchConfiguration(AwsConfiguration):
    """What the backend aws-batch is told."""

    job_queue: str = Field(min_length=1, description="the queue that the job is submitted to, by name or ARN")
    job_definition: str = Field(
        min_length=1, description="a job definition, by name, name:revision or ARN; its image has Python and cloudtrack"
    )
    vcpus: float | None = Field(default=None, gt=0, description="a number of vCPUs, in place of the definition's")
    memory_mb: int | None = Field(default=None, ge=4, description="MiB of memory, in place of the definition's")
    gpus: int | None = Field(default=None, ge=1, description="a number of GPUs, in place of the definition's")
    timeout_s: int | None = Field(default=None, ge=60, description="seconds after which Batch ends the job, 60 or more")
    retries: int | None = Field(default=None, ge=1, le=10, description="how often the job is begun at most, 1 to 10")


class BatchBackend(Backend):
    """Submits one job; Batch starts the worker in the definition's image."""

    name = "aws-batch"

    def specification(self, job: Job, config: Mapping[str, Any]) -> dict[str, Any]:
        """The region and the request of ``SubmitJob``."""
        told = read_configuration(BatchConfiguration, self.name, config)
        check_shared(job.store, self.name)
        overrides: dict[str, Any] = {
            "command": job.command,
            "environment": [{"name": name, "value": value} for name, value in told.variables(job).items()],
        }
        wanted = {"VCPU": told.vcpus, "MEMORY": told.memory_mb, "GPU": told.gpus}
        if resources := [{"type": kind, "value": f"{value:g}"} for kind, value in wanted.items() if value is not None]:
            overrides["resourceRequirements"] = resources
        request: dict[str, Any] = {
            "jobName": f"cloudtrack-{job.run_id}",
            "jobQueue": told.job_queue,
            "jobDefinition": told.job_definition,
            "containerOverrides": overrides,
            "tags": {"cloudtrack.run": job.run_id},
            "propagateTags": True,
        }
        if told.timeout_s:
            request["timeout"] = {"attemptDurationSeconds": told.timeout_s}
        if told.retries:
            request["retryStrategy"] = {"attempts": told.retries}
        return {"region": told.region_in_force(), "request": request}

    def launch(self, job: Job, specification: dict[str, Any]) -> Submission:  # noqa: ARG002 - it is all in there
        """Submit the job."""
        region, request = specification["region"], specification["request"]
        with translated(f"the job queue {request['jobQueue']} or the definition {request['jobDefinition']}"):
            answer = service("batch", region).submit_job(**request)
        return BatchJob(region, answer["jobId"])

    def find(self, handle: str) -> Submission:
        """A job by region and id; Batch forgets those that ended some days ago."""
        region, _, job_id = handle.partition("/")
        found = BatchJob(region, job_id)
        found.describe()
        return found


class BatchJob(Submission):
    """A job of Batch's."""

    def __init__(self, region: str, job_id: str) -> None:
        self._batch = service("batch", region)
        self._region = region
        self._id = job_id
        self.handle = f"{region}/{job_id}"

    def describe(self) -> dict[str, Any]:
        """What Batch says of it. Raises NotFound."""
        with translated(f"the job {self._id}"):
            jobs = self._batch.describe_jobs(jobs=[self._id])["jobs"]
        if not jobs:
            raise NotFound(
                f"Batch has no job {self._id} in {self._region}: it forgets jobs some days after their end, and other "
                "accounts have others"
            )
        return dict(jobs[0])

    def status(self) -> str:
        """Batch's, where what waits is SCHEDULED."""
        job = self.describe()
        match job["status"]:
            case "SUCCEEDED":
                return RunStatus.FINISHED
            case "FAILED":
                return RunStatus.KILLED if job.get("statusReason", "") == _CANCELLED else RunStatus.FAILED
            case "RUNNING":
                return RunStatus.RUNNING
        return RunStatus.SCHEDULED

    def logs(self) -> Iterator[str]:
        """The stream of the last attempt in CloudWatch; before it began, what Batch says of the job's state."""
        job = self.describe()
        container = job.get("container", {})
        stream = container.get("logStreamName")
        if stream:
            options = container.get("logConfiguration", {}).get("options", {})
            yield from log_lines(self._region, options.get("awslogs-group", _LOG_GROUP), stream)
        for reason in (container.get("reason"), job.get("statusReason")):
            if reason:
                yield f"AWS Batch: {reason}"

    def cancel(self) -> None:
        """``TerminateJob``: a worker that runs is asked to end, a job that waits is not begun."""
        if not self.is_over():
            with translated(f"the job {self._id}"):
                self._batch.terminate_job(jobId=self._id, reason=_CANCELLED)

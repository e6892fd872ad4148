"""Projects as jobs of a Ray cluster.

Source: https://docs.ray.io/en/latest/cluster/running-applications/job-submission/jobs-package-ref.html.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import Field, field_validator

from cloudtrack import config as settings
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import InvalidInput, MissingDependency, NotFound, Unauthenticated, Unavailable
from cloudtrack.projects.backends.backend import Backend, Job, Submission
from cloudtrack.projects.backends.configuration import Configuration, check_set, read_configuration
from cloudtrack.projects.logins import is_secret

_DEFAULT_ADDRESS = "http://127.0.0.1:8265"
_GRACE = {"RAY_JOB_STOP_WAIT_TIME_S": "30"}
"""Between asking a worker to end and ending it, in place of Ray's three seconds."""
_STATUS = {
    "PENDING": RunStatus.SCHEDULED,
    "RUNNING": RunStatus.RUNNING,
    "SUCCEEDED": RunStatus.FINISHED,
    "FAILED": RunStatus.FAILED,
    "STOPPED": RunStatus.KILLED,
}


class RayConfiguration(Configuration):
    """What the backend ray is told."""

    secrets_go = "set it on Ray's nodes, or here and write its name into the list 'secrets'"

    address: str = Field(
        default="",
        pattern=r"^(https?://.+)?$",
        description=f"of Ray's dashboard, http://host:8265; by default RAY_API_SERVER_ADDRESS, or {_DEFAULT_ADDRESS}",
    )
    num_cpus: float | None = Field(default=None, ge=0, description="CPUs that are kept for the worker")
    num_gpus: float | None = Field(default=None, ge=0, description="GPUs that are kept for the worker")
    memory: int | None = Field(default=None, ge=1, description="bytes of memory that are kept for the worker")
    resources: dict[str, float] = Field(default={}, description="custom resources that are kept for the worker")
    runtime_env: dict[str, Any] = Field(default={}, description="a runtime environment of Ray's: pip, working_dir, ...")
    secrets: list[str] = Field(default=[], description="names of variables that are copied from here")

    @field_validator("runtime_env")
    @classmethod
    def _has_no_variables(cls, value: dict[str, Any]) -> dict[str, Any]:
        if named := [name for name in value.get("env_vars", ()) if is_secret(name)]:
            raise ValueError(f"{named[0]} is a secret, and the configuration is kept with the run: {cls.secrets_go}")
        return value


class RayBackend(Backend):
    """Submits one job, whose entry point is the worker."""

    name = "ray"

    def specification(self, job: Job, config: Mapping[str, Any]) -> dict[str, Any]:
        """The address, and the arguments of ``submit_job``. ``secrets`` are names, whose values are added later."""
        told = read_configuration(RayConfiguration, self.name, config)
        if job.store.startswith("memory://"):
            raise InvalidInput(
                "a store in memory is seen by its own process alone: use S3, a server or a shared folder"
            )
        check_set(told.secrets, self.name)
        variables = {**_GRACE, **told.runtime_env.get("env_vars", {}), **job.environment, **told.environment}
        kept = {
            "entrypoint_num_cpus": told.num_cpus,
            "entrypoint_num_gpus": told.num_gpus,
            "entrypoint_memory": told.memory,
            "entrypoint_resources": told.resources or None,
        }
        named = settings.environment().get("RAY_API_SERVER_ADDRESS")
        return {
            "address": (told.address or named or _DEFAULT_ADDRESS).rstrip("/"),
            "secrets": told.secrets,
            "request": {
                "entrypoint": shlex.join(job.command),
                "submission_id": f"cloudtrack-{job.run_id}",
                "runtime_env": {**told.runtime_env, "env_vars": variables},
                "metadata": {"cloudtrack.run": job.run_id, "cloudtrack.name": job.name},
                **{name: value for name, value in kept.items() if value is not None},
            },
        }

    def launch(self, job: Job, specification: dict[str, Any]) -> Submission:  # noqa: ARG002 - it is all in there
        """Submit the job."""
        address, request = specification["address"], dict(specification["request"])
        secrets = {name: settings.environment()[name] for name in specification["secrets"]}
        runtime_env = {**request["runtime_env"], "env_vars": {**request["runtime_env"]["env_vars"], **secrets}}
        with _translated(address):
            _client(address).submit_job(**{**request, "runtime_env": runtime_env})
        return RayJob(address, request["submission_id"])

    def find(self, handle: str) -> Submission:
        """A job by the cluster's address and its submission's id."""
        address, _, submission_id = handle.rpartition("#")
        job = RayJob(address, submission_id)
        job.status()
        return job


class RayJob(Submission):
    """A job of a cluster."""

    def __init__(self, address: str, submission_id: str) -> None:
        self._address = address
        self._id = submission_id
        self._opened: Any = None
        self.handle = f"{address}#{submission_id}"

    def status(self) -> str:
        """Ray's. Raises NotFound where the cluster has no such job."""
        with _translated(self._address):
            return _STATUS[self._client().get_job_status(self._id).value]

    def logs(self) -> Iterator[str]:
        """What the worker and the program printed; before it began, why it did not."""
        with _translated(self._address):
            yield from self._client().get_job_logs(self._id).splitlines()
            message = self._client().get_job_info(self._id).message
        if message:
            yield f"Ray: {message}"

    def cancel(self) -> None:
        """Stop the job: the worker is asked to end."""
        if not self.is_over():
            with _translated(self._address):
                self._client().stop_job(self._id)

    def _client(self) -> Any:
        if self._opened is None:
            self._opened = _client(self._address)
        return self._opened


def _client(address: str) -> Any:
    try:
        from ray.job_submission import JobSubmissionClient
    except ImportError as error:
        raise MissingDependency("the backend ray needs Ray's client: pip install 'cloudtrack[ray]'") from error
    return JobSubmissionClient(address)


@contextmanager
def _translated(address: str) -> Iterator[None]:
    """Ray's client has RuntimeError for what the cluster refuses, ConnectionError where there is none."""
    try:
        yield
    except ConnectionError as error:
        raise Unavailable(f"there is no Ray cluster at {address}, or it has no dashboard: {error}") from error
    except RuntimeError as error:
        said = " ".join(str(error).split())
        if "404" in said or "does not exist" in said:
            raise NotFound(
                f"the Ray cluster at {address} has no such job: it was deleted, or the cluster began anew"
            ) from error
        raise InvalidInput(f"the Ray cluster at {address} refused: {said}") from error
    except Exception as error:
        if type(error).__name__ != "AuthenticationError":  # which older versions of Ray do not have
            raise
        raise Unauthenticated(
            f"the Ray cluster at {address} wants a login: set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN"
        ) from error

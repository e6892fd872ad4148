"""What backends on AWS have in common: regions, refusals, CloudWatch's logs, secrets, names of images."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from pydantic import Field

from cloudtrack.errors import InvalidInput, NotFound, PermissionDenied, Unavailable
from cloudtrack.projects.backends.backend import Job
from cloudtrack.projects.backends.configuration import Configuration
from cloudtrack.projects.secret_variables import SECRETS, as_variable


class AwsConfiguration(Configuration):
    """What every backend on AWS is told."""

    secrets_go = "keep it in Secrets Manager, and write its ARN below 'secrets'"

    region: str = Field(default="", description="an AWS region; by default that of the AWS configuration here")
    secrets: dict[str, str] = Field(
        default={},
        description="variables whose values the worker takes from Secrets Manager: names, and ARNs or ARN#key",
    )

    def region_in_force(self) -> str:
        """The region. Raises InvalidInput where none is set."""
        import boto3

        found = self.region or boto3.session.Session().region_name
        if not found:
            raise InvalidInput("no AWS region is set: give 'region' in the backend's configuration, or AWS_REGION")
        return str(found)

    def variables(self, job: Job) -> dict[str, str]:
        """The variables of the job's worker."""
        secrets = {SECRETS: as_variable(self.secrets)} if self.secrets else {}
        return {**job.environment, **self.environment, **secrets}


def service(name: str, region: str) -> Any:
    """A client of one of AWS's services."""
    import boto3

    return boto3.client(name, region_name=region)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """AWS's refusals in words of ours."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code, said = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"):
            raise PermissionDenied(f"AWS does not let you work on {what}: {said}") from error
        if code in ("ResourceNotFoundException", "ResourceNotFound") or "not find" in said or "not found" in said:
            raise NotFound(f"AWS does not have {what}, or what it needs: {said}") from error
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unavailable(f"AWS could not work on {what} ({code}); try again later") from error
        raise InvalidInput(f"AWS refused {what}: {said}") from error
    except BotoCoreError as error:
        raise Unavailable(f"AWS cannot be reached, or has no credentials here: {error}") from error


def log_lines(region: str, group: str, stream_prefix: str) -> Iterator[str]:
    """The lines in CloudWatch's streams whose names begin so, stream by stream; none before there is one."""
    logs = service("logs", region)
    with translated(f"the log group {group}"):
        try:
            pages = logs.get_paginator("describe_log_streams").paginate(
                logGroupName=group, logStreamNamePrefix=stream_prefix
            )
            streams = [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
        except logs.exceptions.ResourceNotFoundException:
            return
        for stream in streams:
            yield from _lines_of_stream(logs, group, stream)


def _lines_of_stream(logs: Any, group: str, stream: str) -> Iterator[str]:
    """CloudWatch says the end by giving the same token again."""
    token = ""
    while True:
        more = {"nextToken": token} if token else {}
        page = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **more)
        yield from (event["message"] for event in page["events"])
        if page["nextForwardToken"] == token:
            return
        token = page["nextForwardToken"]

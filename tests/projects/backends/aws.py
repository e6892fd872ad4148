"""AWS for tests of backends: moto, whose jobs are done at once and execute nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator


@dataclass
class Calls:
    """What AWS was asked, and answers in place of moto's."""

    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    """By operation: what it answers, or the code of the error that it is."""

    def of(self, operation: str) -> list[dict[str, Any]]:
        """The arguments of all calls of an operation."""
        return [arguments for name, arguments in self.made if name == operation]


def watch_calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Note every call of an AWS service."""
    calls = Calls()
    call = BaseClient._make_api_call

    def note(self: Any, operation: str, arguments: dict[str, Any]) -> Any:
        calls.made.append((operation, arguments))
        match calls.answers.get(operation):
            case None:
                return call(self, operation, arguments)
            case str(code):
                response = {"Error": {"Code": code, "Message": f"it says {code}"}}
                raise ClientError({**response, "ResponseMetadata": {"HTTPStatusCode": 400}}, operation)
            case found:
                return found

    monkeypatch.setattr(BaseClient, "_make_api_call", note)
    return calls


def use_moto(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let all of AWS be moto's server; a store on S3 there, as AWS's machines name it."""
    from moto.core.config import default_user_config

    monkeypatch.setitem(default_user_config["batch"], "use_docker", False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket = f"projects-{uuid.uuid4().hex}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    return f"s3://{bucket}/team"


def check_request(service: str, operation: str, request: dict[str, Any]) -> None:
    """Hold a request against AWS's description of the operation."""
    model = boto3.client(service, region_name="us-east-1").meta.service_model.operation_model(operation)
    report = ParamValidator().validate(request, model.input_shape)
    assert not report.has_errors(), report.generate_report()


def execute(words: list[str], variables: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Do what the service would: run the words with the variables, and the role's rights."""
    role = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    image = {"PATH": f"{Path(sys.executable).parent}:{os.defpath}", "PYTHONPATH": str(Path(__file__).parents[3])}
    return subprocess.run(
        words, env={"HOME": str(folder), **image, **role, **variables}, capture_output=True, text=True, check=False
    )


def write_log(group: str, stream: str, lines: list[str]) -> None:
    """Lines in CloudWatch."""
    logs = boto3.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)  # CloudWatch takes nothing old
    events = [{"timestamp": now + number, "message": line} for number, line in enumerate(lines)]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

"""Models are deployed to SageMaker endpoints, exchanged there, and deleted."""

from __future__ import annotations

import io
import json
import tarfile
import uuid
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from sklearn.linear_model import LinearRegression

import cloudtrack as ct
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.scoring.endpoints import EndpointOptions, Endpoints
from tests.cli.commands import cloudtrack

ROLE = "arn:aws:iam::123456789012:role/serving"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/cloudtrack:1"


@pytest.fixture(name="bucket")
def _bucket(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    name = f"models-{uuid.uuid4().hex}"
    boto3.client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    ct.sklearn.save_model(LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]), tmp_path / "m")
    return tmp_path / "m"


def endpoint(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The one variant of an endpoint, and its model's container."""
    sagemaker = boto3.client("sagemaker")
    config = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    return variant, sagemaker.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"]


def test_a_model_is_deployed_exchanged_and_deleted(bucket: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"line-{uuid.uuid4().hex[:8]}"
    options = EndpointOptions(IMAGE, ROLE, f"s3://{bucket}/archives/", "ml.c5.large", 2)
    endpoints = Endpoints()
    assert name in endpoints.deploy(name, folder, options)
    variant, container = endpoint(name)
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.c5.large", 2)
    assert container["Image"] == IMAGE
    key = container["ModelDataUrl"].removeprefix(f"s3://{bucket}/")
    assert key.startswith("archives/")
    body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        assert {"MLmodel", "model.pkl", "requirements.txt"} <= set(tar.getnames())
    asked: list[dict[str, Any]] = []
    call = BaseClient._make_api_call

    def record(self: Any, operation: str, arguments: dict[str, Any]) -> Any:
        """moto has no UpdateEndpoint."""
        if operation != "UpdateEndpoint":
            return call(self, operation, arguments)
        asked.append(arguments)
        return {"EndpointArn": name}

    monkeypatch.setattr(BaseClient, "_make_api_call", record)
    endpoints.deploy(name, folder, options)
    (update,) = asked
    assert update["EndpointName"] == name
    (new,) = boto3.client("sagemaker").describe_endpoint_config(EndpointConfigName=update["EndpointConfigName"])[
        "ProductionVariants"
    ]
    assert new["ModelName"] != variant["ModelName"]
    endpoints.delete(name)
    with pytest.raises(NotFound, match=name):
        endpoints.delete(name)


def test_what_cannot_be_deployed_is_said(bucket: str, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="s3://bucket/prefix"):
        Endpoints().deploy("x", folder, EndpointOptions(IMAGE, ROLE, "/here"))
    with pytest.raises(NotFound, match="MLmodel"):
        Endpoints().deploy("x", tmp_path, EndpointOptions(IMAGE, ROLE, f"s3://{bucket}"))
    with pytest.raises(InvalidInput, match="cannot be uploaded"):
        Endpoints().deploy("x", folder, EndpointOptions(IMAGE, ROLE, "s3://no-such-bucket-here"))


def test_the_command_deploys_and_deletes(bucket: str, folder: Path, tmp_path: Path) -> None:
    name = f"line-{uuid.uuid4().hex[:8]}"
    given = ["-m", str(folder), "--image", IMAGE, "--role", ROLE, "--archives", f"s3://{bucket}/a", "--json"]
    done = cloudtrack("sagemaker", "deploy", name, *given, store=str(tmp_path / "s"))
    assert done.returncode == 0, done.stderr
    assert name in json.loads(done.stdout)["arn"]
    assert cloudtrack("sagemaker", "delete", name, store=str(tmp_path / "s")).returncode == 0
    done = cloudtrack("sagemaker", "delete", name, store=str(tmp_path / "s"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert name in done.stderr

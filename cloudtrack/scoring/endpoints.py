"""Endpoints on SageMaker: a model's folder as ``model.tar.gz``, behind the container of ``Dockerfile``.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html.
"""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from cloudtrack import clock
from cloudtrack.errors import InvalidInput, NotFound, PermissionDenied, Unavailable
from cloudtrack.models.model_file import Model

VARIANT = "AllTraffic"
ARCHIVE = "model.tar.gz"


@dataclass(frozen=True)
class EndpointOptions:
    """How an endpoint runs."""

    image: str
    """The container's image in ECR."""
    role: str
    """ARN of the role that SageMaker takes."""
    place: str
    """Where archives of models go: s3://bucket/prefix."""
    instance_type: str = "ml.m5.large"
    instances: int = 1


class Endpoints:
    """The SageMaker endpoints of one region."""

    def __init__(self, region: str | None = None) -> None:
        import boto3

        self._sagemaker = boto3.client("sagemaker", region_name=region)
        self._s3 = boto3.client("s3", region_name=region)

    def deploy(self, name: str, folder: Path, options: EndpointOptions) -> str:
        """Make the endpoint ``name`` serve the model in a folder, or exchange the one that it serves; its ARN.

        SageMaker goes on by itself: the endpoint is InService some minutes later. Raises NotFound where there is no
        model, InvalidInput, PermissionDenied, Unavailable.
        """
        Model.load(folder)
        bucket, prefix = _bucket_and_prefix(options.place)
        unique = f"{name}-{clock.now_ms()}"
        with _translated(name):
            key = f"{prefix}{unique}/{ARCHIVE}"
            with tempfile.TemporaryDirectory(prefix="cloudtrack-") as aside:
                self._s3.upload_file(str(_archive(folder, Path(aside))), bucket, key)
            container = {"Image": options.image, "ModelDataUrl": f"s3://{bucket}/{key}"}
            self._sagemaker.create_model(ModelName=unique, PrimaryContainer=container, ExecutionRoleArn=options.role)
            variant = {
                "VariantName": VARIANT,
                "ModelName": unique,
                "InstanceType": options.instance_type,
                "InitialInstanceCount": options.instances,
            }
            self._sagemaker.create_endpoint_config(EndpointConfigName=unique, ProductionVariants=[variant])
            before = self._config_of(name)
            change = self._sagemaker.update_endpoint if before else self._sagemaker.create_endpoint
            arn: str = change(EndpointName=name, EndpointConfigName=unique)["EndpointArn"]
        return arn

    def delete(self, name: str) -> None:
        """Delete an endpoint with its configuration and model; the archive stays. Raises NotFound."""
        with _translated(name):
            config = self._config_of(name)
            if config is None:
                raise NotFound(f"there is no SageMaker endpoint {name!r} in this region")
            variants = self._sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
            self._sagemaker.delete_endpoint(EndpointName=name)
            self._sagemaker.delete_endpoint_config(EndpointConfigName=config)
            for variant in variants:
                self._sagemaker.delete_model(ModelName=variant["ModelName"])

    def _config_of(self, name: str) -> str | None:
        from botocore.exceptions import ClientError

        try:
            return str(self._sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"])
        except ClientError as error:
            if "Could not find" in str(error):
                return None
            raise


def _archive(folder: Path, aside: Path) -> Path:
    """The folder's files as a tar, the same for the same files."""
    path = aside / ARCHIVE
    with tarfile.open(path, "w:gz") as tar:
        for file in sorted(folder.rglob("*")):
            tar.add(file, file.relative_to(folder).as_posix(), recursive=False, filter=_plain)
    return path


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = 0
    return info


def _bucket_and_prefix(place: str) -> tuple[str, str]:
    scheme, _, rest = place.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise InvalidInput(f"{place!r} is no place for archives of models; it is s3://bucket/prefix")
    return bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""


@contextmanager
def _translated(name: str) -> Iterator[None]:
    import boto3.exceptions
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code, said = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"):
            raise PermissionDenied(f"AWS does not let you work on the endpoint {name!r}: {said}") from error
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unavailable(f"AWS could not work on the endpoint {name!r} ({code}); try again later") from error
        raise InvalidInput(f"AWS refused the endpoint {name!r}: {said}") from error
    except boto3.exceptions.S3UploadFailedError as error:
        raise InvalidInput(f"the model's archive cannot be uploaded: {error}") from error
    except BotoCoreError as error:
        raise Unavailable(f"AWS cannot be reached, or has no credentials here: {error}") from error

"""Files that travel between a client and the bucket, by signed URLs that expire: bytes do not pass this server.

For clients of ``mlflow-artifacts:`` URIs: uploads in parts, and downloads. Where the store cannot sign, or the
server streams, the answer is the one after which MLflow's clients send the bytes through the proxy.
"""

from __future__ import annotations

import mimetypes
from typing import Any

from cloudtrack.access.permission import Permission
from cloudtrack.api.artifact_paths import LOGGED_MODELS, RUNS, ArtifactPath, check_relative, parse_artifact_path
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError, invalid_parameter
from cloudtrack.api.fields import Int64, Message, RequestModel, Required
from cloudtrack.storage.signing import MAX_PARTS, SignedRequest, Signer

ENDPOINTS = Declarations(Domain.ARTIFACTS)

_READ = Needs(Permission.READ, On.ARTIFACT)
_EDIT = Needs(Permission.EDIT, On.ARTIFACT)
_LONGEST_EXPIRY_S = 3600


class MultipartUpload(RequestModel):
    """``artifact_path`` is the folder; of ``path``, which may be a path of the client's machine, the name counts."""

    artifact_path: Required
    path: Required

    @property
    def artifact(self) -> ArtifactPath:
        """Where the file goes."""
        folder = parse_artifact_path(self.artifact_path)
        name = check_relative(self.path.replace("\\", "/").rpartition("/")[2])
        return ArtifactPath(folder.kind, folder.owner_id, f"{folder.path}/{name}".lstrip("/"))


class CreateMultipartUpload(MultipartUpload):
    num_parts: Int64 = 1


class Part(Message):
    part_number: Int64
    etag: Required


class CompleteMultipartUpload(MultipartUpload):
    upload_id: Required
    parts: list[Part]


class AbortMultipartUpload(MultipartUpload):
    upload_id: Required


class PresignedDownload(RequestModel):
    artifact_path: Required


class PresignedUrl(RequestModel):
    """A file of a run or of a logged model; ``expiration`` is in seconds."""

    run_id: str = ""
    model_id: str = ""
    path: Required
    expiration: Int64 | None = None

    @property
    def artifact(self) -> ArtifactPath:
        """Which file. Raises ApiError where not exactly one owner is named."""
        if bool(self.run_id) == bool(self.model_id):
            raise ApiError("INVALID_PARAMETER_VALUE", "Exactly one of run_id and model_id must be provided.")
        kind = RUNS if self.run_id else LOGGED_MODELS
        return ArtifactPath(kind, self.run_id or self.model_id, check_relative(self.path))


@ENDPOINTS.add("POST", "/mlflow-artifacts/mpu/create/{artifact_path:path}", _EDIT)
def create_multipart_upload(context: Context, request: CreateMultipartUpload) -> dict[str, Any]:
    """Begin an upload in parts: a signed URL for each."""
    signer = _signer(context, "Multipart upload")
    if not 1 <= request.num_parts <= MAX_PARTS:
        raise invalid_parameter("num_parts", request.num_parts, f"it must be from 1 to {MAX_PARTS}")
    key = _key(context, request.artifact)
    upload_id = signer.create_multipart(key)
    expires_s = context.settings.presigned_expiry_s
    parts = [(number, signer.put_part(key, upload_id, number, expires_s=expires_s)) for number in _numbers(request)]
    return {
        "upload_id": upload_id,
        "credentials": [{"part_number": number, **_url(signed)} for number, signed in parts],
    }


@ENDPOINTS.add("POST", "/mlflow-artifacts/mpu/complete/{artifact_path:path}", _EDIT)
def complete_multipart_upload(context: Context, request: CompleteMultipartUpload) -> None:
    """Make the file of the parts that were sent."""
    parts = [(part.part_number, part.etag) for part in request.parts]
    _signer(context, "Multipart upload").complete_multipart(_key(context, request.artifact), request.upload_id, parts)


@ENDPOINTS.add("POST", "/mlflow-artifacts/mpu/abort/{artifact_path:path}", _EDIT)
def abort_multipart_upload(context: Context, request: AbortMultipartUpload) -> None:
    """Throw the parts of an upload away."""
    _signer(context, "Multipart upload").abort_multipart(_key(context, request.artifact), request.upload_id)


@ENDPOINTS.add("GET", "/mlflow-artifacts/presigned/{artifact_path:path}", _READ)
def presign_proxied_download(context: Context, request: PresignedDownload) -> dict[str, Any]:
    """A signed URL for a file, with its size."""
    return _download(context, parse_artifact_path(request.artifact_path), "Multipart download", None, "url")


@ENDPOINTS.add("POST", "/mlflow/artifacts/presigned-download-url", LOGIN)
def presign_download(context: Context, request: PresignedUrl) -> dict[str, Any]:
    """A signed URL for a file of a run or of a logged model."""
    _check(context, Permission.READ, request.artifact)
    return _download(context, request.artifact, "Presigned download", request.expiration, "presigned_url")


@ENDPOINTS.add("POST", "/mlflow/artifacts/presigned-upload-url", LOGIN)
def presign_upload(context: Context, request: PresignedUrl) -> dict[str, Any]:
    """A signed URL to write a file of a run or of a logged model to."""
    artifact = request.artifact
    _check(context, Permission.EDIT, artifact)
    signer = _signer(context, "Presigned upload")
    signed = signer.put(_key(context, artifact), expires_s=_expiry(context, request.expiration))
    return {"presigned_url": signed.url, "headers": signed.headers}


def signed_download(context: Context, artifact: ArtifactPath, signer: Signer, expires_s: int) -> SignedRequest:
    """A signed URL that saves the file under its name."""
    name = artifact.path.rpartition("/")[2]
    content_type = mimetypes.guess_type(name)[0] or ""
    return signer.get(_key(context, artifact), expires_s=expires_s, filename=name, content_type=content_type)


def _download(
    context: Context, artifact: ArtifactPath, what: str, expiration: int | None, url_field: str
) -> dict[str, Any]:
    signer = _signer(context, what)
    size = artifact.service(context.client).stat(artifact.owner_id, artifact.path).file_size
    signed = signed_download(context, artifact, signer, _expiry(context, expiration))
    return {url_field: signed.url, "headers": signed.headers, "file_size": size}


def _signer(context: Context, what: str) -> Signer:
    signer = context.client.store.signer if context.settings.signs else None
    if signer is None:
        raise ApiError("NOT_IMPLEMENTED", f"{what} is not supported for the current artifact repository")
    return signer


def _key(context: Context, artifact: ArtifactPath) -> str:
    if not artifact.path:
        raise ApiError("INVALID_PARAMETER_VALUE", "name a file, not all artifacts")
    return artifact.service(context.client).key(artifact.owner_id, artifact.path)


def _check(context: Context, needed: Permission, artifact: ArtifactPath) -> None:
    if artifact.is_run:
        context.check_run(needed, artifact.owner_id)
        context.client.runs.get(artifact.owner_id)
    else:
        context.check_logged_model(needed, artifact.owner_id)
        context.client.logged_models.get(artifact.owner_id)


def _expiry(context: Context, asked_s: int | None) -> int:
    if asked_s is None:
        return context.settings.presigned_expiry_s
    if not 1 <= asked_s <= _LONGEST_EXPIRY_S:
        raise invalid_parameter("expiration", asked_s, f"it must be from 1 to {_LONGEST_EXPIRY_S} seconds")
    return asked_s


def _numbers(request: CreateMultipartUpload) -> range:
    return range(1, request.num_parts + 1)


def _url(signed: SignedRequest) -> dict[str, Any]:
    return {"url": signed.url, "headers": signed.headers}

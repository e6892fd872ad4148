"""Artifacts: the proxy that MLflow's clients use, and the files of runs, versions and logged models.

On the proxy's paths an artifact is ``runs/<run id>/artifacts/<path>`` or ``logged_models/<model id>/artifacts/<path>``.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from cloudtrack.access.permission import Permission
from cloudtrack.api.artifact_paths import ArtifactPath, check_relative, parse_artifact_path
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError
from cloudtrack.api.fields import RequestModel, Required
from cloudtrack.api.message import Response
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.presigned import signed_download
from cloudtrack.api.mlflow.runs import RunRequest
from cloudtrack.entities.artifact import FileInfo
from cloudtrack.entities.model_uri import LoggedModelFolder, RunModel
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.models.version_files import VersionFiles
from cloudtrack.registry.keys import kept_file
from cloudtrack.storage.object_store import Reading
from cloudtrack.storage.streaming import CHUNK_BYTES

ENDPOINTS = Declarations(Domain.ARTIFACTS)

_READ = Needs(Permission.READ, On.ARTIFACT)
_EDIT = Needs(Permission.EDIT, On.ARTIFACT)
_PROXY = "/mlflow-artifacts/artifacts"
_TEXTS = ("MLmodel", "MLproject")
_MOST_UPLOADED_BY_PAGE = 10 << 20
MOST_THROUGH_A_GATEWAY = 4_600_000
"""The largest file that fits, in base64, into the 6 MB that a Lambda function takes."""
SAFE_FILE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
}
"""A file that a user uploaded is never a page of ours."""


class ProxyPath(RequestModel):
    artifact_path: Required


class ProxyFolder(RequestModel):
    path: str = ""

    @property
    def artifact_path(self) -> str:
        """The folder."""
        return self.path


class ListArtifacts(RunRequest):
    path: str = ""


class GetArtifact(RunRequest):
    path: Required


class GetVersionArtifact(RequestModel):
    name: Required
    version: Required
    path: Required


class LoggedModelFile(RequestModel):
    model_id: Required
    artifact_file_path: Required


class LoggedModelDirectory(RequestModel):
    model_id: Required
    artifact_directory_path: str = ""


@ENDPOINTS.add("GET", f"{_PROXY}/{{artifact_path:path}}", _READ)
def download_artifact(context: Context, request: ProxyPath) -> Response:
    """The bytes of a file, or the way to them."""
    return send_file(context, parse_artifact_path(request.artifact_path))


@ENDPOINTS.add("PUT", f"{_PROXY}/{{artifact_path:path}}", _EDIT, raw=True, streamed=True)
def upload_artifact(context: Context, request: ProxyPath) -> Response:
    """Write a file; one that is there is replaced."""
    if context.settings.signs and context.request.body_bytes > MOST_THROUGH_A_GATEWAY:
        raise ApiError(
            "INVALID_PARAMETER_VALUE",
            f"this file is larger than the {MOST_THROUGH_A_GATEWAY} bytes that can pass here: set "
            "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE=4194304 (and MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD=true), "
            "so that MLflow sends it to the bucket in parts",
            status=413,
        )
    artifact = parse_artifact_path(request.artifact_path)
    artifact.service(context.client).upload(artifact.owner_id, context.request.body, artifact.path)
    return Response()


@ENDPOINTS.add("DELETE", f"{_PROXY}/{{artifact_path:path}}", Needs(Permission.MANAGE, On.ARTIFACT))
def delete_artifact(context: Context, request: ProxyPath) -> None:
    """Delete a file, or a folder with all below it; what is not there is no error."""
    artifact = parse_artifact_path(request.artifact_path)
    artifact.service(context.client).delete(artifact.owner_id, artifact.path)


@ENDPOINTS.add("GET", _PROXY, _READ)
def list_proxy_artifacts(context: Context, request: ProxyFolder) -> dict[str, Any]:
    """One level of files and folders; paths are names in the folder."""
    artifact = parse_artifact_path(request.path)
    files = artifact.service(context.client).list(artifact.owner_id, artifact.path)
    return messages.page("files", (_file_info(file, file.path.rpartition("/")[2]) for file in files), None)


@ENDPOINTS.add("GET", "/mlflow/artifacts/list", Needs(Permission.READ, On.RUN))
def list_artifacts(context: Context, request: ListArtifacts) -> dict[str, Any]:
    """One level of a run's files and folders; paths are relative to all of its artifacts."""
    context.client.runs.get(request.run)
    files = context.client.artifacts.list(request.run, check_relative(request.path.removesuffix("/")))
    return {
        "root_uri": context.locations.run(request.run),
        **messages.page("files", (_file_info(file, file.path) for file in files), None),
    }


@ENDPOINTS.add("GET", "/mlflow/logged-models/{model_id}/artifacts/directories", Needs(Permission.READ, On.LOGGED_MODEL))
def list_logged_model_artifacts(context: Context, request: LoggedModelDirectory) -> dict[str, Any]:
    """One level of a logged model's files and folders."""
    context.client.logged_models.get(request.model_id)
    path = check_relative(request.artifact_directory_path.removesuffix("/"))
    files = context.client.logged_model_artifacts.list(request.model_id, path)
    return {
        "root_uri": context.locations.logged_model(request.model_id),
        **messages.page("files", (_file_info(file, file.path) for file in files), None),
    }


@ENDPOINTS.add("GET", "/mlflow/logged-models/{model_id}/artifacts/files", Needs(Permission.READ, On.LOGGED_MODEL))
def get_logged_model_file(context: Context, request: LoggedModelFile) -> Response:
    """The bytes of a file of a logged model."""
    path = check_relative(request.artifact_file_path)
    return send_file(context, ArtifactPath("logged_models", request.model_id, path))


@ENDPOINTS.add("GET", "/get-artifact", Needs(Permission.READ, On.RUN), rooted=True)
def get_artifact(context: Context, request: GetArtifact) -> Response:
    """The bytes of a file of a run."""
    return send_file(context, ArtifactPath("runs", request.run, check_relative(request.path)))


@ENDPOINTS.add("GET", "/model-versions/get-artifact", Needs(Permission.READ, On.REGISTERED_MODEL), rooted=True)
def get_version_artifact(context: Context, request: GetVersionArtifact) -> Response:
    """The bytes of a file of a model version."""
    path = check_relative(request.path)
    version = context.client.model_versions.get(request.name, request.version)
    if version.kept:
        return send_kept_file(context, version, path)
    match context.locations.parse(version.source):
        case RunModel(run_id, folder):
            return send_file(context, ArtifactPath("runs", run_id, f"{folder}/{path}"))
        case LoggedModelFolder(model_id, folder):
            return send_file(context, ArtifactPath("logged_models", model_id, f"{folder}/{path}".lstrip("/")))
    raise ApiError("INVALID_PARAMETER_VALUE", f"the files of {version.source!r} are not in this store")


@ENDPOINTS.add("POST", "/mlflow/upload-artifact", Needs(Permission.EDIT, On.RUN), raw=True)
def upload_run_artifact(context: Context, request: GetArtifact) -> Response:
    """Write a file of a run, from a web page: at most 10 MiB."""
    if context.request.body_bytes > _MOST_UPLOADED_BY_PAGE:
        raise ApiError("INVALID_PARAMETER_VALUE", "a file uploaded here has at most 10 MiB; use the artifact proxy")
    context.client.runs.get(request.run)
    context.client.artifacts.upload(request.run, context.request.body, check_relative(request.path))
    return Response()


def send_kept_file(context: Context, version: ModelVersion, path: str) -> Response:
    """A file that the registry keeps itself, the same way."""
    files = VersionFiles(context.client.kept_files, version, context.client.model_versions.manifest(version))
    name = path.rpartition("/")[2]
    if context.settings.signs and (signer := context.client.store.signer) is not None:
        key, expires_s = kept_file(files.file(path).sha256), context.settings.presigned_expiry_s
        return Response(307, {"location": signer.get(key, expires_s=expires_s, filename=name, content_type="").url})
    return _sent(files.open("", path), name)


def send_file(context: Context, artifact: ArtifactPath) -> Response:
    """A file as an attachment, in pieces; a redirect to a signed URL where bytes do not pass this server."""
    if context.settings.signs and (signer := context.client.store.signer) is not None:
        artifact.service(context.client).stat(artifact.owner_id, artifact.path)
        signed = signed_download(context, artifact, signer, context.settings.presigned_expiry_s)
        return Response(307, {"location": signed.url})
    reading = artifact.service(context.client).open(artifact.owner_id, artifact.path)
    return _sent(reading, artifact.path.rpartition("/")[2])


def _sent(reading: Reading, name: str) -> Response:
    headers = {
        **SAFE_FILE,
        "content-type": _media_type(name),
        "content-length": str(reading.size_bytes),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
    }
    if reading.etag:
        headers["etag"] = f'"{reading.etag.strip(chr(34))}"'
    return Response(200, headers, _started(reading.chunks))


def _started(chunks: Iterator[bytes]) -> bytes | Iterator[bytes]:
    """Small files whole."""
    first = next(chunks, b"")
    if len(first) < CHUNK_BYTES:
        second = next(chunks, b"")
        if not second:
            return first
        return _joined([first, second], chunks)
    return _joined([first], chunks)


def _joined(first: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    yield from first
    yield from rest


def _file_info(file: FileInfo, path: str) -> dict[str, Any]:
    if file.is_dir:
        return {"path": path, "is_dir": True}
    return messages.without_empty({"path": path, "is_dir": False, "file_size": file.file_size or None})


def _media_type(name: str) -> str:
    return "text/plain" if name in _TEXTS else mimetypes.guess_type(name)[0] or "application/octet-stream"

"""MLflow's artifact repository over a store.

Its root is the artifact folder of a run or of a logged model, or a folder in there; or the store itself, where
``mlflow server --artifacts-destination`` names it: then paths begin with ``runs/<run id>/artifacts``.
"""

from __future__ import annotations

import os
from pathlib import Path

from mlflow.entities import FileInfo
from mlflow.store.artifact.artifact_repo import ArtifactRepository as MlflowArtifactRepository

from cloudtrack.api.artifact_paths import ArtifactPath, check_relative, parse_artifact_path
from cloudtrack.errors import NotFound, ObjectNotFound
from cloudtrack.mlflow_plugin.errors import as_mlflow_errors
from cloudtrack.mlflow_plugin.opened_store import open_client
from cloudtrack.mlflow_plugin.place import parse_place
from cloudtrack.tracking.artifacts import Artifacts


class ArtifactRepository(MlflowArtifactRepository):  # type: ignore[misc] # MLflow is not there for mypy
    """Files of runs and logged models. All methods raise MlflowException."""

    def __init__(self, artifact_uri: str) -> None:
        super().__init__(artifact_uri)
        with as_mlflow_errors():
            self._place = parse_place(artifact_uri)
        self._root = self._place.path.strip("/")

    def log_artifact(self, local_file: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Upload a file into a folder. Raises FileNotFoundError."""
        os.stat(local_file)
        with as_mlflow_errors():
            owner, files = self._open(artifact_path)
            files.log_file(owner.owner_id, local_file, owner.path)

    def log_artifacts(self, local_dir: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Upload all files below a local folder. Raises FileNotFoundError."""
        os.stat(local_dir)
        with as_mlflow_errors():
            owner, files = self._open(artifact_path)
            files.log_folder(owner.owner_id, local_dir, owner.path)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """One level, with paths relative to the root; empty for a file and for what is not there."""
        with as_mlflow_errors():
            owner, files = self._open(path)
            folder = f"{owner.kind}/{owner.owner_id}/artifacts/"
            start = len(self._root) + 1 if self._root else 0
            found = files.list(owner.owner_id, owner.path)
            return [FileInfo(f"{folder}{info.path}"[start:], info.is_dir, info.file_size) for info in found]

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Delete a file, or a folder with all below it. What is not there is no error."""
        with as_mlflow_errors():
            owner, files = self._open(artifact_path)
            files.delete(owner.owner_id, owner.path)

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        with as_mlflow_errors():
            owner, files = self._open(remote_file_path)
            try:
                files.files.download(files.key(owner.owner_id, owner.path), Path(local_path))
            except ObjectNotFound as error:
                raise NotFound(f"there is no artifact {remote_file_path!r} in {self.artifact_uri}") from error

    def _open(self, path: str | None) -> tuple[ArtifactPath, Artifacts]:
        """Whose a path is, and the path there."""
        below = check_relative((path or "").removesuffix("/"))
        whole = "/".join(part for part in (self._root, below) if part)
        owner = parse_artifact_path(whole)
        return owner, owner.service(open_client(self._place, create=False))

"""What is kept of a project's run so that it can be run again: ``project/project.json`` among the run's artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from cloudtrack.client import AnyClient
from cloudtrack.environments.installed import Installed
from cloudtrack.environments.manager import EnvironmentManager
from cloudtrack.errors import CorruptData, NotFound
from cloudtrack.projects.parameters import InputFile, digest_of

FORMAT = "cloudtrack.project/1"
FOLDER = "project"
RECORD = f"{FOLDER}/project.json"
ARCHIVE = f"{FOLDER}/code.zip"


class CodeArchive(BaseModel):
    """A zip of the code among a run's artifacts."""

    run_id: str
    sha256: str


class CodeOrigin(BaseModel):
    """Where a project's code came from."""

    model_config = ConfigDict(extra="allow")

    uri: str
    """Where the code came from, with ``#folder/below``."""
    commit: str = ""
    repository: str = ""
    """The git repository that has the commit: a URL, or a path on the machine of the launch."""
    subdirectory: str = ""
    """Of the project in the repository."""
    is_dirty: bool = False
    """Whether ``code.patch`` among the run's source files makes the code from the commit."""
    archive: CodeArchive | None = None

    def code(self) -> dict[str, Any]:
        """These fields, for another that has them."""
        return {name: getattr(self, name) for name in CodeOrigin.model_fields}


class ProjectRecord(CodeOrigin):
    """A project as it was launched."""

    format: str = FORMAT
    entry_point: str
    command: str
    """With the values in place, for people."""
    parameters: dict[str, str]
    """Those given, as they were; defaults are left out."""
    values: dict[str, str]
    """All, as the command had them."""
    inputs: list[InputFile] = []
    environment: str
    """Its kind: uv, virtualenv, conda, docker or system."""
    manager: EnvironmentManager | None = None
    """The manager asked for; None where the project decided."""
    lock: Installed | None = None
    """What the environment must have, exactly; None where the project says."""
    storage_dir: str = ""
    """Where files that parameters name elsewhere are put, on the machine of the execution."""
    docker_image: str = ""
    """An image in place of the project's own, as its digest."""
    is_image_built: bool = False
    """Whether the command runs in an image that is made of the project's with the code in it."""
    docker_arguments: dict[str, str] = {}
    backend: str
    backend_config: dict[str, Any] = {}


def write_record(client: AnyClient, run_id: str, record: ProjectRecord) -> None:
    """Keep what was launched."""
    client.artifacts.log_text(run_id, record.model_dump_json(indent=2), RECORD)


def read_record(client: AnyClient, run_id: str) -> ProjectRecord:
    """What was launched as this run. Raises NotFound where the run is none of a project."""
    try:
        return ProjectRecord.model_validate_json(client.artifacts.read(run_id, RECORD))
    except NotFound:
        client.runs.get(run_id)
        raise NotFound(f"run {run_id} was not launched as a project: it has no {RECORD}") from None
    except ValidationError as error:
        raise CorruptData(f"{RECORD} of run {run_id} cannot be read: {error.errors()[0]['msg']}") from error


def fetch_archive(client: AnyClient, archive: CodeArchive, target: Path) -> Path:
    """The zip of the code as a file in the folder ``target``, verified. Raises CorruptData where it was changed."""
    file = client.artifacts.download(archive.run_id, ARCHIVE, target)
    if digest_of(file)[0] != archive.sha256:
        raise CorruptData(f"{ARCHIVE} of run {archive.run_id} is not the code that was launched: its SHA-256 differs")
    return file

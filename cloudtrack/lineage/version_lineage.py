"""Where a version comes from, as a value that travels as JSON. Times are milliseconds since the epoch."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", ser_json_inf_nan="strings")


class RunOrigin(_Part):
    """The run that made the model."""

    run_id: str
    run_name: str = ""
    experiment_id: str = ""
    user_id: str = ""
    status: str = ""
    start_time: int | None = None
    end_time: int | None = None


class CodeOrigin(_Part):
    """The code that ran."""

    git_commit: str | None = None
    git_branch: str | None = None
    git_repository: str | None = None
    is_dirty: bool = False
    """Whether there was more than the commit; ``patch`` is where that is, ``runs/<run id>/source/code.patch``."""
    patch: str | None = None
    entry_point: str | None = None
    command: str | None = None


class DatasetOrigin(_Part):
    """A dataset that the run read."""

    name: str
    digest: str
    source_type: str = ""
    source: str = ""
    context: str | None = None


class EnvironmentOrigin(_Part):
    """What the run and the model need."""

    python: str | None = None
    requirements_digest: str | None = None
    """SHA-256 of the model's ``requirements.txt``."""


class ModelOrigin(_Part):
    """The logged model behind a version."""

    model_id: str
    name: str = ""
    params: dict[str, str] = {}
    metrics: dict[str, float] = {}


class VersionLineage(_Part):
    """From a version back to what it was made of. What is not known is None or empty."""

    name: str
    version: int
    source: str
    digest: str | None = None
    manifest: str | None = None
    registered_by: str = ""
    registered_at: int = 0
    copied_from: dict[str, str] = {}
    """Of a version that came from another store: its tags ``cloudtrack.origin.*``, without that."""
    model: ModelOrigin | None = None
    run: RunOrigin | None = None
    purged: str = ""
    """Of a run that was removed for ever: by whom and when."""
    code: CodeOrigin | None = None
    datasets: list[DatasetOrigin] = []
    environment: EnvironmentOrigin = EnvironmentOrigin()
    params: dict[str, str] = {}
    """Of the run, as metrics are."""
    metrics: dict[str, float] = {}

"""How two versions differ, as values that travel as JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", ser_json_inf_nan="strings")


class Side(_Part):
    """One of the two versions."""

    name: str
    version: int
    run_id: str | None = None
    git_commit: str | None = None


class FileChange(_Part):
    """A file that one has and the other has not, or not the same. Sizes in bytes; None where it is not there."""

    path: str
    change: Literal["added", "removed", "changed"]
    before_bytes: int | None = None
    after_bytes: int | None = None


class Difference(_Part):
    """A value that is not the same; None where there is none. ``by`` is the second minus the first, of numbers."""

    key: str
    before: str | float | None = None
    after: str | float | None = None
    by: float | None = None


class VersionDiff(_Part):
    """How the second version differs from the first. What is the same is not named."""

    before: Side
    after: Side
    files: list[FileChange] = []
    flavors: list[Difference] = []
    """Keys are ``<flavor>.<field>``."""
    signature: list[Difference] = []
    requirements: list[Difference] = []
    """By package: what is asked for."""
    tags: list[Difference] = []
    params: list[Difference] = []
    """Of the runs, as metrics are."""
    metrics: list[Difference] = []
    patch: str = ""
    """From the first run's uncommitted code to the second's, as a unified diff of the two patches."""
    left_out: list[str] = []
    """What could not be compared, and why."""

"""Datasets as runs mention them: what was read, by name and digest."""

from __future__ import annotations

from dataclasses import dataclass, field

CONTEXT_TAG = "mlflow.data.context"
"""The tag of a use of a dataset that says what for ("training")."""


@dataclass(frozen=True, slots=True)
class InputTag:
    """A key and a value on the use of a dataset, such as its context ("training")."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """Name, digest and where it came from; schema and profile are JSON text."""

    name: str
    digest: str
    source_type: str = ""
    source: str = ""
    schema: str | None = None
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """One use of a dataset by a run."""

    dataset: Dataset
    tags: list[InputTag] = field(default_factory=list)

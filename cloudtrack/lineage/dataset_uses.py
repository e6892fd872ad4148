"""What runs say of the datasets that they read, put together by name and digest."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel

from cloudtrack.entities.dataset import CONTEXT_TAG, Dataset, DatasetInput
from cloudtrack.entities.run import Run


class DatasetUses(BaseModel):
    """A dataset of one name and digest, and how many of the runs that were looked at read it.

    Source, schema and profile are those that the newest of them has; times are milliseconds since the epoch.
    """

    name: str
    digest: str
    source_type: str = ""
    source: str = ""
    dataset_schema: str | None = None
    profile: str | None = None
    contexts: list[str] = []
    runs: int = 0
    last_used: int = 0


def context_of(use: DatasetInput) -> str | None:
    """What a run read a dataset for, such as "training"."""
    return next((tag.value for tag in use.tags if tag.key == CONTEXT_TAG), None)


def is_use_of(use: DatasetInput, name: str, digest: str | None) -> bool:
    """Whether a use is of a dataset, of any digest or of one."""
    return use.dataset.name == name and digest in (None, use.dataset.digest)


def uses_of(runs: Iterable[Run]) -> list[DatasetUses]:
    """The datasets of runs, which come newest first; the one that was used last is first."""
    found: dict[tuple[str, str], DatasetUses] = {}
    for run in runs:
        counted: set[tuple[str, str]] = set()
        for use in run.inputs.dataset_inputs:
            key = (use.dataset.name, use.dataset.digest)
            known = found.setdefault(key, _first(use.dataset, run))
            context = context_of(use)
            if context is not None and context not in known.contexts:
                known.contexts.append(context)
            if key not in counted:
                known.runs += 1
                counted.add(key)
    return list(found.values())


def _first(dataset: Dataset, run: Run) -> DatasetUses:
    return DatasetUses(
        name=dataset.name,
        digest=dataset.digest,
        source_type=dataset.source_type,
        source=dataset.source,
        dataset_schema=dataset.schema,
        profile=dataset.profile,
        last_used=run.info.start_time or 0,
    )

"""Datasets of Hugging Face's library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cloudtrack.data.batches import BATCH_ROWS, Scan
from cloudtrack.data.dataset import Dataset, name_of
from cloudtrack.data.sources import DatasetSource, HuggingFaceSource, source_of
from cloudtrack.errors import InvalidInput


def from_huggingface(
    ds: Any,
    path: str | None = None,
    targets: str | None = None,
    data_dir: str | None = None,
    data_files: Any = None,
    revision: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    trust_remote_code: bool | None = None,
    source: str | Path | DatasetSource | None = None,
) -> Dataset:
    """A ``datasets.Dataset``: one split, as it was selected, sorted and mapped. ``path`` is its name on the hub.

    The digest is of its rows, not the library's fingerprint, which tells how they were made. Of a streaming dataset
    ``digest`` must be given. Raises InvalidInput, also for a dictionary of splits.
    """
    del trust_remote_code  # MLflow's argument; the library has no such code any more
    if hasattr(ds, "keys") and not hasattr(ds, "features"):
        raise InvalidInput(f"this is a dictionary of splits ({', '.join(map(str, ds.keys()))}): log each of them")
    if not hasattr(ds, "features"):
        raise InvalidInput(f"from_huggingface takes a datasets.Dataset, not a {type(ds).__name__}")
    if targets is not None and targets not in (ds.column_names or []):
        raise InvalidInput(f"targets names the column {targets!r}, and the dataset has none of that name")
    found = None
    if hasattr(ds, "with_format") and hasattr(ds, "num_rows"):
        arrow = ds.with_format("arrow")
        found = Scan(ds.features.arrow_schema, _batches(arrow))
    elif digest is None:
        raise InvalidInput(
            "a streaming dataset cannot be digested without reading all of it: give digest=, its revision say"
        )
    if source is None and path is not None:
        split = str(ds.split) if getattr(ds, "split", None) is not None else None
        source = HuggingFaceSource(path, getattr(ds, "config_name", None), data_dir, data_files, split, revision)
    return Dataset(
        name=name_of(name, path or "dataset"),
        digest=digest or (found.digest if found else ""),
        source=source_of(source),
        schema=found.schema if found else None,
        profile=found.profile if found else {},
        data=ds,
        targets=targets,
    )


def _batches(arrow: Any) -> Iterator[Any]:
    for table in arrow.iter(batch_size=BATCH_ROWS):
        yield from table.combine_chunks().to_batches()

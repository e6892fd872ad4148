"""What a training read, as a run's document mentions it. Large data are told apart by a sample, not read whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cloudtrack import data as tables
from cloudtrack.data.table_digest import DIGEST_LENGTH
from cloudtrack.entities.dataset import Dataset

SAMPLE_ROWS = 10_000


def describe(data: Any, targets: Any = None, name: str | None = None) -> Dataset | None:
    """A table of pandas, polars, Arrow or Hugging Face, an array, or a dictionary of arrays; None for anything else."""
    match type(data).__module__.partition(".")[0]:
        case "pandas":
            return _of_table(data if hasattr(data, "columns") else data.to_frame(), tables.from_pandas, name)
        case "polars" if hasattr(data, "iter_slices"):
            return _of_table(data, tables.from_polars, name)
        case "pyarrow" if hasattr(data, "num_columns"):
            return _of_table(data, tables.from_arrow, name)
        case "datasets" if hasattr(data, "num_rows") and hasattr(data, "select"):
            return _of_table(data, tables.from_huggingface, name)
    if isinstance(data, list | tuple):
        data = _array(data)
    if isinstance(data, Mapping):
        data = next(iter(data.values()), None)
    if hasattr(data, "toarray") and hasattr(data, "shape"):
        data = data[: min(data.shape[0], SAMPLE_ROWS)].toarray()
    if not hasattr(data, "__array__") or not getattr(data, "shape", ()):
        return None
    return _of_array(_array(data), _array(targets) if hasattr(targets, "__array__") else None, name)


def example_of(data: Any, rows: int = 5) -> Any:
    """The first rows, a copy; None for what has none."""
    if data is None or not hasattr(data, "shape") or hasattr(data, "toarray"):
        return None
    return (data.iloc if hasattr(data, "iloc") else data)[:rows].copy()


def _of_table(table: Any, describe_table: Callable[..., tables.Dataset], name: str | None) -> Dataset:
    rows = len(table)
    sample = _every(table, _stride(rows))
    found = describe_table(sample, name=name).to_entity()
    if len(sample) == rows:
        return found
    columns = json.loads(found.profile or "{}")["num_elements"] // len(sample)
    return _of_whole(found, {"num_rows": rows, "num_elements": rows * columns})


def _every(table: Any, stride: int) -> Any:
    """Every so many rows of a table, from the first on."""
    if stride == 1:
        return table
    if hasattr(table, "iloc"):
        return table.iloc[::stride]
    if hasattr(table, "gather_every"):
        return table.gather_every(stride)
    rows = range(0, len(table), stride)
    return table.select(rows) if hasattr(table, "features") else table.take(list(rows))


def _of_array(features: Any, targets: Any, name: str | None) -> Dataset:
    stride = _stride(len(features))
    sample = features[::stride]
    has_targets = targets is not None and targets.shape[:1] == features.shape[:1]
    found = tables.from_numpy(sample, targets=targets[::stride] if has_targets else None, name=name).to_entity()
    if len(sample) == len(features):
        return found
    return _of_whole(found, {"features_shape": list(features.shape), "features_nbytes": int(features.nbytes)})


def _of_whole(sample: Dataset, profile: dict[str, Any]) -> Dataset:
    """What a sample says of the data that it was taken from."""
    text = json.dumps(profile)
    digest = hashlib.sha256(f"{sample.digest} of {text}".encode()).hexdigest()
    return replace(sample, digest=digest[:DIGEST_LENGTH], profile=text)


def _stride(rows: int) -> int:
    return max(1, -(-rows // SAMPLE_ROWS))


def _array(data: Any) -> Any:
    import numpy

    return numpy.asarray(data)

"""What a training read, as a run's document mentions it. Large data are told apart by a sample, not read whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cloudtrack import data as tables
from cloudtrack.entities.dataset import Dataset

SAMPLE_ROWS = 10_000
_DIGEST_LENGTH = 16


def describe(data: Any, targets: Any = None, name: str | None = None) -> Dataset | None:
    """A pandas DataFrame or Series, an array, or a dictionary of arrays; None for anything else."""
    if type(data).__module__.startswith("pandas"):
        frame = data if hasattr(data, "columns") else data.to_frame()
        return _of_frame(frame, name)
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


def _of_frame(frame: Any, name: str | None) -> Dataset:
    sample = frame.iloc[:: _stride(len(frame))]
    found = tables.from_pandas(sample, name=name).to_entity()
    if len(sample) == len(frame):
        return found
    return _of_whole(found, {"num_rows": len(frame), "num_elements": int(frame.size)})


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
    return replace(sample, digest=digest[:_DIGEST_LENGTH], profile=text)


def _stride(rows: int) -> int:
    return max(1, -(-rows // SAMPLE_ROWS))


def _array(data: Any) -> Any:
    import numpy

    return numpy.asarray(data)

"""Datasets that are arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloudtrack.data.column_hashes import hash_objects, one_nan
from cloudtrack.data.dataset import Dataset, TensorSchema, name_of
from cloudtrack.data.sources import DatasetSource, source_of
from cloudtrack.data.table_digest import DIGEST_LENGTH
from cloudtrack.errors import InvalidInput
from cloudtrack.models.infer import infer_schema
from cloudtrack.models.schema import Schema, TensorSpec

_PIECE_BYTES = 16 * 1024 * 1024


def from_numpy(
    features: Any,
    source: str | Path | DatasetSource | None = None,
    targets: Any = None,
    name: str | None = None,
    digest: str | None = None,
) -> Dataset:
    """An array of features or a dictionary of them, and the same of targets. The digest is of types, shapes, values."""
    return Dataset(
        name=name_of(name),
        digest=digest or _digest([features] if targets is None else [features, targets]),
        source=source_of(source),
        schema=TensorSchema(_schema(features), None if targets is None else _schema(targets)),
        profile=_profile("features", features) | ({} if targets is None else _profile("targets", targets)),
        data=features,
        targets=targets,
    )


def _digest(all_data: list[Any]) -> str:
    content = hashlib.sha256()
    for data in all_data:
        if isinstance(data, Mapping):
            content.update(f"{len(data)} arrays".encode())
        for key, array in sorted(data.items()) if isinstance(data, Mapping) else [("", data)]:
            content.update(str(key).encode() if isinstance(data, Mapping) else b"")
            _add(content, array)
    return content.hexdigest()[:DIGEST_LENGTH]


def _add(content: Any, array: Any) -> None:
    if not hasattr(array, "dtype"):
        raise InvalidInput(f"from_numpy takes arrays, not a {type(array).__name__}: numpy.asarray makes one")
    if array.dtype.hasobject and array.dtype.kind != "O":
        raise InvalidInput(f"an array of {array.dtype} has no digest: its objects are addresses; give digest= yourself")
    content.update(f"{array.dtype.str}{array.shape}".encode())
    if array.dtype.kind == "O":  # its bytes are addresses
        content.update(hash_objects(array.reshape(-1), "features").astype("<u8", copy=False).tobytes())
        return
    rows = max(1, _PIECE_BYTES // max(1, array.nbytes // max(1, len(array)))) if array.shape else 1
    for start in range(0, len(array), rows) if array.shape else ():
        content.update(one_nan(array[start : start + rows]).tobytes())
    if not array.shape:
        content.update(array.tobytes())


def _schema(data: Any) -> Schema:
    if isinstance(data, Mapping):
        return Schema(tuple(spec for key, array in data.items() for spec in _named(str(key), array)))
    return infer_schema(data) if data.shape else Schema((TensorSpec(str(data.dtype), ()),))


def _named(key: str, array: Any) -> tuple[TensorSpec, ...]:
    return (TensorSpec(str(array.dtype), (-1, *array.shape[1:]), key),)


def _profile(what: str, data: Any) -> dict[str, Any]:
    if isinstance(data, Mapping):
        return {
            f"{what}_shape": {str(key): list(array.shape) for key, array in data.items()},
            f"{what}_nbytes": {str(key): int(array.nbytes) for key, array in data.items()},
        }
    return {f"{what}_shape": list(data.shape), f"{what}_nbytes": int(data.nbytes)}

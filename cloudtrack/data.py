"""Datasets for ``log_input``: name, digest, schema and profile of what a run reads.

The digest is of the content, not of the file, host or path: equal data has an equal digest.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cloudtrack.entities.dataset import Dataset
from cloudtrack.errors import MissingDependency
from cloudtrack.models.infer import infer_schema

_DIGEST_LENGTH = 16


class TableDataset:
    """A DataFrame or arrays, and what a run's document says of it."""

    def __init__(self, data: Any, dataset: Dataset) -> None:
        self.data = data
        self._dataset = dataset

    @property
    def name(self) -> str:
        """The name it was given."""
        return self._dataset.name

    @property
    def digest(self) -> str:
        """A digest of the content."""
        return self._dataset.digest

    def to_entity(self) -> Dataset:
        """What a run's document says of it."""
        return self._dataset


def from_pandas(
    df: Any, source: str | None = None, targets: str | None = None, name: str | None = None, digest: str | None = None
) -> TableDataset:
    """A DataFrame. ``source`` says where it came from; ``targets`` names the column to predict."""
    try:
        from pandas.util import hash_pandas_object
    except ImportError as error:
        raise MissingDependency('from_pandas needs pandas: pip install "cloudtrack[pandas]"') from error
    content = hashlib.sha256(json.dumps([str(column) for column in df.columns]).encode())
    content.update(hash_pandas_object(df, index=False).to_numpy().tobytes())
    profile = {"num_rows": len(df), "num_elements": int(df.size)}
    schema = {"mlflow_colspec": infer_schema(df).to_dict(), **({"targets": targets} if targets else {})}
    return _dataset(df, name, digest or content.hexdigest()[:_DIGEST_LENGTH], source, schema, profile)


def from_numpy(
    features: Any,
    source: str | None = None,
    targets: Any = None,
    name: str | None = None,
    digest: str | None = None,
) -> TableDataset:
    """An array of features, and one of targets."""
    content = hashlib.sha256()
    for array in [features] if targets is None else [features, targets]:
        content.update(f"{array.dtype.str}{array.shape}".encode())
        content.update(array.tobytes())
    schema = {"mlflow_tensorspec": {"features": infer_schema(features).to_dict()}}
    profile = {"features_shape": list(features.shape), "features_nbytes": int(features.nbytes)}
    return _dataset(features, name, digest or content.hexdigest()[:_DIGEST_LENGTH], source, schema, profile)


def _dataset(
    data: Any, name: str | None, digest: str, source: str | None, schema: dict[str, Any], profile: dict[str, Any]
) -> TableDataset:
    dataset = Dataset(
        name=name or "dataset",
        digest=digest,
        source_type="local" if source else "code",
        source=json.dumps({"uri": source} if source else {}),
        schema=json.dumps(schema),
        profile=json.dumps(profile),
    )
    return TableDataset(data, dataset)

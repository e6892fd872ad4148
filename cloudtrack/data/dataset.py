"""A dataset, and what a run's document says of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from cloudtrack.data.sources import DatasetSource
from cloudtrack.entities import dataset as entities
from cloudtrack.models.schema import Schema

MAX_SCHEMA_BYTES = 64 * 1024
"""A run's document has the first columns of a longer schema, and how many there are."""
MAX_NAME_CHARS = 500
DEFAULT_NAME = "dataset"


@dataclass(frozen=True)
class TensorSchema:
    """Of arrays: what the features are, and the targets where there are any."""

    features: Schema
    targets: Schema | None = None


@dataclass(frozen=True)
class Dataset:
    """Data, or where they are, with name, digest, source, schema and profile, as MLflow has them.

    ``targets`` is the column to predict, or the array of what is; ``predictions`` the column of what a model said.
    """

    name: str
    digest: str
    source: DatasetSource
    schema: Schema | TensorSchema | None = None
    profile: dict[str, Any] = field(default_factory=dict)
    data: Any = None
    targets: Any = None
    predictions: str | None = None

    @property
    def df(self) -> Any:
        """MLflow's name for the table."""
        return self.data

    @property
    def features(self) -> Any:
        """MLflow's name for arrays."""
        return self.data

    def to_entity(self) -> entities.Dataset:
        """What a run's document says of it."""
        schema = self._schema_dict()
        return entities.Dataset(
            name=self.name,
            digest=self.digest,
            source_type=self.source.source_type,
            source=self.source.to_json(),
            schema=json.dumps(schema) if schema else None,
            profile=json.dumps(self.profile),
        )

    _to_mlflow_entity = to_entity
    """MLflow's documentation calls it by this name."""

    def to_dict(self) -> dict[str, Any]:
        """All that ``to_entity`` has, by name."""
        return asdict(self.to_entity())

    def to_json(self) -> str:
        """The same as text."""
        return json.dumps(self.to_dict())

    def _schema_dict(self) -> dict[str, Any]:
        if isinstance(self.schema, TensorSchema):
            tensors = {"features": self.schema.features, "targets": self.schema.targets}
            return {"mlflow_tensorspec": {key: spec.to_dict() for key, spec in tensors.items() if spec is not None}}
        if self.schema is None:
            return {}
        columns = self.schema.to_dict()
        said: dict[str, Any] = {"mlflow_colspec": _first_that_fit(columns)}
        if len(said["mlflow_colspec"]) < len(columns):
            said["num_columns"] = len(columns)
        named = {"targets": self.targets, "predictions": self.predictions}
        return said | {key: column for key, column in named.items() if isinstance(column, str)}


PandasDataset = NumpyDataset = PolarsDataset = SparkDataset = HuggingFaceDataset = Dataset
"""MLflow has a class for each; scripts name them as types."""


def name_of(name: str | None, default: str = DEFAULT_NAME) -> str:
    """A name as a run's document takes it."""
    return (name or default).encode("utf-8", "replace").decode()[:MAX_NAME_CHARS]


def _first_that_fit(columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    left = MAX_SCHEMA_BYTES
    for place, column in enumerate(columns):
        left -= len(json.dumps(column)) + 2
        if left < 0:
            return columns[:place]
    return columns

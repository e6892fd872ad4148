"""The file ``MLmodel``: what a model folder holds and how to load it.

Source: https://mlflow.org/docs/latest/ml/model/#storage-format.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from cloudtrack import clock, ids
from cloudtrack.errors import CorruptData, NotFound
from cloudtrack.models.signature import ModelSignature

FILE_NAME = "MLmodel"
MAX_FILE_BYTES = 10 << 20
_MOST_VALUES = 1_000_000
"""So many values a file may stand for; with aliases a short text could stand for any number."""


class Model(BaseModel):
    """The content of ``MLmodel``. Fields that it does not know are kept."""

    model_config = ConfigDict(extra="allow", arbitrary_types_allowed=True, protected_namespaces=())

    artifact_path: str | None = None
    flavors: dict[str, dict[str, Any]] = {}
    run_id: str | None = None
    utc_time_created: str = ""
    model_uuid: str | None = None
    model_id: str | None = None
    model_size_bytes: int | None = None
    mlflow_version: str | None = None
    saved_input_example_info: dict[str, Any] | None = None
    signature: ModelSignature | None = None
    metadata: dict[str, Any] | None = None
    file_digests: dict[str, str] | None = None
    """SHA-256 of the other files of the folder; only cloudtrack writes it."""

    @classmethod
    def new(cls) -> Model:
        """A model that has an identity and nothing else."""
        created = clock.format_ms(clock.now_ms()).rstrip("Z").replace("T", " ")
        return cls(utc_time_created=created, model_uuid=ids.new_run_id())

    @classmethod
    def load(cls, folder: str | Path) -> Model:
        """Read ``MLmodel`` from a folder. Raises NotFound, CorruptData."""
        path = Path(folder) / FILE_NAME
        if not path.is_file():
            raise NotFound(f"{folder} is no model: it has no file {FILE_NAME}")
        return cls.from_bytes(path.read_bytes())

    @classmethod
    def from_bytes(cls, body: bytes) -> Model:
        """Raises CorruptData."""
        if len(body) > MAX_FILE_BYTES:
            raise CorruptData(f"a file {FILE_NAME} is larger than {MAX_FILE_BYTES} bytes")
        try:
            return cls.from_dict(_plain_yaml(body.decode()))
        except RecursionError as error:
            raise CorruptData(f"a file {FILE_NAME} is nested too deep") from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            reason = str(error).partition("\n")[0]
            raise CorruptData(f"a file {FILE_NAME} is not plain YAML: {reason}") from error

    @classmethod
    def from_dict(cls, content: Any) -> Model:
        """Raises CorruptData."""
        if not isinstance(content, dict) or not isinstance(content.get("flavors"), dict):
            raise CorruptData(f"a file {FILE_NAME} has no flavors")
        form = content.get("signature")
        try:
            signature = ModelSignature.from_dict(form) if isinstance(form, dict) else None
            return cls.model_validate({**content, "signature": signature})
        except (ValidationError, ValueError) as error:
            first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise CorruptData(f"a file {FILE_NAME} is not valid: {first}") from error

    def to_dict(self) -> dict[str, Any]:
        """The stored form: known fields that are set, and all unknown ones."""
        content = {key: value for key, value in self.model_dump(exclude={"signature"}).items() if value is not None}
        if self.signature is not None:
            content["signature"] = self.signature.to_dict()
        return content

    def save(self, path: str | Path) -> None:
        """Write the file."""
        text = yaml.safe_dump(self.to_dict(), default_flow_style=False, allow_unicode=True, sort_keys=True)
        Path(path).write_text(text, encoding="utf-8")

    def get_model_info(self, model_uri: str) -> ModelInfo:
        """What ``log_model`` returns."""
        return ModelInfo(
            artifact_path=self.artifact_path or "",
            flavors=self.flavors,
            model_uri=model_uri,
            model_uuid=self.model_uuid or "",
            run_id=self.run_id,
            saved_input_example_info=self.saved_input_example_info,
            signature=self.signature,
            utc_time_created=self.utc_time_created,
            mlflow_version=self.mlflow_version,
            metadata=self.metadata,
            model_id=self.model_id,
        )


@dataclass(frozen=True)
class ModelInfo:
    """A model that was logged: where it is and what it is."""

    artifact_path: str
    flavors: Mapping[str, Any]
    model_uri: str
    model_uuid: str
    run_id: str | None
    saved_input_example_info: Mapping[str, Any] | None = None
    signature: ModelSignature | None = None
    utc_time_created: str = ""
    mlflow_version: str | None = None
    metadata: Mapping[str, Any] | None = None
    name: str | None = None
    model_id: str | None = None
    registered_model_version: int | None = None
    params: Mapping[str, str] = field(default_factory=dict)


def _plain_yaml(text: str) -> Any:
    """What ``yaml.safe_load`` gives, where that is not far more than what is written. Raises CorruptData, YAMLError."""
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        if _extent(root, {}) > _MOST_VALUES:
            raise CorruptData(f"a file {FILE_NAME} stands for more than {_MOST_VALUES} values")
        return loader.construct_document(root)
    finally:
        loader.dispose()


def _extent(node: yaml.Node, known: dict[int, float]) -> float:
    """How many values a node stands for, with all aliases written out; without an end where it is part of itself."""
    if id(node) not in known:
        known[id(node)] = math.inf
        parts: list[yaml.Node] = []
        if isinstance(node, yaml.SequenceNode):
            parts = node.value
        elif isinstance(node, yaml.MappingNode):
            parts = [part for pair in node.value for part in pair]
        known[id(node)] = 1 + sum(_extent(part, known) for part in parts)
    return known[id(node)]

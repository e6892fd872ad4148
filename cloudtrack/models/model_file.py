"""The file ``MLmodel``: what a model folder holds and how to load it.

Source: https://mlflow.org/docs/latest/ml/model/#storage-format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from cloudtrack import clock, ids
from cloudtrack.entities.model_uri import LoggedModelFolder, RunModel, is_local_uri, local_path
from cloudtrack.entities.shown import Shown
from cloudtrack.errors import CorruptData, NotFound
from cloudtrack.mlflow_names import find_name
from cloudtrack.models.signature import ModelSignature
from cloudtrack.plain_yaml import YamlText

FILE_NAME = "MLmodel"
MAX_FILE_BYTES = 10 << 20


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
    is_signature_from_type_hint: bool | None = None
    """The model itself holds its input against the signature."""
    metadata: dict[str, Any] | None = None
    file_digests: dict[str, str] | None = None
    """SHA-256 of the other files of the folder; only cloudtrack writes it."""

    @classmethod
    def new(cls) -> Model:
        """A model that has an identity and nothing else."""
        created = clock.format_ms(clock.now_ms()).rstrip("Z").replace("T", " ")
        return cls(utc_time_created=created, model_uuid=ids.new_run_id())

    @classmethod
    def load(cls, path: str | Path) -> Model:
        """``MLmodel`` of a folder; for the text of a URI, from the store in force. Raises NotFound, CorruptData."""
        if isinstance(path, str) and not is_local_uri(path):
            stored: Model = find_name("cloudtrack.models", "read_model_file")(path)
            return stored
        folder = local_path(path) if isinstance(path, str) else path
        file = Path(folder) / FILE_NAME
        if not file.is_file():
            raise NotFound(f"{folder} is no model: it has no file {FILE_NAME}")
        return cls.from_bytes(file.read_bytes())

    @classmethod
    def from_bytes(cls, body: bytes) -> Model:
        """Raises CorruptData."""
        return cls.from_dict(YamlText(body, f"a file {FILE_NAME}", CorruptData, MAX_FILE_BYTES).load())

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

    @property
    def _uri(self) -> str:
        """Of the model where it was logged; empty where it was only saved."""
        if self.model_id:
            return LoggedModelFolder(self.model_id).uri
        return RunModel(self.run_id, self.artifact_path).uri if self.run_id and self.artifact_path else ""

    def get_model_info(self, model_uri: str | None = None) -> ModelInfo:
        """What ``log_model`` returns; with the URI under which the model was logged, unless another is given."""
        return ModelInfo(
            artifact_path=self.artifact_path or "",
            flavors=self.flavors,
            model_uri=self._uri if model_uri is None else model_uri,
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
class ModelInfo(Shown):
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

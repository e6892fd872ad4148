"""What an ``MLmodel`` says, as plain values that a page can show: read as plain YAML, whatever is in it."""

from __future__ import annotations

import json
from typing import Any

from cloudtrack.errors import CorruptData
from cloudtrack.models.model_file import Model
from cloudtrack.models.schema import ColSpec, Schema, TensorSpec
from cloudtrack.models.signature import ModelSignature, ParamSpec


def describe(body: bytes) -> dict[str, Any]:
    """Flavors, signature as lists of columns, and the rest. Raises CorruptData."""
    model = Model.from_bytes(body)
    known = {"flavors", "signature", "file_digests"}
    rest = {name: value for name, value in model.to_dict().items() if name not in known}
    return {
        "flavors": _plain(model.flavors),
        "signature": _signature(model.signature) if model.signature is not None else None,
        "files": [{"path": path, "sha256": digest} for path, digest in sorted((model.file_digests or {}).items())],
        "fields": _plain(rest),
    }


def input_example_path(body: bytes) -> str:
    """Where the input example is in the model's folder; empty where there is none."""
    try:
        info = Model.from_bytes(body).saved_input_example_info or {}
    except CorruptData:
        return ""
    path = info.get("artifact_path")
    return path if isinstance(path, str) else ""


def _signature(signature: ModelSignature) -> dict[str, Any]:
    return {
        "inputs": _columns(signature.inputs),
        "outputs": _columns(signature.outputs),
        "params": [_param(param) for param in signature.params or ()],
    }


def _columns(schema: Schema | None) -> list[dict[str, Any]]:
    return [_column(spec) for spec in schema.inputs] if schema is not None else []


def _column(spec: ColSpec | TensorSpec) -> dict[str, Any]:
    if isinstance(spec, TensorSpec):
        return {"name": spec.name, "type": spec.dtype, "shape": list(spec.shape), "required": True}
    kind = spec.kind
    nested = {} if kind.to_dict() == {"type": kind.name} else {"nested": kind.to_dict()}
    return {"name": spec.name, "type": kind.name, "required": spec.required, **nested}


def _param(param: ParamSpec) -> dict[str, Any]:
    shape = None if param.shape is None else list(param.shape)
    return {"name": param.name, "type": param.kind.name, "default": _plain(param.default), "shape": shape}


def _plain(value: Any) -> Any:
    """Dates and whatever else YAML has as text."""
    return json.loads(json.dumps(value, default=str, skipkeys=True))

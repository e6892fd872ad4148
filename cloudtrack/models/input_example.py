"""An example of a model's input, as files: for people, for tests, and for the REST interface."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

INPUT_EXAMPLE = "input_example.json"
SERVING_INPUT_EXAMPLE = "serving_input_example.json"


def write_input_example(folder: Path, example: Any) -> dict[str, Any]:
    """Write the example; what ``MLmodel`` says of it."""
    if hasattr(example, "columns") and hasattr(example, "to_json"):
        split = json.loads(example.to_json(orient="split", date_format="iso", index=False))
        content = {"columns": split["columns"], "data": split["data"]}
        _write(folder, content, {"dataframe_split": content})
        return _info("dataframe", pandas_orient="split")
    if hasattr(example, "tolist"):
        content = example.tolist()
        _write(folder, content, {"inputs": content})
        return _info("ndarray")
    if isinstance(example, dict) and example and all(hasattr(value, "tolist") for value in example.values()):
        content = {name: value.tolist() for name, value in example.items()}
        _write(folder, content, {"inputs": content})
        return _info("ndarray")
    _write(folder, example, {"inputs": example})
    return _info("json_object")


def _write(folder: Path, example: Any, serving: Any) -> None:
    (folder / INPUT_EXAMPLE).write_text(json.dumps(example, default=str), encoding="utf-8")
    (folder / SERVING_INPUT_EXAMPLE).write_text(json.dumps(serving, indent=2, default=str), encoding="utf-8")


def _info(kind: str, **more: str) -> dict[str, Any]:
    return {"artifact_path": INPUT_EXAMPLE, "serving_input_path": SERVING_INPUT_EXAMPLE, "type": kind, **more}

"""An example of a model's input, as files: for people, for tests, and for the REST interface."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

INPUT_EXAMPLE = "input_example.json"
SERVING_INPUT_EXAMPLE = "serving_input_example.json"


def convert_input_example_to_serving_input(input_example: Any) -> str | None:
    """The body of a scoring request with this example; None for None."""
    return None if input_example is None else json.dumps(_forms(input_example)[1], default=_plain)


def write_input_example(folder: Path, example: Any) -> dict[str, Any]:
    """Write the example; what ``MLmodel`` says of it."""
    content, serving, info = _forms(example)
    (folder / INPUT_EXAMPLE).write_text(json.dumps(content, default=_plain), encoding="utf-8")
    (folder / SERVING_INPUT_EXAMPLE).write_text(json.dumps(serving, indent=2, default=_plain), encoding="utf-8")
    return {"artifact_path": INPUT_EXAMPLE, "serving_input_path": SERVING_INPUT_EXAMPLE, **info}


def split_example(example: Any) -> tuple[Any, dict[str, Any] | None]:
    """Data and params of an example: a tuple of data and a dictionary is both, as MLflow has it."""
    if isinstance(example, tuple) and len(example) == 2 and isinstance(example[1], dict):
        return example
    return example, None


def _forms(example: Any) -> tuple[Any, dict[str, Any], dict[str, str]]:
    """The example as JSON, the scoring request with it, and what ``MLmodel`` says of its kind."""
    data, params = split_example(example)
    content, serving, kind = _forms_of_data(data)
    info = {"type": kind} | ({"pandas_orient": "split"} if kind == "dataframe" else {})
    if params is None:
        return content, serving, info
    return {"inputs": content, "params": params}, {**serving, "params": params}, {**info, "params": "true"}


def _plain(value: Any) -> Any:
    return value.model_dump() if hasattr(value, "model_dump") else str(value)


def _forms_of_data(example: Any) -> tuple[Any, dict[str, Any], str]:
    if hasattr(example, "columns") and hasattr(example, "to_json"):
        split = json.loads(example.to_json(orient="split", date_format="iso", index=False))
        content = {"columns": split["columns"], "data": split["data"]}
        return content, {"dataframe_split": content}, "dataframe"
    if hasattr(example, "tolist"):
        return example.tolist(), {"inputs": example.tolist()}, "ndarray"
    if isinstance(example, dict) and example and all(hasattr(value, "tolist") for value in example.values()):
        arrays = {name: value.tolist() for name, value in example.items()}
        return arrays, {"inputs": arrays}, "ndarray"
    return example, {"inputs": example}, "json_object"

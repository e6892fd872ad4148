"""An example of a model's input, as files: for people, for tests, and for the REST interface."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

INPUT_EXAMPLE = "input_example.json"
SERVING_INPUT_EXAMPLE = "serving_input_example.json"


def convert_input_example_to_serving_input(input_example: Any) -> str | None:
    """The body of a scoring request with this example; None for None."""
    return None if input_example is None else json.dumps(_forms(input_example)[1], default=str)


def write_input_example(folder: Path, example: Any) -> dict[str, Any]:
    """Write the example; what ``MLmodel`` says of it."""
    content, serving, kind = _forms(example)
    (folder / INPUT_EXAMPLE).write_text(json.dumps(content, default=str), encoding="utf-8")
    (folder / SERVING_INPUT_EXAMPLE).write_text(json.dumps(serving, indent=2, default=str), encoding="utf-8")
    orient = {"pandas_orient": "split"} if kind == "dataframe" else {}
    return {"artifact_path": INPUT_EXAMPLE, "serving_input_path": SERVING_INPUT_EXAMPLE, "type": kind, **orient}


def _forms(example: Any) -> tuple[Any, dict[str, Any], str]:
    """The example as JSON, the scoring request with it, and its kind."""
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

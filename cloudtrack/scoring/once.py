"""Predicting once with a model, in this process: what a server would answer, on standard output or in a file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cloudtrack.api.errors import ApiError
from cloudtrack.api.message import JSON_TYPE
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.flavors import pyfunc
from cloudtrack.models.pyfunc import PyFuncModel
from cloudtrack.scoring.answers import as_json
from cloudtrack.scoring.reading import CSV_TYPE, read_input

_TYPES = {"json": JSON_TYPE, "csv": CSV_TYPE}


def predict(
    model_uri: str,
    input_data: Any = None,
    input_path: str | os.PathLike[str] | None = None,
    content_type: str = "json",
    output_path: str | os.PathLike[str] | None = None,
    env_manager: str = "local",
    install_mlflow: bool = False,
    pip_requirements_override: Sequence[str] | None = None,
    extra_envs: Mapping[str, str] | None = None,
) -> None:
    """Print what a server would answer, or write it to ``output_path``, for data or for a file of them.

    ``input_data`` is data as the model's ``predict`` takes them, or text as a server takes it; a file is of
    ``content_type``, ``json`` or ``csv``. Raises InvalidInput for what the model does not take, and for all about an
    environment of the model's own, which the command ``cloudtrack models predict --env-manager`` makes.
    """
    if env_manager != "local" or install_mlflow or pip_requirements_override or extra_envs:
        raise InvalidInput(
            "predict predicts in this process: give env_manager='local' and nothing else about environments, or use "
            f"`cloudtrack models predict -m {model_uri} --env-manager uv`, which makes one"
        )
    if (input_data is None) == (input_path is None):
        raise InvalidInput("predict takes input_data or an input_path: exactly one of them")
    if content_type not in _TYPES:
        raise InvalidInput(f"content_type is {content_type!r}; it is 'json' or 'csv'")
    model = pyfunc.load_model(model_uri)
    try:
        if input_path is not None:
            predictions = _read_and_predict(model, _read(Path(input_path)), content_type)
        elif isinstance(input_data, str):
            predictions = _read_and_predict(model, input_data.encode(), content_type)
        else:
            predictions = model.predict(input_data)
        text = as_json(predictions, wrapped=True)
    except ApiError as error:
        raise InvalidInput(error.message) from error
    if output_path is None:
        print(text)
    else:
        Path(output_path).write_text(text, encoding="utf-8")


def _read_and_predict(model: PyFuncModel, body: bytes, content_type: str) -> Any:
    given = read_input(body, _TYPES[content_type], model.metadata)
    return model.predict(given.data, params=given.params)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"the input {str(path)!r} cannot be read: {error}") from error

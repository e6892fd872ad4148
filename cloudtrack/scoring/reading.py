"""From the body of a scoring request to what a model predicts on.

JSON with one of ``dataframe_split``, ``dataframe_records``, ``instances`` and ``inputs``, and ``params`` beside it; the
bare body of a chat, completion or embedding request; CSV; Parquet. Source:
https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/ and the answers of an MLflow 3.17 server.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from cloudtrack.api.errors import ApiError
from cloudtrack.api.message import JSON_TYPE, Response, text_response
from cloudtrack.models.model_file import Model
from cloudtrack.scoring import arrays, tables
from cloudtrack.scoring.params import chosen_params, split_params

CSV_TYPE = "text/csv"
PARQUET_TYPE = "application/vnd.apache.parquet"
_TYPES = (JSON_TYPE, CSV_TYPE, PARQUET_TYPE)
_READERS = {
    "dataframe_split": tables.from_split,
    "dataframe_records": tables.from_records,
    "instances": arrays.from_instances,
    "inputs": arrays.from_inputs,
}
_BARE = ("messages", "prompt", "input")
"""A body with one of these keys is handed to the model as it is, and answered without a key around it."""


@dataclass(frozen=True)
class Given:
    """What to predict on, with which params; ``is_bare`` where neither came under a key."""

    data: Any
    params: dict[str, Any] | None = None
    is_bare: bool = False


class UnsupportedMedia(ApiError):
    """A body of a kind that is not read; answered in plain text, as MLflow does."""

    def __init__(self, message: str) -> None:
        super().__init__("BAD_REQUEST", message, status=415)

    def response(self) -> Response:
        """The answer."""
        return text_response(self.message, self.status)


def read_input(body: bytes, content_type: str | None, model: Model) -> Given:
    """Raises ApiError: 415 for another type or charset, 400 for a body that cannot be read.

    A model that holds its input against its type hints itself is handed what came.
    """
    signature, checks_itself = model.signature, model.is_signature_from_type_hint
    schema = signature.inputs if signature is not None and not checks_itself else None
    media_type = _media_type(content_type or "")
    if media_type == CSV_TYPE:
        return Given(tables.from_csv(_text(body), schema), chosen_params(None, signature))
    if media_type == PARQUET_TYPE:
        return Given(tables.from_parquet(body), chosen_params(None, signature))
    content = _json(body)
    if any(key in content for key in _BARE):
        data, params = split_params(content, signature)
        return Given(arrays.from_bare(data, schema), chosen_params(params, signature), is_bare=True)
    forms = [key for key in content if key in _READERS]
    if len(forms) != 1:
        raise ApiError(
            "BAD_REQUEST", f"the body has the keys {list(content)[:10]}; send exactly one of {', '.join(_READERS)}"
        )
    came = content[forms[0]]
    data = came if checks_itself and forms[0] in ("inputs", "instances") else _READERS[forms[0]](came, schema)
    return Given(data, chosen_params(content.get("params"), signature))


def _media_type(content_type: str) -> str:
    media_type, *parameters = (part.strip() for part in content_type.split(";"))
    if media_type not in _TYPES:
        raise UnsupportedMedia(f"the Content-Type is {content_type[:80]!r}; send one of {', '.join(_TYPES)}")
    given = {name: value for name, _, value in (parameter.partition("=") for parameter in parameters)}
    if given.pop("charset", "utf-8").lower() != "utf-8":
        raise UnsupportedMedia("only the charset utf-8 is read")
    if given:
        raise UnsupportedMedia(f"the Content-Type has the parameter {next(iter(given))[:80]!r}; it takes charset only")
    return media_type


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise ApiError("BAD_REQUEST", f"the body is not UTF-8: {error.reason} at byte {error.start}") from error


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except RecursionError as error:
        raise ApiError("BAD_REQUEST", "the body is nested too deeply") from error
    except ValueError as error:
        raise ApiError("BAD_REQUEST", f"the body is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ApiError("BAD_REQUEST", f"the body must be a JSON object with one of {', '.join(_READERS)}")
    return content

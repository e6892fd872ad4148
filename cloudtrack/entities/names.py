"""What names, keys and values may be. Rules and limits follow MLflow's documentation, except that a
value which MLflow would cut is kept whole up to 64 KiB, and refused above that with the reason.

Source of the rules: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.html (log_metric,
log_param, set_tag) and https://mlflow.org/docs/latest/api_reference/rest-api.html.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from cloudtrack.errors import InvalidInput

MAX_KEY_LENGTH = 250
MAX_VALUE_BYTES = 64 << 10
MAX_EXPERIMENT_NAME_LENGTH = 500
MAX_INT64 = 2**63 - 1

_KEY = re.compile(r"[/\w.\- :]+")
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}", re.ASCII)
_LOGGED_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
_NOT_IN_LOGGED_MODEL_NAMES = "/:.%\"'"
_EXPERIMENT_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,63}", re.ASCII)


def check_key_name(kind: str, key: Any) -> str:
    """A key of a metric, param or tag. ``kind`` ("metric") begins the message."""
    if not isinstance(key, str):
        raise InvalidInput(f"{kind} key {key!r} is a {type(key).__name__}; keys are text")
    if len(key) > MAX_KEY_LENGTH:
        raise InvalidInput(f"{kind} key {_short(key)} has {len(key)} characters; at most {MAX_KEY_LENGTH} are allowed")
    if not _KEY.fullmatch(key):
        raise InvalidInput(f"{kind} key {_short(key)} is not allowed: use letters, digits, and _ - . : / or a space")
    normal = posixpath.normpath(key)
    if normal != key or normal == "." or normal.startswith(("..", "/")):
        raise InvalidInput(f"{kind} key {_short(key)} is not allowed: it must not look like the path {normal!r}")
    return key


def check_value(kind: str, key: str, value: Any) -> str:
    """The text kept for a param or tag value. Raises InvalidInput above 64 KiB."""
    text = value if isinstance(value, str) else str(value)
    if len(text) * 4 > MAX_VALUE_BYTES:
        size = len(text.encode(errors="replace"))
        if size > MAX_VALUE_BYTES:
            raise InvalidInput(
                f"the value of {kind} {_short(key)} is {size} bytes long; at most {MAX_VALUE_BYTES} are kept: "
                "log longer text with log_text"
            )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"the value of {kind} {_short(key)} is not valid Unicode") from error
    return text


def metric_value(key: str, value: Any) -> float:
    """A metric value as a float: numbers, numpy and tensor scalars, numeric text. NaN and infinities are kept."""
    try:
        if isinstance(value, str | bytes | int | float):
            return float(value)
        item = getattr(value, "item", None)
        return float(item() if callable(item) else value)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise InvalidInput(f"the value {_short(str(value))} of metric {_short(key)} is not a number") from error


def metric_step(key: str, step: Any) -> int:
    """A step as an int64; None counts as 0."""
    if step is None:
        return 0
    return _int64(step, f"the step {step!r} of metric {_short(key)}")


def timestamp_ms(timestamp: Any) -> int:
    """A time in milliseconds since the epoch."""
    number = _int64(timestamp, f"the timestamp {timestamp!r}")
    if number < 0:
        raise InvalidInput(f"the timestamp {timestamp!r} is before 1970; times are milliseconds since the epoch")
    return number


def check_experiment_name(name: Any) -> str:
    """An experiment's name."""
    if not isinstance(name, str) or not name.strip():
        raise InvalidInput(f"{name!r} is not an experiment name: it must be text that is not empty")
    if len(name) > MAX_EXPERIMENT_NAME_LENGTH:
        raise InvalidInput(
            f"the experiment name {_short(name)} has {len(name)} characters; "
            f"at most {MAX_EXPERIMENT_NAME_LENGTH} are allowed"
        )
    return _printable("experiment name", name)


def check_run_id(run_id: Any) -> str:
    """A run's id, which is part of keys."""
    if not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        raise InvalidInput(f"{_short(str(run_id))} is not a run id: letters, digits, '-' and '_', at most 256")
    return run_id


def check_experiment_id(experiment_id: Any) -> str:
    """An experiment's id, which is part of keys; numbers are taken as text."""
    text = str(experiment_id) if isinstance(experiment_id, int) else experiment_id
    if not isinstance(text, str) or not _EXPERIMENT_ID.fullmatch(text):
        raise InvalidInput(
            f"{_short(str(experiment_id))} is not an experiment id: letters, digits, '-' and '_', at most 64"
        )
    return text


def is_logged_model_id(text: str) -> bool:
    """Whether this is what the id of a logged model looks like."""
    return _LOGGED_MODEL_ID.fullmatch(text) is not None


def check_logged_model_id(model_id: Any) -> str:
    """A logged model's id, which is part of keys."""
    if not isinstance(model_id, str) or not is_logged_model_id(model_id):
        raise InvalidInput(f"{_short(str(model_id))} is not a logged model's id: m- and 32 hexadecimal digits")
    return model_id


def check_logged_model_name(name: Any) -> str:
    """A logged model's name, which is part of model URIs and of filters."""
    if not isinstance(name, str) or not name.strip():
        raise InvalidInput(f"{name!r} is not a model name: it must be text that is not empty")
    bad = next((char for char in name if char in _NOT_IN_LOGGED_MODEL_NAMES), "")
    if bad:
        raise InvalidInput(f"the model name {_short(name)} must not have the character {bad!r}")
    if len(name) > MAX_EXPERIMENT_NAME_LENGTH:
        raise InvalidInput(f"the model name {_short(name)} has {len(name)} characters; at most 500 are allowed")
    return _printable("model name", name)


def _int64(value: Any, what: str) -> int:
    try:
        if isinstance(value, float) and not value.is_integer():
            raise ValueError("fraction")
        number = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(f"{what} is not a whole number") from error
    if not -MAX_INT64 - 1 <= number <= MAX_INT64:
        raise InvalidInput(f"{what} does not fit into 64 bits")
    return number


def _printable(kind: str, name: str) -> str:
    if any(ord(char) < 32 or ord(char) == 127 for char in name):
        raise InvalidInput(f"the {kind} {_short(name)} has a control character")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"the {kind} {_short(name)} is not valid Unicode") from error
    return name


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")

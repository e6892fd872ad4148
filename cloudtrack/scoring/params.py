"""Params of a prediction, from a request: unknown ones are left out, and moments are read.

The rest of what the signature says of them is held when the model predicts.
"""

from __future__ import annotations

from typing import Any

from cloudtrack.api.errors import ApiError
from cloudtrack.models.signature import ModelSignature


def split_params(content: dict[str, Any], signature: ModelSignature | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The data of a bare body, and what of it are params of the signature."""
    known = _names(signature)
    data = {key: value for key, value in content.items() if key not in known}
    return data, {key: value for key, value in content.items() if key in known}


def chosen_params(given: Any, signature: ModelSignature | None) -> dict[str, Any] | None:
    """Those params that the signature has, None where it has none. Raises ApiError where they are no object."""
    if signature is None or not signature.params:
        return None
    if given is not None and not isinstance(given, dict):
        raise ApiError("INVALID_PARAMETER_VALUE", f"params is a {type(given).__name__}; it takes an object")
    chosen = {key: value for key, value in (given or {}).items() if key in _names(signature)}
    for spec in signature.params:
        if spec.dtype == "datetime" and spec.shape is None:
            chosen[spec.name] = _moment(spec.name, chosen.get(spec.name, spec.default))
    return chosen


def _names(signature: ModelSignature | None) -> set[str]:
    return {spec.name for spec in signature.params or ()} if signature is not None else set()


def _moment(name: str, value: Any) -> Any:
    import numpy

    if value is None:
        return None
    try:
        if isinstance(value, str):
            return numpy.datetime64(value).item()
    except ValueError:
        pass
    raise ApiError(
        "INVALID_PARAMETER_VALUE", f"the param {name!r} is {value!r}; it takes a date and time in ISO's form"
    )

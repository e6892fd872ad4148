"""Params of a prediction as the signature has them."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.models.enforcement.values import enforce_scalar, enforce_value
from cloudtrack.models.enforcement.widening import LIMITS
from cloudtrack.models.signature import ModelSignature, ParamSpec

_log = logging.getLogger(__name__)


def enforce_params(params: Mapping[str, Any] | None, signature: ModelSignature | None) -> dict[str, Any] | None:
    """All params of the signature, with defaults where none is given; None where it has none and none are given.

    Params that the signature does not have are left out, with a warning in the log. Without a signature they stay
    as they are. Raises InvalidInput.
    """
    if params is not None and not isinstance(params, Mapping):
        raise InvalidInput(f"params is a {type(params).__name__}; give a dictionary")
    if signature is None:
        return None if params is None else dict(params)
    known = {spec.name: spec for spec in signature.params or ()}
    if params is None and not known:
        return None
    given = dict(params or {})
    unknown = [name for name in given if name not in known]
    if unknown:
        _log.warning("params %s are ignored: the model's signature has %s", unknown, list(known) or "none")
    return {name: _enforce_param(given.get(name, spec.default), spec) for name, spec in known.items()}


def _enforce_param(value: Any, spec: ParamSpec) -> Any:
    label = f"the param {spec.name!r}"
    if spec.shape is not None:
        if not isinstance(value, list | tuple) and not _is_flat(value):
            raise InvalidInput(f"{label} is {value!r:.80}; it takes a list of {spec.kind.name}")
        items = value if isinstance(value, list | tuple) else value.tolist()
        return [_scalar(item, spec.kind.name, f"{label}[{place}]") for place, item in enumerate(items)]
    if spec.kind.name in ("object", "map", "array", "any"):
        return enforce_value(value, spec.kind, label)
    return _scalar(value, spec.kind.name, label)


def _is_flat(value: Any) -> bool:
    import numpy

    return isinstance(value, numpy.ndarray) and value.ndim == 1


def _scalar(value: Any, name: str, label: str) -> Any:
    """In Python's own type, whose numbers have no width; None stays."""
    import numpy

    if value is None:
        return None
    if name == "datetime":
        return _moment(value, label)
    if name == "float" and isinstance(value, float | numpy.floating):
        return float(value)
    if name in LIMITS and type(value) is int:
        return value
    found = enforce_scalar(value, name, label)
    return found.item() if isinstance(found, numpy.generic) else found


def _moment(value: Any, label: str) -> Any:
    """A date or a datetime; both may come as text in ISO's form."""
    import numpy

    if getattr(value, "tzinfo", None) is not None:
        raise InvalidInput(f"{label} has a time zone; give the moment in UTC without one")
    if isinstance(value, str | datetime.date | numpy.datetime64):
        try:
            found = numpy.datetime64(value).item()
        except ValueError:
            found = value
        if isinstance(found, datetime.date):
            return found
    raise InvalidInput(f"{label} is {value!r:.80}; it takes a date and time in ISO's form, to the microsecond")

"""Trying a model on the body of a scoring request, with no server."""

from __future__ import annotations

import json
from typing import Any

from cloudtrack.api.errors import ApiError
from cloudtrack.api.message import JSON_TYPE
from cloudtrack.errors import InvalidInput
from cloudtrack.flavors import pyfunc
from cloudtrack.scoring.reading import read_input


def validate_serving_input(model_uri: str, serving_input: str | dict[str, Any]) -> Any:
    """What the model predicts for the body of a request. Raises InvalidInput for one that a server would refuse."""
    model = pyfunc.load_model(model_uri)
    body = serving_input if isinstance(serving_input, str) else json.dumps(serving_input)
    try:
        given = read_input(body.encode(), JSON_TYPE, model.metadata)
    except ApiError as error:
        raise InvalidInput(error.message) from error
    return model.predict(given.data, params=given.params)

"""The scoring protocol as a pure application: a request in, an answer out.

``GET /ping`` and ``/health``, ``GET /version``, ``POST /invocations``. Source:
https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/ and the answers of an MLflow 3.17 server. Unlike
there, no answer holds a stack trace: the log has it.
"""

from __future__ import annotations

import logging
from urllib.parse import quote

from cloudtrack.api.errors import ApiError
from cloudtrack.api.message import JSON_TYPE, MLFLOW_VERSION, Request, Response, text_response
from cloudtrack.errors import InvalidInput
from cloudtrack.scoring.answers import answer
from cloudtrack.scoring.reading import read_input
from cloudtrack.scoring.served import NOWHERE, Place, Scorer, ServedModel

INVOCATIONS = "/invocations"
MAX_BODY_BYTES = 64 << 20
"""The largest body of a scoring request."""
_METHODS = {"/ping": "GET", "/health": "GET", "/version": "GET", INVOCATIONS: "POST"}
_log = logging.getLogger("cloudtrack.scoring")


class ScoringApp:
    """Answers requests with one model, which may be exchanged for another at any moment."""

    def __init__(self, model: Scorer, place: Place = NOWHERE) -> None:
        self._served = ServedModel(model, place)

    def serve(self, served: ServedModel) -> None:
        """From now on, requests are answered by this model; those under way end with the one they began with."""
        self._served = served

    def __call__(self, request: Request) -> Response:
        """The answer, which says which model gave it. Never raises."""
        served = self._served
        try:
            response = self._answer(request, served.model)
        except ApiError as error:
            response = error.response()
        except Exception:  # noqa: BLE001 - the caller gets an answer without the stack trace
            _log.exception("a scoring request failed")
            response = ApiError("INTERNAL_ERROR", "the server failed; its log has the cause").response()
        return Response(response.status, {**response.headers, **_origin(served.place)}, response.body)

    def _answer(self, request: Request, model: Scorer) -> Response:
        method = _METHODS.get(request.path)
        if method is None:
            raise ApiError("ENDPOINT_NOT_FOUND", f"there is no {request.path[:100]}; a model has {', '.join(_METHODS)}")
        if request.method != method:
            raise ApiError("BAD_REQUEST", f"{request.path} takes {method} only", status=405, headers={"allow": method})
        if request.path == INVOCATIONS:
            return _predict(request, model)
        return text_response("\n" if request.path != "/version" else MLFLOW_VERSION, content_type=JSON_TYPE)


def _predict(request: Request, model: Scorer) -> Response:
    body = request.body.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise too_large()
    given = read_input(body, request.headers.get("content-type"), model.metadata)
    try:
        predictions = model.predict(given.data, params=given.params)
    except InvalidInput as error:
        raise ApiError("INVALID_PARAMETER_VALUE", error.message) from error
    except Exception as error:
        _log.exception("the model failed")
        raise ApiError(
            "BAD_REQUEST",
            "the model failed on this input: see whether it is what the model was made for; the server's log has the "
            "cause",
        ) from error
    return answer(predictions, wrapped=not given.is_bare)


def too_large() -> ApiError:
    """A body over the limit."""
    return ApiError(
        "INVALID_PARAMETER_VALUE", f"the body is larger than {MAX_BODY_BYTES} bytes; send fewer rows", status=413
    )


def _origin(place: Place) -> dict[str, str]:
    headers = {"x-cloudtrack-model-uri": quote(place.uri, safe="/:@%")} if place.uri else {}
    return {**headers, "x-cloudtrack-model-version": place.version} if place.version else headers

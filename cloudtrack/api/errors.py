"""Errors on the wire: MLflow's error codes and statuses.

Source: https://mlflow.org/docs/latest/api_reference/rest-api.html, and the answers of an MLflow 3.17 server.
A wrong 5xx makes MLflow's client wait and try again for minutes, so a caller's mistake is never one.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from cloudtrack.api.message import Response, json_response
from cloudtrack.errors import HTTP_STATUS, CloudtrackError

STATUS = {
    **HTTP_STATUS,
    "ENDPOINT_NOT_FOUND": 404,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "INVALID_STATE": 500,
}

_ABOUT_THE_STORE = {
    "TEMPORARILY_UNAVAILABLE": "the store does not answer just now; try again",
    "DATA_LOSS": "an object of the store does not hold what it must; the server's log says which",
    "INTERNAL_ERROR": "the server failed; its log has the cause",
}


class ApiError(Exception):
    """An answer that is an error; ``status`` only where it is not the usual one of the code."""

    def __init__(
        self, error_code: str, message: str, *, status: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.message = message
        self.status = status or STATUS[error_code]
        self.headers = headers or {}

    def response(self) -> Response:
        """The answer."""
        return json_response({"error_code": self.error_code, "message": self.message}, self.status, self.headers)


def api_error(error: CloudtrackError, store_url: str = "") -> ApiError:
    """Our error in MLflow's words, without a word of where the store is."""
    code = error.error_code
    headers = {"retry-after": "1"} if code == "TEMPORARILY_UNAVAILABLE" else {}
    return ApiError(code, _public(error.message.replace(f" in {store_url}", ""), code, store_url), headers=headers)


def _public(message: str, code: str, store_url: str) -> str:
    if code in _ABOUT_THE_STORE:
        return _ABOUT_THE_STORE[code]
    place = urlsplit(store_url)
    names = [store_url, f"//{place.netloc}/", repr(place.netloc)] if place.netloc else [unquote(place.path)]
    return "the store did not allow this; the server's log says why" if _any_in(names, message) else message


def _any_in(names: list[str], message: str) -> bool:
    return any(len(name) > 1 and name in message for name in names)


def missing_parameter(name: str) -> ApiError:
    """A required parameter that is not there, or empty."""
    return ApiError(
        "INVALID_PARAMETER_VALUE",
        f"Missing value for required parameter '{name}'. See the API docs for more information about request "
        "parameters: /openapi.json",
    )


def invalid_parameter(name: str, value: object, hint: str) -> ApiError:
    """A parameter whose value cannot be right."""
    shown = repr(value)
    shown = shown if len(shown) <= 100 else f"{shown[:97]}..."
    return ApiError(
        "INVALID_PARAMETER_VALUE",
        f"Invalid value {shown} for parameter '{name}' supplied: {hint}. See the API docs for more information "
        "about request parameters: /openapi.json",
    )

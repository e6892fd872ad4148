"""Whether this machine can use a server, step by step. It only reads."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from importlib import metadata
from typing import Any

from cloudtrack import clock
from cloudtrack.errors import CloudtrackError
from cloudtrack.maintenance.checkup import Check, timed
from cloudtrack.remote.connection import Connection

_WHO = "/api/2.0/cloudtrack/ui-config"
_TIMEOUT_S = 30
_CLOCK_SKEW_S = 120
"""Signed URLs and tokens live for minutes at least."""


class ServerCheckup:
    """Asks a server what it can do for this login, and what it would do for a stranger."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._told: dict[str, Any] = {}

    def run(self) -> list[Check]:
        """All steps, in order; only the first where the server does not answer."""
        answers = timed("answers", self._answers)
        if not answers.ok:
            return [answers]
        steps: list[tuple[str, Callable[[], str]]] = [
            ("version", self._version),
            ("login", self._login),
            ("strangers", self._strangers),
            ("clock", self._clock),
            ("experiments", self._experiments),
            ("registered models", self._models),
            ("files", self._files),
        ]
        return [answers, *(timed(name, step) for name, step in steps)]

    def _answers(self) -> str:
        self._told = self._connection.get("/api/3.0/mlflow/server-info")
        return "answers"

    def _version(self) -> str:
        theirs = str(self._connection.get("/openapi.json").get("info", {}).get("version", "an unknown version"))
        ours = metadata.version("cloudtrack")
        return f"cloudtrack {ours} here and there" if theirs == ours else f"cloudtrack {theirs} there, {ours} here"

    def _login(self) -> str:
        told = self._connection.get(_WHO)
        role = ", an administrator" if told.get("is_admin") else ""
        return f"known as {told.get('user')!r}{role}"

    def _strangers(self) -> str:
        status, _ = self._as_stranger()
        if status in {401, 403}:
            return "refused"
        if status == 200:
            return "let in: whoever reaches the server may do everything (`cloudtrack server --auth` asks for logins)"
        raise CloudtrackError(f"a request without a login is answered with {status}, not 401: look at the server's log")

    def _clock(self) -> str:
        _, date = self._as_stranger()
        if not date:
            return "the server does not tell its time"
        skew_s = round(clock.now_ms() / 1000 - parsedate_to_datetime(date).timestamp())
        if abs(skew_s) > _CLOCK_SKEW_S:
            raise CloudtrackError(
                f"this machine's clock is {skew_s} s off the server's: set it, or logins expire early"
            )
        return "agrees with the server's"

    def _experiments(self) -> str:
        self._connection.get("/api/2.0/mlflow/experiments/search", max_results=1)
        return "can be read"

    def _models(self) -> str:
        self._connection.get("/api/2.0/mlflow/registered-models/search", max_results=1)
        return "can be read"

    def _files(self) -> str:
        if self._told.get("multipart_uploads_enabled"):
            return "go straight to the bucket, by signed URLs"
        return "go through the server"

    def _as_stranger(self) -> tuple[int, str]:
        """Status and date of an answer to a request without a login."""
        request = urllib.request.Request(self._connection.url + _WHO)  # noqa: S310 - the user's own server
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                return answer.status, answer.headers.get("date", "")
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("date", "")
        except OSError as error:
            raise CloudtrackError(f"the server did not answer a request without a login ({error})") from error

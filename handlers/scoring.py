"""A model behind a function URL: the application of ``cloudtrack models serve``."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from cloudtrack import config
from cloudtrack.api.errors import ApiError
from cloudtrack.api.message import Request, Response
from cloudtrack.errors import CloudtrackError, InvalidInput
from cloudtrack.scoring.app import ScoringApp
from cloudtrack.scoring.following import Follower
from cloudtrack.scoring.served import ModelSource
from handlers.exchange import exchange
from handlers.gateway import Event, Result

MODEL_URI = "CLOUDTRACK_MODEL_URI"
_log = logging.getLogger("cloudtrack.scoring")
_log.setLevel(logging.INFO)


class Scoring:
    """The handler. The model is that of CLOUDTRACK_MODEL_URI, in the store of CLOUDTRACK_URI.

    Where the URI is a stage, an alias or ``latest``, requests look every few seconds whether it has moved: Lambda
    freezes threads between requests. A store that does not answer changes nothing in what is served.
    """

    def __init__(self) -> None:
        self._source = ModelSource(config.environment().get(MODEL_URI, ""))
        self._app: ScoringApp | None = None
        self._follower: Follower | None = None
        with contextlib.suppress(ApiError):  # while a function starts, AWS gives it a whole processor
            self._loaded()

    def __call__(self, event: Event, _context: Any) -> Result:
        """The result for one event, and a line in the log."""
        return exchange(event, self._answer, for_less="send fewer rows")

    def _answer(self, request: Request) -> Response:
        try:
            app = self._loaded()
        except ApiError as error:
            return error.response()
        if self._follower is not None:
            self._follower.look_when_due()
        return app(request)

    def _loaded(self) -> ScoringApp:
        """The application, made once. Raises ApiError: then the next request tries again."""
        if self._app is None:
            try:
                self._app = self._load()
            except CloudtrackError as error:
                _log.error("the model cannot be loaded: %s", error.message)
                raise _unavailable(error.message) from error
            except Exception as error:  # a model may raise anything
                _log.exception("the model cannot be loaded")
                raise _unavailable("the log of the function has the cause") from error
        return self._app

    def _load(self) -> ScoringApp:
        if not self._source.uri:
            raise InvalidInput(f"{MODEL_URI} names no model, such as models:/<name>/Production")
        served = self._source.load(self._source.resolve())
        app = ScoringApp(served.model, served.place)
        if self._source.is_moving:
            self._follower = Follower(self._source, app.serve, served.place)
        return app


def _unavailable(reason: str) -> ApiError:
    return ApiError("TEMPORARILY_UNAVAILABLE", f"the model cannot be loaded: {reason}")


handler = Scoring()

"""A Lambda function that serves some domains of the API."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any

from cloudtrack import config
from cloudtrack.access.access import Access
from cloudtrack.api.app import App
from cloudtrack.api.endpoint import Domain
from cloudtrack.api.errors import api_error
from cloudtrack.api.message import Request, Response
from cloudtrack.api.settings import ArtifactRoute, Settings
from cloudtrack.client import Client
from cloudtrack.errors import CloudtrackError
from cloudtrack.registry.chain import OnCommit
from handlers.exchange import exchange
from handlers.gateway import Event, Result

_log = logging.getLogger("cloudtrack.requests")


class Function:
    """The handler. The store is that of CLOUDTRACK_URI, which must exist: no request makes one."""

    def __init__(
        self,
        *domains: Domain,
        on_commit: OnCommit | None = None,
        then: Callable[[Request, Response], None] | None = None,
    ) -> None:
        """``on_commit`` is told of each event that a request commits to the registry.

        ``then`` is called with each request and its answer, before the answer is sent.
        """
        self._domains = domains
        self._on_commit = on_commit
        self._then = then
        self._app: App | None = None
        with contextlib.suppress(CloudtrackError):  # while a function starts, AWS gives it a whole processor
            self._opened()

    def __call__(self, event: Event, _context: Any) -> Result:
        """The result for one event, and a line in the log."""
        return exchange(event, self._answer)

    def _answer(self, request: Request) -> Response:
        try:
            app = self._opened()
        except CloudtrackError as error:
            _log.error("the store cannot be opened: %s", error.message)
            return api_error(error).response()
        response = app(request)
        if self._then is not None:
            self._then(request, response)
        return response

    def _opened(self) -> App:
        """The application, made once. Raises CloudtrackError: then the next request tries again."""
        if self._app is None:
            client = Client(create=False)
            for indexes in client.indexes:
                indexes.compacts = False  # a function of its own does, and this one may not
            if self._on_commit is not None:
                client.on_commit.append(self._on_commit)
            artifacts = ArtifactRoute(config.environment().get("CLOUDTRACK_ARTIFACTS", ArtifactRoute.PRESIGNED))
            self._app = App(
                client, access=Access(client.store), settings=Settings(artifacts=artifacts), domains=self._domains
            )
        return self._app

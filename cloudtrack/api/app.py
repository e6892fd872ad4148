"""The application: one function from a request to a response, over one store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import replace

from cloudtrack.access.access import Access
from cloudtrack.access.tickets import Tickets
from cloudtrack.api.context import Context, Owners
from cloudtrack.api.endpoint import Domain, Endpoint, Routes
from cloudtrack.api.endpoints import ENDPOINTS
from cloudtrack.api.errors import ApiError, api_error
from cloudtrack.api.fields import RequestModel
from cloudtrack.api.locations import Locations
from cloudtrack.api.message import Request, Response, json_response
from cloudtrack.api.parsing import MAX_BODY_BYTES, parse_request
from cloudtrack.api.permissions import authorize, check_login
from cloudtrack.api.settings import Settings
from cloudtrack.client import Client
from cloudtrack.errors import CloudtrackError
from cloudtrack.remote.wire import ERROR_HEADER

_log = logging.getLogger(__name__)


class App:
    """Answers requests over one store; any thread may call it.

    ``access`` guards the store: every request needs a principal and its permissions. Without it everyone
    may do everything, which is for a server on one's own machine. ``domains`` cuts the endpoints down to
    those of one function.
    """

    def __init__(
        self,
        client: Client,
        *,
        access: Access | None = None,
        settings: Settings | None = None,
        domains: Collection[Domain] = tuple(Domain),
    ) -> None:
        self.client = client
        self.settings = settings or Settings()
        self._access = access
        self._owners = Owners(client)
        self._tickets = Tickets(client.store)
        self._locations = Locations(client.uri, direct=self.settings.gives_bucket_uris)
        self._routes = Routes(endpoint for endpoint in ENDPOINTS if endpoint.domain in domains)

    def __call__(self, request: Request) -> Response:
        """The answer; an exception never leaves here."""
        return self._safely(self._answer, request) or Response()

    def refusal(self, request: Request) -> Response | None:
        """The answer to a request that may not be, whatever its body is; None where the body is to be read."""
        return self._safely(lambda asked: self._admitted(asked) and None, request)

    def _safely(self, work: Callable[[Request], Response | None], request: Request) -> Response | None:
        try:
            return work(request)
        except ApiError as error:
            return _with_kind(error.response(), error.__cause__)
        except CloudtrackError as error:
            answer = api_error(error, self.client.uri)
            if answer.message not in error.message:  # it says too much of the store to be sent
                _log.error("request %s: %s", request.request_id, error.message)
            return _with_kind(answer.response(), error)
        except Exception:  # noqa: BLE001 - one request must not end a server; its log has the trace
            _log.exception("request %s: %s %s failed", request.request_id, request.method, request.path)
            text = f"the server failed; its log has the cause under request id {request.request_id or '-'}"
            return ApiError("INTERNAL_ERROR", text).response()

    def body_limit(self, method: str, path: str) -> int | None:
        """The largest body in bytes that a request may have; None for a file, which is streamed."""
        endpoint = self._routes.find(path)[0].get(method)
        return None if endpoint is not None and endpoint.streamed else MAX_BODY_BYTES

    def _answer(self, request: Request) -> Response:
        endpoint, context, parameters = self._admitted(request)
        answer = endpoint.answer(context, parameters)
        return answer if isinstance(answer, Response) else json_response(answer or {})

    def _admitted(self, request: Request) -> tuple[Endpoint, Context, RequestModel]:
        """What a request asks for, where it may. Raises ApiError, CloudtrackError."""
        endpoint, path_parameters = self._find(request)
        context = Context(
            self.client,
            request,
            access=self._access,
            owners=self._owners,
            locations=self._locations,
            settings=self.settings,
            tickets=self._tickets,
        )
        check_login(endpoint, context)
        parameters = parse_request(request, endpoint, path_parameters)
        authorize(endpoint, context, parameters)
        return endpoint, context, parameters

    def _find(self, request: Request) -> tuple[Endpoint, dict[str, str]]:
        methods, path_parameters = self._routes.find(request.path)
        endpoint = methods.get("GET" if request.method == "HEAD" else request.method)
        if endpoint is None:
            shown = f"{request.method} {request.path[:200]}"
            if methods:
                allowed = ", ".join(sorted(methods))
                text = f"{shown}: this path takes {allowed}"
                raise ApiError("ENDPOINT_NOT_FOUND", text, status=405, headers={"allow": allowed})
            raise ApiError("ENDPOINT_NOT_FOUND", f"{shown}: there is no such endpoint; /openapi.json lists them")
        return endpoint, path_parameters


def _with_kind(response: Response, cause: BaseException | None) -> Response:
    """The answer, and for cloudtrack's own client the kind of error, which MLflow's codes do not tell apart."""
    if not isinstance(cause, CloudtrackError):
        return response
    return replace(response, headers={**response.headers, ERROR_HEADER: cause.kind})

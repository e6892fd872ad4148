"""Says who sends a request: API Gateway asks before it calls any other function, and remembers the answer.

Only this function may read tokens. Whatever goes wrong, nobody is let in: a token that is not valid is refused,
and when the store or the issuer does not answer, the error becomes a 500 that API Gateway does not remember.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from cloudtrack import config
from cloudtrack.access.authentication import Authenticator
from cloudtrack.access.opening import open_authenticator
from cloudtrack.errors import Unauthenticated
from cloudtrack.storage.opening import open_store
from handlers.gateway import Event, Result, authorization_of, authorizer_result_of


def handler(event: Event, _context: Any) -> Result:
    """The answer of an authorizer with simple responses. Raises Unavailable."""
    try:
        return authorizer_result_of(_authenticator().authenticate(authorization_of(event)))
    except Unauthenticated:
        return authorizer_result_of(None)


@cache
def _authenticator() -> Authenticator:
    return open_authenticator(open_store(config.store_uri()))

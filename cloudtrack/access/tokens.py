"""API tokens: random secrets, each proving a principal.

A token has 256 random bits, so its SHA-256 is no help in finding it. The store keeps the digest alone,
as the key of the token's document: to look one up is to read that key, and no secret is compared.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Sequence

from cloudtrack import clock, ids
from cloudtrack.access import keys
from cloudtrack.access.api_token import ApiToken, TokenInfo
from cloudtrack.access.principal import Principal, check_group_name, check_principal_name, check_remark
from cloudtrack.errors import CorruptData, InvalidInput, NotFound, ObjectNotFound
from cloudtrack.storage.document import DocumentStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order

TOKEN_PREFIX = "ctk_"  # noqa: S105 - how tokens begin
_TOKEN = re.compile(r"ctk_[\w\-]{43}", re.ASCII)
_ID_DIGITS = 12
_TOKEN_ID = re.compile(rf"[0-9a-f]{{{_ID_DIGITS}}}")
_LATEST_MS = 253_402_300_799_999
"""The end of the year 9999: later times cannot be shown."""

_log = logging.getLogger(__name__)


class Tokens:
    """The API tokens of one store."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._documents = DocumentStore(store, ApiToken)

    def create(
        self,
        principal: str,
        *,
        admin: bool = False,
        groups: Sequence[str] = (),
        expires_in_s: float | None = None,
        description: str = "",
        created_by: str = "",
    ) -> tuple[str, TokenInfo]:
        """A new token, which nobody can read again, and what is kept about it. Raises InvalidInput."""
        token = ids.new_api_token()
        digest = _digest(token)
        now = clock.now_ms()
        document = ApiToken(
            token_id=digest[:_ID_DIGITS],
            principal=check_principal_name(principal),
            admin=admin,
            groups=[check_group_name(group) for group in groups],
            created=now,
            expires=None if expires_in_s is None else _expiry(now, expires_in_s),
            description=check_remark("the description", description),
            created_by=check_remark("the name of the token's maker", created_by),
        )
        return token, self._documents.create(keys.token(digest), document).document.to_info()

    def find(self, token: str) -> Principal | None:
        """Whom a token proves; None, whatever the reason, where it is no login. One request."""
        if not _TOKEN.fullmatch(token):
            return None
        document = self._read(keys.token(_digest(token)))
        if document is None or document.to_info().state(clock.now_ms()) != "active":
            return None
        return document.to_principal()

    def revoke(self, token_id: str) -> None:
        """End a token for ever; once is enough. Raises NotFound."""
        is_id = _TOKEN_ID.fullmatch(token_id)
        found = [info.key for info in self._store.list(keys.TOKENS + token_id)] if is_id else []
        if not found:
            raise NotFound(f"there is no API token with id {token_id[:60]!r}: list the tokens to see their ids")

        def end(document: ApiToken) -> bool | None:
            if document.revoked is not None:
                return False
            document.revoked = clock.now_ms()
            return None

        for key in found:
            self._documents.update(key, end)

    def list(self) -> list[TokenInfo]:
        """All tokens, oldest first, also those that are no login any more. One request for each."""
        found = map_in_order(self._read, [info.key for info in self._store.list(keys.TOKENS)])
        infos = [document.to_info() for document in found if document is not None]
        return sorted(infos, key=lambda info: (info.created, info.token_id))

    def _read(self, key: str) -> ApiToken | None:
        try:
            return self._documents.get(key).document
        except ObjectNotFound:
            return None
        except CorruptData as error:  # no login, and it must not hide the others
            _log.warning("an API token is left out: %s", error)
            return None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _expiry(now_ms: int, seconds: float) -> int:
    if not 0 < seconds * 1000 <= _LATEST_MS - now_ms:
        raise InvalidInput(
            f"a token cannot expire after {seconds} seconds: give a time from now on, before the year 9999"
        )
    return now_ms + round(seconds * 1000)

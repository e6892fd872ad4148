"""Tickets: what lets a browser load one file for some minutes, where it cannot send a token.

An address in a page's ``src`` carries no Authorization header. Whoever may read the file is given an address with a
ticket, which is good for that file alone and says nothing of who asked: as a signed URL of S3. It is an HMAC-SHA256
under a key that the store keeps, so that any process of any server takes it; deleting the key ends all tickets.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading

from cloudtrack import clock, ids
from cloudtrack.access import keys
from cloudtrack.errors import CorruptData, ObjectExists, ObjectNotFound, Unauthenticated
from cloudtrack.storage.object_store import ObjectStore

LIFETIME_S = 300
_LEAST_KEY_BYTES = 32


class Tickets:
    """The tickets of one store. Any thread may use it."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._key = b""

    def issue(self, subject: str) -> str:
        """A ticket for a subject, good for ``LIFETIME_S`` seconds. The first one of a store writes its key."""
        until_s = clock.now_ms() // 1000 + LIFETIME_S
        return f"{until_s}.{self._mac(until_s, subject)}"

    def check(self, ticket: str, subject: str) -> None:
        """Raises Unauthenticated where the ticket is not for the subject, or not any more."""
        until, _, mac = ticket.partition(".")
        until_s = int(until) if until.isascii() and until.isdecimal() and len(until) <= 12 else 0
        is_good = bool(until_s) and hmac.compare_digest(
            mac.encode(errors="replace"), self._mac(until_s, subject).encode()
        )
        if not is_good or clock.now_ms() // 1000 > until_s:
            raise Unauthenticated("the address has no ticket for this file, or one that has expired: ask for a new one")

    def _mac(self, until_s: int, subject: str) -> str:
        digest = hmac.new(
            self._secret(), f"{until_s}\0{subject}".encode(errors="surrogatepass"), hashlib.sha256
        ).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _secret(self) -> bytes:
        with self._lock:
            if not self._key:
                self._key = self._read()
            return self._key

    def _read(self) -> bytes:
        try:
            body = self._store.get(keys.TICKET_KEY).body
        except ObjectNotFound:
            body = ids.new_ticket_key().encode()
            try:
                self._store.create(keys.TICKET_KEY, body)
            except ObjectExists as first:
                body = first.body
        if len(body) < _LEAST_KEY_BYTES:
            raise CorruptData(f"{keys.TICKET_KEY!r} is no key: delete it, and a new one is made")
        return body

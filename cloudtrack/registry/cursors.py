"""Places in the feed: of each model, the number of the last event that was read.

A token has the numbers that changed since a *base*, a map that is stored once under the SHA-256 of its bytes. While
all numbers fit into the token there is no base; a consumer of a large store writes one now and then, and not each time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic_core import from_json, to_json

from cloudtrack.errors import CorruptData, InvalidInput, NotFound, ObjectNotFound, PermissionDenied
from cloudtrack.registry import keys
from cloudtrack.storage.object_store import ObjectStore

FORMAT = "cloudtrack.feed-cursor/1"
LONGEST_TOKEN = 1500
"""Characters; of a reader who may not write to the store it may be longer."""
_MOST_BYTES = 16 << 20
_BASES = 16
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Cursor:
    """A place in the feed. Models are segments of keys."""

    base_name: str = ""
    base: Mapping[str, int] = field(default_factory=dict)
    since: Mapping[str, int] = field(default_factory=dict)
    """What differs from the base."""

    def number(self, segment: str) -> int:
        """The last event of a model that was read; 0 for none."""
        return self.since.get(segment) or self.base.get(segment, 0)

    def moved(self, numbers: Mapping[str, int]) -> Cursor:
        """The place after more events, given by the last of each model; a place never goes back."""
        later = {segment: number for segment, number in numbers.items() if number > self.number(segment)}
        return Cursor(self.base_name, self.base, {**self.since, **later})


class Cursors:
    """The cursors of one store, as tokens and back."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._base = lru_cache(_BASES)(self._read_base)

    def load(self, token: str) -> Cursor:
        """The place that a token means. Raises InvalidInput; NotFound where its base is not in this store."""
        content = _unpacked(token)
        base_name = content["base"]
        return Cursor(base_name, self._base(base_name) if base_name else {}, content["since"])

    def token(self, cursor: Cursor) -> str:
        """The token of a place; stores a base where it would be long."""
        token = _packed(cursor)
        if len(token) <= LONGEST_TOKEN:
            return token
        body = to_json({"format": FORMAT, "events": dict(sorted({**cursor.base, **cursor.since}.items()))})
        base_name = hashlib.sha256(body).hexdigest()
        try:
            self._store.create(keys.feed_cursor(base_name), body)
        except PermissionDenied:  # who may only read has a long token
            return token
        return _packed(Cursor(base_name))

    def _read_base(self, base_name: str) -> Mapping[str, int]:
        key = keys.feed_cursor(base_name)
        try:
            content = from_json(self._store.get(key).body)
        except ObjectNotFound as error:
            raise NotFound("this store has no such cursor: it belongs to another store, or was deleted") from error
        except ValueError as error:
            raise CorruptData(f"{key!r} is no cursor of the feed") from error
        if not isinstance(content, dict) or content.get("format") != FORMAT or not _are_numbers(content.get("events")):
            raise CorruptData(f"{key!r} is no cursor of the feed that this version reads")
        events: dict[str, int] = content["events"]
        return events


def _packed(cursor: Cursor) -> str:
    content = to_json({"base": cursor.base_name, "since": dict(sorted(cursor.since.items()))})
    return base64.urlsafe_b64encode(zlib.compress(content, 9)).rstrip(b"=").decode()


def _unpacked(token: str) -> dict[str, Any]:
    try:
        packed = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        content = from_json(zlib.decompressobj().decompress(packed, _MOST_BYTES))
    except (ValueError, binascii.Error, zlib.error):
        content = None
    if (
        not isinstance(content, dict)
        or not isinstance(content.get("base"), str)
        or (content["base"] and not _SHA256.fullmatch(content["base"]))
        or not _are_numbers(content.get("since"))
    ):
        raise InvalidInput(f"{token[:60]!r} is no cursor: it is 'start', 'now', or what reading the feed gave")
    return content


def _are_numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(type(number) is int and number >= 0 for number in value.values())

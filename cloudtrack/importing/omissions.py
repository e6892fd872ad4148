"""What an import leaves out, and why: nothing is lost in silence."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from cloudtrack.entities.names import check_key_name
from cloudtrack.errors import InvalidInput

T = TypeVar("T")

_MOST_EXAMPLES = 5


@dataclass
class Omission:
    """Things of one kind that were left out for one reason, the first of them by name."""

    kind: str
    reason: str
    is_failure: bool
    count: int = 0
    examples: list[str] = field(default_factory=list)


class Omissions:
    """Collects them, from many threads."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Omission] = {}
        self._lock = threading.Lock()

    def add(self, kind: str, name: str, reason: str, *, count: int = 1, is_failure: bool = False) -> None:
        """``is_failure`` is for what should have come, and did not."""
        if not count:
            return
        with self._lock:
            found = self._found.setdefault((kind, reason), Omission(kind, reason, is_failure))
            found.count += count
            if name and len(found.examples) < _MOST_EXAMPLES:
                found.examples.append(name)

    def allowed(self, kind: str, owner: str, texts: Mapping[str, T]) -> dict[str, T]:
        """What has a key that a param, tag or metric (``kind``) may have; the others are left out."""
        found = {}
        for key, value in texts.items():
            try:
                found[check_key_name(kind, key)] = value
            except InvalidInput as error:
                self.add(f"{kind}s", owner, error.message, is_failure=True)
        return found

    def listed(self) -> list[Omission]:
        """All of them, by kind."""
        with self._lock:
            return [self._found[key] for key in sorted(self._found)]

"""Ids that a server gave to what has others here, and texts that name them."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field

_ID = re.compile(r"(?<![0-9a-f])(?:m-)?[0-9a-f]{32}(?![0-9a-f])")
_OF_MLFLOW = "mlflow."


@dataclass
class NewIds:
    """From the ids of runs and logged models here to those there. May be used by many threads."""

    there: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, here: str, there: str) -> None:
        """Note one."""
        with self._lock:
            self.there[here] = there

    def get(self, here: str) -> str:
        """The id there; "" where it has none."""
        return self.there.get(here, "")

    def rewritten(self, text: str) -> str:
        """A text with the ids there for those here; others stay."""
        return _ID.sub(lambda found: self.there.get(found[0], found[0]), text)

    def tags(self, tags: dict[str, str], without: tuple[str, ...]) -> dict[str, str]:
        """Tags; those of MLflow, which name runs and models (``mlflow.parentRunId``), with the ids there."""
        return {
            key: self.rewritten(value) if key.startswith(_OF_MLFLOW) else value
            for key, value in tags.items()
            if key not in without
        }

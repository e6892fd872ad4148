"""One scoring request of the corpus."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

JSON = "application/json"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"


@dataclass(frozen=True)
class Ask:
    """A request; ``body`` is sent as it is where it is bytes or text, else as JSON."""

    name: str
    body: Any = b""
    content_type: str | None = JSON
    method: str = "POST"
    path: str = "/invocations"

    def headers(self) -> dict[str, str]:
        """Its headers."""
        return {"content-type": self.content_type} if self.content_type is not None else {}

    def sent(self) -> bytes:
        """Its body."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()

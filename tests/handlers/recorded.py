"""Events of API Gateway, payload format 2.0, as its developer guide and its captures show them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def event(name: str) -> dict[str, Any]:
    """A fresh copy of a recorded event."""
    path = Path(__file__).with_name("events") / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found

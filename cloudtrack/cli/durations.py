"""How long something lasts, as people write it."""

from __future__ import annotations

import re

import typer

_DURATION = re.compile(r"([0-9]{1,9})([mhd])")
_SECONDS = {"m": 60, "h": 3600, "d": 86400}


def seconds(duration: str) -> int:
    """From ``30m``, ``6h`` or ``90d``."""
    match = _DURATION.fullmatch(duration)
    if not match:
        raise typer.BadParameter(f"{duration!r} is not a duration: write 30m, 6h or 90d")
    return int(match[1]) * _SECONDS[match[2]]

"""How much is tried at random: an eighth in ``make test``, all of it in ``make test-all``."""

from __future__ import annotations

import os

IS_THOROUGH = bool(os.environ.get("CLOUDTRACK_THOROUGH"))


def examples(count: int) -> int:
    """So many, or an eighth of it."""
    return count if IS_THOROUGH else max(1, count // 8)

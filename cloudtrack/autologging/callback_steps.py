"""Every n-th of something."""

from __future__ import annotations


class Steps:
    """Counts, from 1, and says which steps are logged; none where ``every`` is None."""

    def __init__(self, every: int | None) -> None:
        self._every = every
        self.count = 0

    def next_is_due(self) -> bool:
        """Count one; whether it is logged."""
        self.count += 1
        return self._every is not None and self.count % self._every == 0

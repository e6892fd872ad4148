"""Trying a request again: a bounded number of times, with full jitter.

Source: "Exponential Backoff And Jitter", AWS Architecture Blog; and the S3 guide on error responses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cloudtrack import clock, ids


class Transient(Exception):
    """An attempt that may succeed when repeated.

    ``may_have_landed`` is False only where the answer says that nothing was done.
    """

    def __init__(self, reason: str, *, may_have_landed: bool = True) -> None:
        super().__init__(reason)
        self.may_have_landed = may_have_landed


@dataclass(frozen=True)
class RetryPolicy:
    """How often, and how long, a request is repeated."""

    attempts: int = 10
    first_pause_s: float = 0.05
    longest_pause_s: float = 4.0
    deadline_s: float = 30.0

    def tries(self, *, briefly: bool = False) -> Iterator[int]:
        """1, 2, 3 ... with a pause before each but the first; ends with the attempts or the time.

        ``briefly`` stands for a store that has just been given up: two attempts tell whether it is back.
        """
        began = clock.monotonic()
        yield 1
        for number in range(2, (2 if briefly else self.attempts) + 1):
            clock.sleep(ids.jitter(min(self.longest_pause_s, self.first_pause_s * 2**number)))
            if clock.monotonic() - began > self.deadline_s:
                return
            yield number

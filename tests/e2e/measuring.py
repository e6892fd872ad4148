"""Processor time of a page's main thread, and what of it depends on neither the machine nor what else it does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_YARDSTICK_MS = 35.0
"""The least that the yardstick took on the machine on which the gates were set."""

# A little of all that a page does: sort and group values, make text of them, put elements in, lay them out.
_YARDSTICK = """() => {
  const values = Array.from({length: 40_000}, (_, n) => ({key: `k${n % 97}`, value: (n * 7919) % 40_009}));
  values.sort((one, other) => one.value - other.value);
  const groups = new Map();
  for (const {key, value} of values) groups.set(key, (groups.get(key) ?? '') + value.toFixed(2));
  const host = document.createElement('div');
  host.style.cssText = 'position: fixed; left: -9999px; width: 400px; contain: strict; height: 400px; overflow: hidden';
  for (const {key, value} of values.slice(0, 1500)) {
    const cell = document.createElement('span');
    cell.textContent = `${key} ${value.toPrecision(4)}`;
    host.append(cell, ' ');
  }
  document.body.append(host);
  const height = host.scrollHeight;
  host.remove();
  return height + groups.size;
}"""


@dataclass
class Spent:
    """Milliseconds of processor time, once the block has ended."""

    ms: float = 0.0


def cpu_s(session: Any) -> float:
    """Seconds that the tasks of the main thread have run. Source: CDP's Performance domain, in ``threadTicks``."""
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


@contextmanager
def cdp_cpu(page: Any) -> Iterator[Spent]:
    """Measure what happens to a page in this block: ``with cdp_cpu(page) as spent: ...``, then ``spent.ms``."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    spent = Spent()
    began = cpu_s(session)
    yield spent
    spent.ms = (cpu_s(session) - began) * 1000
    session.detach()


class Meter:
    """What one thing costs a page: the least of several tries, beside the least of a fixed piece of work.

    A thread's milliseconds are longer on a slower processor, and while the other half of its core is at work. The
    yardstick is done in the same page after each try, so that ``ms`` is as on the machine where the gates were set::

        sorting = Meter(page)
        for _ in range(TRIES):
            with sorting.measured():
                head.click()
        assert sorting.ms <= 120
    """

    def __init__(self, page: Any) -> None:
        self._page = page
        self._tries_ms: list[float] = []
        self._yardsticks_ms: list[float] = []

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Try once."""
        with cdp_cpu(self._page) as spent:
            yield
        self._tries_ms.append(spent.ms)
        for _ in range(2):
            with cdp_cpu(self._page) as spent:
                self._page.evaluate(_YARDSTICK)
            self._yardsticks_ms.append(spent.ms)

    @property
    def ms(self) -> float:
        """Milliseconds of processor time on the machine where the gates were set."""
        return min(self._tries_ms) * _YARDSTICK_MS / min(self._yardsticks_ms)

    def __str__(self) -> str:
        tries, yardsticks = (", ".join(f"{ms:.0f}" for ms in each) for each in (self._tries_ms, self._yardsticks_ms))
        return f"{self.ms:.0f} ms (tries {tries}; yardsticks {yardsticks})"

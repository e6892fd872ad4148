"""System metrics of runs: a thread looks at the machine while a run goes on.

Samples are kept for up to a minute and then logged together, with their own times: they cost the store at most
one write a minute beside those of the run. Names and meanings are MLflow's:
https://mlflow.org/docs/latest/ml/tracking/system-metrics/.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cloudtrack import clock, config
from cloudtrack.errors import InvalidInput
from cloudtrack.fluent.system_probes import Probe, open_probes, tell_once
from cloudtrack.tracking.run_writer import RunWriter

_HAND_OVER_S = 60.0


@dataclass
class _Chosen:
    """What the program chose; None where the environment decides."""

    is_enabled: bool | None = None
    interval_s: float | None = None
    samples: int | None = None
    node_id: str | None = None


_chosen = _Chosen()


def enable_system_metrics_logging() -> None:
    """Runs that start from now on have system metrics, unless ``start_run`` says otherwise."""
    _chosen.is_enabled = True


def disable_system_metrics_logging() -> None:
    """Runs that start from now on have none, unless ``start_run`` says otherwise."""
    _chosen.is_enabled = False


def set_system_metrics_sampling_interval(interval: float | None) -> None:
    """Seconds between two looks at the machine, 10 by default; None for the default."""
    if interval is not None and interval <= 0:
        raise InvalidInput(f"the sampling interval is {interval!r}; it is a number of seconds above 0")
    _chosen.interval_s = interval


def set_system_metrics_samples_before_logging(samples: int | None) -> None:
    """How many looks become one point, their mean; 1 by default, as for None."""
    if samples is not None and samples < 1:
        raise InvalidInput(f"the number of samples before logging is {samples!r}; it is at least 1")
    _chosen.samples = samples


def set_system_metrics_node_id(node_id: str | None) -> None:
    """The name of this machine or rank in names of metrics, ``system/<node id>/...``; None for the environment's."""
    _chosen.node_id = node_id


def is_wanted(asked: bool | None) -> bool:
    """Whether a run has system metrics, for what ``start_run`` was asked."""
    if asked is not None:
        return asked
    return config.logs_system_metrics() if _chosen.is_enabled is None else _chosen.is_enabled


def start_sampling(writer: RunWriter) -> Sampler | None:
    """Look at the machine until ``stop``; None where nothing can be looked at, of which a warning tells."""
    try:
        probes, (interval_s, samples) = open_probes(), config.system_metrics_sampling()
    except Exception as error:  # noqa: BLE001 - a run starts without them
        tell_once(f"there are no system metrics: {error}")
        return None
    if not probes:
        return None
    sampler = Sampler(
        writer,
        probes,
        interval_s=_chosen.interval_s or interval_s,
        samples=_chosen.samples or samples,
        node_id=_chosen.node_id or config.node_id(),
    )
    sampler.start()
    return sampler


class Sampler:
    """Looks at the machine at intervals, and logs to a run."""

    def __init__(
        self,
        writer: RunWriter,
        probes: Sequence[Probe],
        *,
        interval_s: float,
        samples: int,
        node_id: str = "",
        monotonic: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._writer = writer
        self._probes = list(probes)
        self._interval_s = interval_s
        self._samples = samples
        self._prefix = f"system/{node_id}/" if node_id else "system/"
        self._monotonic = monotonic
        self._process = os.getpid()
        self._seen: list[dict[str, float]] = []
        self._points: list[tuple[str, float, int, int]] = []
        self._step = 0
        self._handed_over = monotonic()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread that keeps no process alive. A forked child has no such thread."""
        self._thread = threading.Thread(target=self._loop, name="cloudtrack-system-metrics", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and log what is left: a run shorter than the interval has one point. Nothing in a forked child."""
        self._ending.set()
        if os.getpid() != self._process:
            return
        if self._thread is not None:
            self._thread.join()
        if not self._step and not self._seen:
            self.sample()
        self._make_points()
        self._hand_over()

    def sample(self) -> None:
        """Look once. A probe that fails is told of, and the others go on."""
        found: dict[str, float] = {}
        for probe in self._probes:
            try:
                found.update(probe())
            except Exception as error:  # noqa: BLE001 - a run goes on without a figure
                tell_once(f"system metrics lack what {type(probe).__name__} sees: {type(error).__name__}: {error}")
        self._seen.append(found)
        if len(self._seen) >= self._samples:
            self._make_points()
        if self._monotonic() - self._handed_over >= _HAND_OVER_S:
            self._hand_over()

    def _loop(self) -> None:
        while not self._ending.wait(self._interval_s):
            self.sample()

    def _make_points(self) -> None:
        """One point of each metric: the mean of what was seen."""
        seen, self._seen = self._seen, []
        at = clock.now_ms()
        for key in dict.fromkeys(key for figures in seen for key in figures):
            values = [figures[key] for figures in seen if key in figures]
            self._points.append((self._prefix + key, sum(values) / len(values), self._step, at))
        self._step += bool(seen)

    def _hand_over(self) -> None:
        points, self._points = self._points, []
        self._handed_over = self._monotonic()
        try:
            for key, value, step, at in points:
                self._writer.log_metric(key, value, step, at)
        except Exception as error:  # noqa: BLE001 - a run that has ended meanwhile, or a node id that is no name
            tell_once(f"system metrics are not logged: {error}")

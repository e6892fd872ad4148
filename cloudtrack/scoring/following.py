"""Serving whatever version a stage or an alias points to, without a restart."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from cloudtrack import clock
from cloudtrack.errors import CloudtrackError
from cloudtrack.scoring.served import ModelSource, Place, ServedModel

INTERVAL_S = 5.0
"""How often the registry is asked."""
_LONGEST_WAIT_S = 60.0
_log = logging.getLogger("cloudtrack.scoring")


class Follower:
    """Loads the version a URI has come to mean, and hands it over when it is ready to predict.

    It looks in a thread of its own, from ``start`` to ``stop``; or, in a process that is frozen between requests, at
    these: ``look_when_due``. A version that cannot be loaded, and a store that does not answer, are logged and asked
    for again, ever more rarely; the version served so far goes on.
    """

    def __init__(
        self,
        source: ModelSource,
        serve: Callable[[ServedModel], None],
        serving: Place,
        *,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._source = source
        self._serve = serve
        self._serving = serving
        self._interval_s = interval_s
        self._wait_s = interval_s
        self._looked_ms = clock.now_ms()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cloudtrack-follower", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more. A load under way is not waited for."""
        self._stop.set()

    def look(self) -> bool:
        """Look once; whether another version is served now. Raises what resolving and loading raise."""
        place = self._source.resolve()
        if place == self._serving:
            return False
        self._serve(self._source.load(place))
        _log.info("serving %s instead of %s", place.uri, self._serving.uri)
        self._serving = place
        return True

    def look_when_due(self) -> None:
        """Look, where the last time is long enough ago. What goes wrong is logged."""
        if abs(clock.now_ms() - self._looked_ms) >= self._wait_s * 1000:  # other clocks may stop with the process
            self._try_to_look()

    def _run(self) -> None:
        while not self._stop.wait(self._wait_s):
            self._try_to_look()

    def _try_to_look(self) -> None:
        try:
            self.look()
            self._wait_s = self._interval_s
        except Exception as error:  # noqa: BLE001 - what is served goes on, whatever the new version does
            self._wait_s = min(2 * self._wait_s, max(_LONGEST_WAIT_S, self._interval_s))
            reason = error.message if isinstance(error, CloudtrackError) else f"{type(error).__name__}: {error}"
            _log.warning("still serving %s; looking again in %.0f s: %s", self._serving.uri, self._wait_s, reason)
        self._looked_ms = clock.now_ms()

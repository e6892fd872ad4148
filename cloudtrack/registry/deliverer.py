"""Delivering to all webhooks of a store, each in a thread of its own: one that hangs holds back no other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from cloudtrack.errors import CloudtrackError
from cloudtrack.registry.deliveries import Deliveries
from cloudtrack.registry.webhooks import Webhook, Webhooks

INTERVAL_S = 5.0
"""Between two looks at the feed, where nobody pokes."""
IDLE_S = 30.0
"""The same where there are no webhooks."""
_AT_ONCE = 64

_log = logging.getLogger("cloudtrack.deliveries")


class Deliverer:
    """Delivers once, or until it is stopped. Any number of them may run on one store."""

    def __init__(self, webhooks: Webhooks, deliveries: Deliveries) -> None:
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="cloudtrack-webhook")
        self._busy: dict[str, Future[int]] = {}
        self._poked = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def deliver(self, may_go_on: Callable[[], bool] = lambda: True) -> int:
        """Send to each webhook what there is to send now; how many messages were taken."""
        return sum(future.result() for future in self._begin(may_go_on))

    def run(self) -> None:
        """Deliver until it is stopped. What fails is logged, and tried again."""
        while not self._stopped.is_set():
            self._poked.clear()
            try:
                self._begin(lambda: not self._stopped.is_set())
            except CloudtrackError as error:
                _log.warning("webhooks are not delivered now: %s", error)
            except Exception:  # noqa: BLE001 - it is tried again
                _log.exception("webhooks are not delivered now")
            self._poked.wait(INTERVAL_S if self._busy else IDLE_S)

    def start(self) -> None:
        """Run in a thread."""
        self._thread = threading.Thread(target=self.run, name="cloudtrack-deliverer", daemon=True)
        self._thread.start()

    def poke(self) -> None:
        """Something has happened: look now."""
        self._poked.set()

    def stop(self) -> None:
        """End; messages under way are finished."""
        self._stopped.set()
        self._poked.set()
        if self._thread is not None:
            self._thread.join()
        self._pool.shutdown()

    def _begin(self, may_go_on: Callable[[], bool]) -> list[Future[int]]:
        """Begin with each webhook that is not being delivered to; one that is, is looked at again afterwards."""
        webhooks = self._webhooks.list()
        ids = {webhook.webhook_id for webhook in webhooks}
        self._busy = {key: future for key, future in self._busy.items() if key in ids or not future.done()}
        begun = []
        for webhook in webhooks:
            before = self._busy.get(webhook.webhook_id)
            if before is not None and not before.done():
                before.add_done_callback(lambda _: self._poked.set())
                continue
            self._busy[webhook.webhook_id] = future = self._pool.submit(self._deliver, webhook, may_go_on)
            begun.append(future)
        return begun

    def _deliver(self, webhook: Webhook, may_go_on: Callable[[], bool]) -> int:
        try:
            return self._deliveries.deliver(webhook, may_go_on)
        except CloudtrackError as error:
            _log.warning("webhook %s (%s) waits: %s", webhook.name, webhook.webhook_id, error)
            return 0
        except Exception:  # noqa: BLE001 - one webhook must not end the others
            _log.exception("webhook %s (%s) waits", webhook.name, webhook.webhook_id)
            return 0

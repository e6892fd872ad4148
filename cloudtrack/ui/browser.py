"""A page of the person's browser, once the server answers."""

from __future__ import annotations

import socket
import threading
import webbrowser

from cloudtrack import clock

_WAIT_S = 30
_INTERVAL_S = 0.1


def open_when_ready(url: str, host: str, port: int) -> None:
    """Open a browser at ``url`` as soon as something listens, in a thread that nobody waits for."""
    threading.Thread(target=_open, args=(url, host, port), daemon=True).start()


def _open(url: str, host: str, port: int) -> None:
    ends = clock.monotonic() + _WAIT_S
    while clock.monotonic() < ends:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            clock.sleep(_INTERVAL_S)
        else:
            webbrowser.open(url)
            return

"""Sending one signed message to a webhook, and to no address inside the network.

A name is resolved once, every address it has is checked, and the connection goes to the one that was
checked, so that a name which resolves to something else a moment later gains nothing. Redirects are not
followed. Source of the wire: https://mlflow.org/docs/latest/ml/webhooks/
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from cloudtrack import clock, ids
from cloudtrack.errors import InvalidInput
from cloudtrack.registry.webhooks import EVENTS, Webhook, WebhookEvent

TIMEOUT_S = 10.0
"""For connecting, and for the whole exchange."""
_MOST_READ = 1000
_EXAMPLE: dict[str, Any] = {
    "name": "example",
    "version": "1",
    "source": "runs:/0123456789abcdef0123456789abcdef/model",
    "run_id": "0123456789abcdef0123456789abcdef",
    "tags": {"example": "yes"},
    "description": "An example",
    "alias": "champion",
    "key": "example",
    "value": "yes",
    "template": "Hello {{name}}",
    "from_stage": "None",
    "to_stage": "Production",
    "archived_versions": [],
    "user": "example",
    "comment": "An example",
    "event_number": 1,
    "members": {"example": "example/1"},
    "to_number": 1,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of sending a message: a status and the beginning of an answer, or what went wrong."""

    status: int | None = None
    body: str = ""
    error: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the other side took the message."""
        return self.status is not None and 200 <= self.status < 300


def example_data(event: WebhookEvent) -> dict[str, Any]:
    """What a message about such an event could say."""
    return {field: _EXAMPLE[field] for field in EVENTS[event.entity, event.action]}


def send_message(
    webhook: Webhook,
    secret: str,
    event: WebhookEvent,
    data: dict[str, Any],
    *,
    allow_private: bool,
    delivery_id: str = "",
    time_ms: int | None = None,
) -> Outcome:
    """Send a message once; what came of it.

    ``allow_private`` lets it go to addresses of this machine and its network. ``delivery_id`` is the same whenever a
    message is sent, and new without; ``time_ms`` is when the event was (ms since the epoch), now without. Raises
    InvalidInput where an address is one of the network's and may not.
    """
    now_ms = clock.now_ms()
    message = {
        "entity": event.entity.lower(),
        "action": event.action.lower(),
        "timestamp": clock.from_ms(now_ms if time_ms is None else time_ms).isoformat(),
        "data": data,
    }
    body = json.dumps(message).encode()
    delivery_id, seconds = delivery_id or ids.new_delivery_id(), str(now_ms // 1000)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "cloudtrack",
        "X-MLflow-Delivery-Id": delivery_id,
        "X-MLflow-Timestamp": seconds,
    }
    if secret:
        headers["X-MLflow-Signature"] = signature(secret, delivery_id, seconds, body)
    url = urlsplit(webhook.url)
    try:
        return _post(url, _checked_address(url, allow_private=allow_private), body, headers)
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        return Outcome(error=f"{type(error).__name__}: {error}"[:_MOST_READ])


def signature(secret: str, delivery_id: str, timestamp: str, body: bytes) -> str:
    """The HMAC-SHA256 of delivery, time and body: ``v1,<base64>``."""
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()


def _checked_address(url: SplitResult, *, allow_private: bool) -> tuple[str, int]:
    """The one address and port to connect to. Raises InvalidInput where any of the name's is not public."""
    port = url.port or (443 if url.scheme == "https" else 80)
    found = socket.getaddrinfo(url.hostname, port, type=socket.SOCK_STREAM)
    addresses = [str(place[0]) for *_, place in found]
    if not allow_private and not all(is_public(address) for address in addresses):
        raise InvalidInput(f"the webhook's host {url.hostname!r} is inside a network; messages go to public hosts only")
    return addresses[0], port


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet, also where it wraps an IPv4 address."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo or (None, None))[1]
        if inner is not None:
            return inner.is_global and not inner.is_multicast
        if parsed in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)))
    return parsed.is_global and not parsed.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _post(url: SplitResult, address: tuple[str, int], body: bytes, headers: dict[str, str]) -> Outcome:
    host = url.hostname or ""
    connection = http.client.HTTPConnection(host, address[1])
    links = [socket.create_connection(address, TIMEOUT_S)]
    too_long = threading.Timer(TIMEOUT_S, _cut, (links,))
    too_long.start()
    try:
        if url.scheme == "https":
            secure = ssl.create_default_context().wrap_socket(
                links[0], server_hostname=host, do_handshake_on_connect=False
            )
            links.append(secure)
            secure.do_handshake()
        connection.sock = links[-1]
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request("POST", target, body, {"Host": url.netloc, **headers})
        answer = connection.getresponse()
        return Outcome(answer.status, answer.read(_MOST_READ).decode(errors="replace"))
    finally:
        too_long.cancel()
        connection.close()
        links[-1].close()


def _cut(links: list[socket.socket]) -> None:
    """End an exchange that takes too long, however often a byte of it comes."""
    with contextlib.suppress(OSError):
        links[-1].shutdown(socket.SHUT_RDWR)

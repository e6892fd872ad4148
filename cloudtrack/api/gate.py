"""What every request passes before it is looked at, and what every answer carries.

A page in somebody's browser can send requests to a server on that machine, and can make its own name
resolve to it. So an open server answers only to its own names, and refuses what another site's page sends.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cloudtrack.api.errors import ApiError
from cloudtrack.api.message import Response

_SAFE_METHODS = ("GET", "HEAD")
_PAGES = ("/", "/index.html")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}


@dataclass(frozen=True)
class Gate:
    """Which names this server answers to; any where there are none."""

    hosts: Collection[str] = field(default_factory=frozenset)

    def check(self, method: str, headers: Mapping[str, str], path: str = "") -> None:
        """Raises ApiError for a request that must not come in. A link on another site may open the web page."""
        if method not in _METHODS:
            raise ApiError("BAD_REQUEST", f"the method {method[:20]} is not used here", status=405)
        host = headers.get("host", "").lower()
        if self.hosts and host not in self.hosts:
            raise ApiError(
                "PERMISSION_DENIED",
                f"this server does not answer to the name {host[:100]!r}; start it with --allowed-host to let it",
            )
        site = headers.get("sec-fetch-site", "none")
        if site not in ("none", "same-origin") and not (path in _PAGES and _opens_tab(method, headers)):
            raise ApiError("PERMISSION_DENIED", "a page of another site may not use this server")
        origin = headers.get("origin")
        if method not in _SAFE_METHODS and origin is not None and _host_of(origin) != host:
            raise ApiError("PERMISSION_DENIED", "a page of another site may not change anything here")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:  # such as of brackets without an address
        return None


def _opens_tab(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser asks for what a whole tab will show; not a frame, and not a script."""
    asked = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest"))
    return method == "GET" and asked == ("navigate", "document")


def local_hosts(port: int) -> frozenset[str]:
    """The names of a server on this machine."""
    names = ("127.0.0.1", "localhost", "[::1]")
    return frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == 80 else frozenset())


def secured(response: Response) -> Response:
    """The answer with the headers that every answer has, where it does not have its own."""
    return Response(response.status, {**_HEADERS, **response.headers}, response.body)

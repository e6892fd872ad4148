"""Where a server is, and where it keeps what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode, urlsplit

from cloudtrack.errors import InvalidInput

MLFLOW = "/api/2.0/mlflow"
PROXY = "/api/2.0/mlflow-artifacts"
OWN = "/api/2.0/cloudtrack"


def checked_address(url: str) -> str:
    """A server's address without a slash at its end. Raises InvalidInput; no message repeats a credential."""
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(
            "the address of a server has no user and password: set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME "
            "and MLFLOW_TRACKING_PASSWORD"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise InvalidInput(
            f"{url!r} is no address of a server: write https://host, with a port and a path where needed"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def target(address: str, path: str, query: Mapping[str, object] | None = None) -> str:
    """A whole URL. In the query lists are repeated, and None is left out."""
    pairs = [(name, item) for name, value in (query or {}).items() for item in _values(value)]
    return f"{address}{path}" + (f"?{urlencode(pairs)}" if pairs else "")


def quoted(path: str) -> str:
    """Text as a part of a URL's path; slashes stay."""
    return quote(path, safe="/")


def _values(value: object) -> Sequence[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]

"""URLs as they may be shown and kept."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def strip_credentials(url: str) -> str:
    """A git remote or other URL without user, password, query and fragment; empty for one that cannot be read."""
    if "://" not in url:
        return url  # a path, or user@host:path, where the user is a login name and no secret
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

"""Where access keeps what, relative to the store."""

from __future__ import annotations

POLICY = "access/policy.json"
TOKENS = "access/tokens/"
TICKET_KEY = "access/ticket-key"
"""The secret that tickets are made with: 64 hexadecimal digits."""


def token(digest: str) -> str:
    """The document of an API token, under the SHA-256 of the token: no key has anything that a user chose."""
    return f"{TOKENS}{digest}.json"

"""From where a store is reached."""

from __future__ import annotations

import dataclasses
from urllib.parse import parse_qs, urlsplit

from cloudtrack.errors import InvalidInput
from cloudtrack.projects.parameters import local_path
from cloudtrack.storage.s3_options import parse_s3_url

_HERE = ("localhost", "127.0.0.1", "::1")


def for_elsewhere(address: str) -> str:
    """The address of a store without what only this machine knows: a profile of the AWS tools."""
    if not address.startswith("s3://"):
        return address
    return dataclasses.replace(parse_s3_url(address, {}), profile="").address


def is_served_here(address: str) -> bool:
    """Whether a store is behind a server that listens for this machine alone."""
    endpoints = parse_qs(urlsplit(address).query).get("endpoint_url", [])
    return any(urlsplit(url).hostname in _HERE for url in (address, *endpoints))


def check_shared(store: str, backend: str) -> None:
    """Raise InvalidInput for a store that only this machine, or this process, has."""
    if store.startswith("memory://") or local_path(store) is not None or is_served_here(store):
        raise InvalidInput(
            f"the store {store} is on this machine alone, and the backend {backend} runs elsewhere: use a store on S3, "
            "or a server"
        )

"""Which stores a backend's machines can open."""

from __future__ import annotations

import dataclasses

from cloudtrack.errors import InvalidInput
from cloudtrack.projects.parameters import local_path
from cloudtrack.storage.s3_options import parse_s3_url


def for_elsewhere(address: str) -> str:
    """The address of a store without what only this machine knows: a profile of the AWS tools."""
    if not address.startswith("s3://"):
        return address
    return dataclasses.replace(parse_s3_url(address, {}), profile="").address


def check_shared(store: str, backend: str) -> None:
    """Raise InvalidInput for a store that only this machine, or this process, has."""
    if store.startswith("memory://") or local_path(store) is not None:
        raise InvalidInput(
            f"the store {store} is on this machine alone, and the backend {backend} runs elsewhere: use a store on S3, "
            "or a server"
        )

"""Which stores a backend's machines can open."""

from __future__ import annotations

from cloudtrack.errors import InvalidInput
from cloudtrack.projects.parameters import local_path


def check_shared(store: str, backend: str) -> None:
    """Raise InvalidInput for a store that only this machine, or this process, has."""
    if store.startswith("memory://") or local_path(store) is not None:
        raise InvalidInput(
            f"the store {store} is on this machine alone, and the backend {backend} runs elsewhere: use a store on S3, "
            "or a server"
        )

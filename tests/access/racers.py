"""What racing processes run; imports little, because each process imports it anew."""

from __future__ import annotations

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.storage.opening import open_store
from tests.storage.lossy import LossyStore


def grant(url: str, writer: int, times: int, lost_share: float) -> None:
    """Grant on experiments of one's own, and take every second grant back."""
    access = Access(LossyStore(open_store(url), share=lost_share, seed=writer))
    for number in range(times):
        access.grant(f"user-{writer}", Resource.EXPERIMENT, str(number), Permission.EDIT)
        if number % 2:
            access.revoke(f"user-{writer}", Resource.EXPERIMENT, str(number))

"""How long something signed may last: S3 says a week, and the credentials that sign may end sooner."""

from __future__ import annotations

from cloudtrack import clock
from cloudtrack.errors import InvalidInput
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.signing import LONGEST_S, Signer

NOT_KNOWN = (
    "signed with temporary credentials that do not say when they end: what was signed ends with them at the latest"
)


def signer_of(store: ObjectStore, what: str) -> Signer:
    """The store's signer. Raises InvalidInput where it has none; ``what`` ("a grant") begins the message."""
    if store.signer is None:
        raise InvalidInput(f"{what} needs a bucket: {store.url} is none, and nothing there can be signed for others")
    return store.signer


def check_expiry(signer: Signer, expires_s: int) -> str:
    """A warning, or nothing. Raises InvalidInput where it would not last so long."""
    if not 1 <= expires_s <= LONGEST_S:
        raise InvalidInput(f"--expires is {expires_s} s: S3 takes signed requests for at most 7 days, that is 168h")
    ending = signer.end_of_credentials()
    if ending.at_ms is not None and ending.at_ms < clock.now_ms() + 1000 * expires_s:
        raise InvalidInput(
            f"your credentials end at {clock.format_ms(ending.at_ms)}, and what they sign ends with them: ask for "
            "less, or use credentials that last longer, such as those of a user made for this"
        )
    return "" if ending.is_known else NOT_KNOWN

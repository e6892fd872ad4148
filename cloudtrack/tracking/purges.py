"""How runs, logged models and experiments end for ever, in their documents.

    claim      while it is looked at who needs it; nothing is lost, and taking it out of the trash ends the claim
    bury       the document becomes a tombstone: readers are told that it was purged
    finish     all files are gone, and the tombstone says so; it stays, so that the id is never used again

Whoever is stopped in between does it again: a claim is taken over, a tombstone knows what is left to remove.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from cloudtrack import clock, ids
from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.entities.logged_model import LoggedModelStatus
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import Conflict, Purged, StateError
from cloudtrack.storage.document import Document
from cloudtrack.tracking.documents import ExperimentDocument, LoggedModelDocument, Purge, RunDocument

Mortal = RunDocument | LoggedModelDocument | ExperimentDocument
M = TypeVar("M", bound=RunDocument | LoggedModelDocument | ExperimentDocument)
_LEFT = {
    *Document.model_fields,
    *("experiment_id", "run_id", "model_id", "source_run_id", "status", "creation_time", "last_update_time"),
}
"""Fields that a tombstone keeps."""


def is_purged(document: Mortal) -> bool:
    """Whether the document is a tombstone."""
    return document.lifecycle_stage == LifecycleStage.PURGED


def name_of(document: Mortal) -> str:
    """What it is, for messages: ``run 0123...``."""
    match document:
        case RunDocument():
            return f"run {document.run_id}"
        case LoggedModelDocument():
            return f"logged model {document.model_id}"
        case _:
            return f"experiment {document.experiment_id}"


def existing(document: M) -> M:
    """The document itself. Raises Purged for a tombstone."""
    if is_purged(document):
        raise Purged(f"{name_of(document)} {purged_by(document)}; its id is not used again")
    return document


def check_unclaimed(document: Mortal) -> None:
    """Raises Purged, and StateError where somebody is about to purge it."""
    existing(document)
    if document.purge is not None:
        raise StateError(
            f"{name_of(document)} is being purged by {document.purge.user_id}: restore it to keep it, "
            "or purge it again to finish"
        )


def purged_by(document: Mortal) -> str:
    """``was purged by ana at 2026-...``."""
    purge = document.purge
    return f"was purged by {purge.user_id} at {clock.format_ms(purge.time)}" if purge else "was purged"


def claim(document: Mortal, user_id: str) -> bool | None:
    """Claim it, where nobody has; a claim that is there is shared. Raises Purged."""
    if existing(document).purge is not None:
        return False
    document.purge = Purge(claim=ids.new_commit_id(), user_id=user_id, time=clock.now_ms())
    return None


def withdraw(document: Mortal, claimed: str) -> bool | None:
    """Give a claim back."""
    if is_purged(document) or document.purge is None or document.purge.claim != claimed:
        return False
    document.purge = None
    return None


def bury(
    document: Mortal,
    claimed: str,
    user_id: str,
    *,
    held_by: Sequence[str],
    model_ids: Sequence[str],
    run_ids: Sequence[str] = (),
) -> None:
    """Leave nothing but a tombstone. Raises Purged, and Conflict where the claim is not there any more."""
    there = existing(document).purge
    if there is None or there.claim != claimed:
        raise Conflict(f"{name_of(document)} is not purged: it was restored, or another gave the purge up meanwhile")
    for name, field in type(document).model_fields.items():
        if name not in _LEFT:
            setattr(document, name, "" if field.is_required() else field.get_default(call_default_factory=True))
    for name in [*(document.model_extra or ())]:
        delattr(document, name)
    if isinstance(document, RunDocument) and not RunStatus.is_terminated(document.status):
        document.status = RunStatus.KILLED
    if isinstance(document, LoggedModelDocument) and document.status == LoggedModelStatus.PENDING:
        document.status = LoggedModelStatus.FAILED
    document.lifecycle_stage = LifecycleStage.PURGED
    document.purge = Purge(
        claim=claimed,
        user_id=user_id,
        time=clock.now_ms(),
        held_by=[*held_by],
        model_ids=[*model_ids],
        run_ids=[*run_ids],
    )


def finish(document: Mortal) -> bool | None:
    """Note that all files are gone."""
    if document.purge is None or document.purge.is_done:
        return False
    document.purge.is_done, document.purge.run_ids = True, []
    return None

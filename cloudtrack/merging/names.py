"""Bringing the name of an experiment: its claim, before the document."""

from __future__ import annotations

from cloudtrack.errors import ObjectChanged, ObjectExists, ObjectNotFound
from cloudtrack.merging.way import Way
from cloudtrack.storage.document import DocumentStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import ExperimentDocument, NameClaim


def bring_name(way: Way, document: ExperimentDocument) -> str:
    """Bind the name in the target too; why it cannot be, empty where it is.

    Raises ObjectChanged where a rival was faster, and ObjectNotFound where the source's claim is gone.
    """
    key = keys.name_claim(document.name)
    body = way.source.store.get(key).body
    if NameClaim.from_bytes(key, body).experiment_id != document.experiment_id:
        raise ObjectChanged(key)  # renamed meanwhile
    target = way.target.store
    try:
        there = target.get(key)
    except ObjectNotFound:
        if not way.is_dry:
            target.create(key, body)
        return ""
    claim = NameClaim.from_bytes(key, there.body)
    if claim.experiment_id == document.experiment_id:
        return ""
    holder = read_experiment(target, claim.experiment_id)
    if holder is None or holder.holds(document.name):
        return (
            f"the name {document.name!r} is that of experiment {document.experiment_id} in {way.source.store.url}, "
            f"and of experiment {claim.experiment_id} in {target.url}"
        )
    if not way.is_dry:
        target.replace(key, body, there.etag)
    return ""


def bring_old_names(way: Way) -> None:
    """Claims of names that are free in the target, and that experiments there had: a copy has them too."""
    there = {info.key for owner, infos in way.target.owners(keys.EXPERIMENTS) for info in infos}
    for owner, _ in way.source.owners(keys.EXPERIMENTS):
        if not owner.startswith(keys.NAME_CLAIMS) or owner in there or way.is_dry:
            continue
        try:
            body = way.source.store.get(owner).body
            claim = NameClaim.from_bytes(owner, body)
            if read_experiment(way.target.store, claim.experiment_id) is not None:
                way.target.store.create(owner, body)
        except (ObjectExists, ObjectNotFound):
            continue


def read_experiment(store: ObjectStore, experiment_id: str) -> ExperimentDocument | None:
    """An experiment, also one that was purged; None where there is none. One request."""
    try:
        return DocumentStore(store, ExperimentDocument).get(keys.experiment(experiment_id)).document
    except ObjectNotFound:
        return None

"""The documents and the files of what is to be purged, whatever it is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Generic

from cloudtrack.entities.names import check_experiment_id, check_logged_model_id, check_run_id
from cloudtrack.errors import NotFound, ObjectNotFound
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.storage.document import DocumentStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import ExperimentDocument, LoggedModelDocument, RunDocument
from cloudtrack.tracking.purges import M, check_unclaimed


@dataclass(frozen=True)
class Kind(Generic[M]):
    """What can be purged: how it is called, where it is, and the prefix of its index."""

    noun: str
    document: type[M]
    check_id: Callable[[str], str]
    key: Callable[[str], str]
    index: Callable[[M], str]


RUN = Kind("run", RunDocument, check_run_id, keys.run, lambda run: keys.run_index(run.experiment_id))
LOGGED_MODEL = Kind(
    "logged model",
    LoggedModelDocument,
    check_logged_model_id,
    keys.logged_model,
    lambda model: keys.logged_model_index(model.experiment_id),
)
EXPERIMENT = Kind(
    "experiment", ExperimentDocument, check_experiment_id, keys.experiment, lambda _: keys.EXPERIMENT_INDEX
)


class Grave(Generic[M]):
    """One run, logged model or experiment, and all of its objects."""

    def __init__(self, store: ObjectStore, kind: Kind[M], its_id: str) -> None:
        self.id = kind.check_id(its_id)
        self._store = store
        self._kind = kind
        self._documents = DocumentStore(store, kind.document)
        self._key = kind.key(self.id)

    def read(self) -> M:
        """The document, also of what was purged. Raises NotFound."""
        try:
            return self._documents.get(self._key).document
        except ObjectNotFound as error:
            raise NotFound(f"there is no {self._kind.noun} with id {self.id!r} in {self._store.url}") from error

    def change(self, change: Callable[[M], bool | None]) -> M:
        """Commit a change to the document, and tell the index before."""

        def mark(draft: M) -> None:
            announce(self._store, IndexKeys(self._kind.index(draft)), self.id, draft.version)

        return self._documents.update(self._key, change, before_commit=mark).document

    def clear(self) -> int:
        """Delete every object but the document; how many there were."""
        folder = self._key[: self._key.rindex("/") + 1]
        found = [info.key for info in self._store.list(folder) if info.key != self._key]
        map_in_order(self._store.delete, found)
        return len(found)


def check_origins(store: ObjectStore, ids: Collection[str]) -> None:
    """Look at runs and logged models from which a version is to come; a request for each. What never was is left out.

    Raises StateError where one is being purged, Purged where one was.
    """
    models = [its_id for its_id in ids if its_id.startswith("m-")]
    runs = {its_id for its_id in ids if not its_id.startswith("m-")}
    for model in map_in_order(lambda model_id: _known(Grave(store, LOGGED_MODEL, model_id)), models):
        if model is not None:
            check_unclaimed(model)
            runs |= {model.source_run_id} - {""}
    for run in map_in_order(lambda run_id: _known(Grave(store, RUN, run_id)), sorted(runs)):
        if run is not None:
            check_unclaimed(run)


def _known(grave: Grave[M]) -> M | None:
    try:
        return grave.read()
    except NotFound:
        return None

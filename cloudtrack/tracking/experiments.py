"""Experiments: unique names by claims, one document each.

A name is bound to an experiment by a *claim* object. A claim is valid while the experiment it points
to has that name, or has reserved it for a rename under way; a stale claim is taken over by a
conditional replacement. Nothing is ever deleted, so a writer that slept cannot undo a newer binding:

    create   claim the name (with all that the document needs), then create the document;
             whoever finds a claim without a document finishes the job
    rename   reserve the new name in the document, claim it, then switch the document's name
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cloudtrack import clock, ids
from cloudtrack.entities.experiment import Experiment, LifecycleStage, ViewType
from cloudtrack.entities.names import check_experiment_id, check_experiment_name, check_key_name, check_value
from cloudtrack.entities.page import PagedList
from cloudtrack.errors import (
    AlreadyExists,
    Conflict,
    InvalidInput,
    NotFound,
    ObjectExists,
    ObjectNotFound,
    StateError,
)
from cloudtrack.index.cache import PartCache
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.storage.document import DocumentStore, Stored
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import ExperimentDocument, NameClaim
from cloudtrack.tracking.experiment_index import ExperimentIndex, experiment_question
from cloudtrack.tracking.purges import existing

DEFAULT_EXPERIMENT_ID = "0"
DEFAULT_EXPERIMENT_NAME = "Default"
_MAX_ATTEMPTS = 20
_LONGEST_PAUSE_S = 0.1


class Experiments:
    """The experiments of one store."""

    def __init__(self, store: ObjectStore, index: ExperimentIndex | None = None) -> None:
        self._store = store
        self.index = index or ExperimentIndex(store, PartCache(store))
        self._documents = DocumentStore(store, ExperimentDocument)
        self._claims = DocumentStore(store, NameClaim)

    def create(
        self,
        name: str,
        *,
        tags: Mapping[str, str] | None = None,
        artifact_location: str | None = None,
        operation: str = "",
    ) -> str:
        """A new experiment; its id. Raises AlreadyExists, also where a deleted experiment has the name.

        ``operation`` is a name for this creation that nobody else can have: repeated with it, the creation
        finds the experiment that it made.
        """
        check_experiment_name(name)
        if artifact_location:
            raise InvalidInput(
                "cloudtrack keeps the artifacts of a run beside it in the store, so that a copied store works: "
                "leave artifact_location out, or open another store"
            )
        claim = NameClaim(
            name=name,
            experiment_id=ids.new_experiment_id(),
            creation_time=clock.now_ms(),
            tags=_checked_tags(tags or {}),
            operation=operation,
        )
        won = self._claim(claim)
        if won.experiment_id != claim.experiment_id and not (operation and won.operation == operation):
            state = self.get(won.experiment_id).lifecycle_stage
            hint = "; it is in the trash: restore it, or rename it first" if state == LifecycleStage.DELETED else ""
            raise AlreadyExists(f"an experiment named {name!r} exists already (id {won.experiment_id}){hint}")
        self._finish_creation(won)
        return won.experiment_id

    def create_default(self) -> None:
        """The experiment ``0`` named ``Default`` that every store has."""
        claim = NameClaim(
            name=DEFAULT_EXPERIMENT_NAME, experiment_id=DEFAULT_EXPERIMENT_ID, creation_time=clock.now_ms()
        )
        self._finish_creation(self._claim(claim))

    def get(self, experiment_id: str) -> Experiment:
        """Raises NotFound."""
        return self._entity(self._read(check_experiment_id(experiment_id)).document)

    def get_by_name(self, name: str) -> Experiment | None:
        """The experiment with this name, deleted or not; None where there is none."""
        check_experiment_name(name)
        try:
            claim = self._claims.get(keys.name_claim(name)).document
        except ObjectNotFound:
            return None
        document = self._finish_creation(claim)
        return self._entity(document) if document.name == name else None

    def get_or_create(self, name: str) -> Experiment:
        """The experiment with this name, made where there is none; safe for many callers at once."""
        for _ in range(_MAX_ATTEMPTS):
            if (found := self.get_by_name(name)) is not None:
                return found
            try:
                return self.get(self.create(name))
            except AlreadyExists:
                clock.sleep(ids.jitter(_LONGEST_PAUSE_S))  # a rival was faster, or an experiment is being renamed
        raise Conflict(f"an experiment is being renamed to {name!r}: rename it again to finish, or choose another name")

    def search(
        self,
        filter_string: str | None = None,
        *,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
        shows: Callable[[str], bool] | None = None,
    ) -> PagedList[Experiment]:
        """One page of the experiments that meet the filter, newest first or as ``order_by`` says; all by default.

        ``shows`` says of which experiments, by id, the asker may know.
        """
        question = experiment_question(filter_string, order_by, view_type)
        found = self.index.page(question, max_results, page_token, shows=shows)
        return PagedList(map(self._entity, found), found.token)

    def rename(self, experiment_id: str, new_name: str) -> None:
        """Raises AlreadyExists where another experiment has the name, StateError for a deleted one."""
        check_experiment_name(new_name)

        def reserve(document: ExperimentDocument) -> bool | None:
            _check_active(document)
            if document.holds(new_name):
                return False
            document.reserved_names.append(new_name)
            return None

        reserved = self._update(experiment_id, reserve).document
        if reserved.name == new_name:
            return
        claim = NameClaim(name=new_name, experiment_id=reserved.experiment_id, creation_time=reserved.creation_time)
        won = self._claim(claim)

        def switch(document: ExperimentDocument) -> None:
            document.reserved_names = [name for name in document.reserved_names if name != new_name]
            if won.experiment_id == document.experiment_id:
                document.name = new_name
                document.last_update_time = clock.now_ms()

        self._update(experiment_id, switch)
        if won.experiment_id != reserved.experiment_id:
            raise AlreadyExists(f"an experiment named {new_name!r} exists already (id {won.experiment_id})")

    def set_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Set one tag. Raises StateError for a deleted experiment."""
        tags = _checked_tags({key: value})

        def change(document: ExperimentDocument) -> None:
            _check_active(document)
            document.tags.update(tags)
            document.last_update_time = clock.now_ms()

        self._update(experiment_id, change)

    def delete_tag(self, experiment_id: str, key: str) -> None:
        """Raises NotFound where the experiment has no such tag."""

        def change(document: ExperimentDocument) -> None:
            _check_active(document)
            if key not in document.tags:
                raise NotFound(f"experiment {experiment_id} has no tag {key!r}")
            del document.tags[key]
            document.last_update_time = clock.now_ms()

        self._update(experiment_id, change)

    def set_lifecycle_stage(self, experiment_id: str, stage: str) -> None:
        """Move to the trash or back. Raises StateError where it is there already."""

        def change(document: ExperimentDocument) -> None:
            if document.lifecycle_stage == stage:
                raise StateError(f"experiment {experiment_id} ({document.name!r}) is {stage} already")
            document.lifecycle_stage = stage
            document.purge = None
            document.last_update_time = clock.now_ms()

        self._update(experiment_id, change)

    def _claim(self, claim: NameClaim) -> NameClaim:
        """Bind a name; the claim that holds afterwards, which may be another's."""
        key = keys.name_claim(claim.name)
        for _ in range(_MAX_ATTEMPTS):
            try:
                return self._claims.create(key, claim).document
            except ObjectExists as exists:
                there = Stored.parse(NameClaim, key, exists.body, exists.etag)
            document = self._finish_creation(there.document)
            renaming_itself = document.experiment_id == claim.experiment_id and document.name != claim.name
            if document.holds(claim.name) and not renaming_itself:
                return there.document

            def take_over(stale: NameClaim) -> None:
                stale.experiment_id = claim.experiment_id
                stale.creation_time = claim.creation_time
                stale.tags = claim.tags
                stale.operation = claim.operation

            try:
                return self._claims.replace(key, there, take_over).document
            except Conflict:
                continue  # someone else took it over: look again
        raise Conflict(f"the experiment name {claim.name!r} is being claimed by many at once; try again")

    def _finish_creation(self, claim: NameClaim) -> ExperimentDocument:
        """The document that a claim points to, made from the claim where its creator did not get so far."""
        key = keys.experiment(claim.experiment_id)
        try:
            return self._documents.get(key).document
        except ObjectNotFound:
            pass
        document = ExperimentDocument(
            experiment_id=claim.experiment_id,
            name=claim.name,
            creation_time=claim.creation_time,
            last_update_time=claim.creation_time,
            tags=dict(claim.tags),
        )
        announce(self._store, IndexKeys(keys.EXPERIMENT_INDEX), claim.experiment_id, 1)
        try:
            return self._documents.create(key, document).document
        except ObjectExists:
            return self._documents.get(key).document

    def _read(self, experiment_id: str) -> Stored[ExperimentDocument]:
        try:
            stored = self._documents.get(keys.experiment(experiment_id))
        except ObjectNotFound as error:
            raise NotFound(f"there is no experiment with id {experiment_id!r} in {self._store.url}") from error
        existing(stored.document)
        return stored

    def _update(
        self, experiment_id: str, change: Callable[[ExperimentDocument], bool | None]
    ) -> Stored[ExperimentDocument]:
        key = keys.experiment(check_experiment_id(experiment_id))
        return self._documents.update(
            key, lambda draft: change(existing(draft)), known=self._read(experiment_id), before_commit=self._mark
        )

    def _mark(self, document: ExperimentDocument) -> None:
        """Say that the experiment changes, before it does."""
        announce(self._store, IndexKeys(keys.EXPERIMENT_INDEX), document.experiment_id, document.version)

    def _entity(self, document: ExperimentDocument) -> Experiment:
        return document.to_entity(self._store.url)


def _checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {check_key_name("tag", key): check_value("tag", key, value) for key, value in tags.items()}


def _check_active(document: ExperimentDocument) -> None:
    if document.lifecycle_stage == LifecycleStage.DELETED:
        raise StateError(f"experiment {document.experiment_id} ({document.name!r}) is deleted; restore it first")

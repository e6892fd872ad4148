"""Two stores made one: ``push`` and ``pull`` bring what the other lacks one way, ``sync`` both ways.

    list        the ends of all histories first, experiments last: what is listed has all that it refers to
    bring       experiments with their names; runs and logged models, files before the documents that mention them;
                histories of models, what an event mentions before the event; releases
    conflicts   what was changed on both sides and cannot be both stays as it is, and is named

Nothing of the source is changed, and nothing of the target but under a condition. Whoever is stopped does it again.
``docs/merging.md`` says what happens to each kind of object.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Protocol

from cloudtrack.errors import InvalidInput, ObjectExists
from cloudtrack.index.cache import PartCache
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.merging.histories import Histories
from cloudtrack.merging.known import Known
from cloudtrack.merging.report import Merged
from cloudtrack.merging.side import Side
from cloudtrack.merging.tracking import Progress, Target, Tracking
from cloudtrack.merging.way import Way
from cloudtrack.registry.model_index import ModelIndex
from cloudtrack.registry.origins import Origins
from cloudtrack.storage.marker import initialize, read_marker
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from cloudtrack.tracking import keys
from cloudtrack.tracking.experiments import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME

Place = str | os.PathLike[str] | ObjectStore


class Services(Target, Protocol):
    """What is needed of a client."""

    store: ObjectStore

    @property
    def model_index(self) -> ModelIndex: ...


class Merging:
    """Merges one store with others."""

    def __init__(self, services: Services, open_client: Callable[[ObjectStore], Services]) -> None:
        """``open_client`` makes a client of another store, which exists."""
        self._services = services
        self._open_client = open_client

    def push(
        self, other: Place, *, dry_run: bool = False, newest: bool = False, progress: Progress = lambda _: None
    ) -> Merged:
        """Bring to another store what it lacks of this one. It is made where there is none.

        With ``dry_run`` nothing is written. With ``newest``, of two files where nobody can tell which came after the
        other, the one that was written last wins. Raises InvalidInput, NotFound, PermissionDenied, Unavailable.
        """
        there = self._made(other, dry_run=dry_run)
        return self._merge(self._services, there, dry_run=dry_run, newest=newest, progress=progress)

    def pull(
        self, other: Place, *, dry_run: bool = False, newest: bool = False, progress: Progress = lambda _: None
    ) -> Merged:
        """Bring to this store what it lacks of another one, which exists. Otherwise as ``push``."""
        there = self._open_client(self._store(other))
        return self._merge(there, self._services, dry_run=dry_run, newest=newest, progress=progress)

    def sync(
        self, other: Place, *, dry_run: bool = False, newest: bool = False, progress: Progress = lambda _: None
    ) -> tuple[Merged, Merged]:
        """``pull``, then ``push``: both have the same afterwards, save conflicts."""
        there = self._made(other, dry_run=dry_run)
        merge = partial(self._merge, dry_run=dry_run, newest=newest, progress=progress)
        return merge(there, self._services), merge(self._services, there)

    def _store(self, place: Place) -> ObjectStore:
        store = place if isinstance(place, ObjectStore) else open_store(os.fspath(place))
        if store.address == self._services.store.address:
            raise InvalidInput(f"{store.url} is this store itself: name another one")
        return store

    def _made(self, place: Place, *, dry_run: bool) -> Services:
        """The other store, which is made where there is none; with ``dry_run`` it is thought to be there."""
        store = self._store(place)
        if dry_run and read_marker(store) is None:
            store = MemoryStore("a new store")
        initialize(store, create=True, fill=partial(_copy_default, self._services.store, store))
        return self._open_client(store)

    def _merge(self, source: Services, target: Services, *, dry_run: bool, newest: bool, progress: Progress) -> Merged:
        ids = [marker.id if (marker := read_marker(each.store)) else "" for each in (source, target)]
        way = Way(
            Side(source.store).read(),
            Side(target.store).read(),
            Known(source.store, target.store, (ids[0], ids[1])),
            Merged(source.store.url, target.store.url),
            is_dry=dry_run,
            newest=newest,
        )
        origins = Origins(target.store, target.model_index, PartCache(target.store))
        try:
            Tracking(way, target, origins, progress).bring()
            Histories(way, progress).bring()
        finally:
            if not dry_run:
                way.known.save()
        return way.done


def _copy_default(source: ObjectStore, target: ObjectStore) -> None:
    """Every store has the experiment 0; a copy has that of its original."""
    announce(target, IndexKeys(keys.EXPERIMENT_INDEX), DEFAULT_EXPERIMENT_ID, 1)
    for key in (keys.name_claim(DEFAULT_EXPERIMENT_NAME), keys.experiment(DEFAULT_EXPERIMENT_ID)):
        try:
            target.create(key, source.get(key).body)
        except ObjectExists:
            continue  # somebody makes a store there

"""Bringing experiments, then runs and logged models with their files: files first, then what mentions them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any, Protocol

from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.errors import CorruptData, ObjectChanged
from cloudtrack.maintenance.owners import chunks
from cloudtrack.merging.documents import Documents, Found
from cloudtrack.merging.files import bring_artifact, bring_once, bring_stream
from cloudtrack.merging.names import bring_name, bring_old_names, read_experiment
from cloudtrack.merging.way import Way
from cloudtrack.registry.origins import Origins
from cloudtrack.storage.object_store import ObjectInfo
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import ExperimentDocument, RunDocument
from cloudtrack.tracking.graves import EXPERIMENT, LOGGED_MODEL, RUN, Grave, Kind
from cloudtrack.tracking.logged_model_index import LoggedModelIndex
from cloudtrack.tracking.purges import is_purged, name_of
from cloudtrack.tracking.run_index import RunIndex

Progress = Callable[[int], None]
"""Told how many runs, models and histories have been looked at."""


class Target(Protocol):
    """What is needed of the client of a target."""

    @property
    def run_index(self) -> RunIndex: ...

    @property
    def logged_model_index(self) -> LoggedModelIndex: ...


@dataclass
class _Item:
    """A run or logged model of the source, on its way."""

    its_id: str
    mine: dict[str, ObjectInfo]
    theirs: dict[str, ObjectInfo]
    found: Found[Any] | None = None
    """Both documents; None while they are known to be the same."""
    parts: list[Callable[[], object]] = field(default_factory=list)
    """What brings its files."""


class Tracking:
    """The tracking of two stores, one way."""

    def __init__(self, way: Way, target: Target, origins: Origins, progress: Progress) -> None:
        self._way = way
        self._target = target
        self._origins = origins
        self._progress = progress
        self._looked = 0
        self._refused: dict[str, str] = {}
        """Experiments that are not in the target, and why."""
        self._stages: dict[str, str] = {}
        """Of experiments of the target; empty for one that it has not."""
        self._experiments = Documents(way, EXPERIMENT, self._residents)

    def bring(self) -> None:
        """Everything. Raises Unavailable."""
        purged = self._bring_experiments()
        for place, kind in ((keys.RUNS, RUN), (keys.LOGGED_MODELS, LOGGED_MODEL)):
            documents: Documents[Any] = Documents(self._way, kind, self._versions)
            for some in chunks(self._way.source.owners(place)):
                self._bring(kind, documents, [owner.split("/")[1] for owner, _ in some])
                self._looked += len(some)
                self._progress(self._looked)
        for its_id in purged:  # after all that was in them
            self._guarded(its_id, partial(self._bring_experiment, its_id))

    def _bring_experiments(self) -> list[str]:
        """All but purges, which are returned. A name may be free only after another experiment was renamed."""
        owners = [owner for owner, _ in self._way.source.owners(keys.EXPERIMENTS)]
        ids = [owner.split("/")[1] for owner in owners if not owner.startswith(keys.NAME_CLAIMS)]
        purged: list[str] = []
        waiting = [its_id for its_id in ids if not self._experiments.is_known(its_id)]
        while waiting:
            self._refused = {}
            for its_id in waiting:
                self._guarded(its_id, partial(self._bring_experiment, its_id, purged))
            if len(self._refused) in (0, len(waiting)):
                break
            waiting = list(self._refused)
        for its_id, problem in self._refused.items():
            self._way.done.conflict("name-taken", keys.experiment(its_id), problem)
        bring_old_names(self._way)
        return purged

    def _bring_experiment(self, its_id: str, purged: list[str] | None = None) -> None:
        found = self._experiments.read(its_id)
        if found is None:
            return
        if is_purged(found.mine.document) and purged is not None:
            purged.append(its_id)
            return

        def prepare(document: ExperimentDocument) -> bool:
            has_name = found.theirs is not None and found.theirs.document.name == document.name
            problem = "" if has_name or is_purged(document) else bring_name(self._way, document)
            if problem:
                self._refused[its_id] = problem
            return not problem

        self._experiments.bring(its_id, found, prepare)

    def _bring(self, kind: Kind[Any], documents: Documents[Any], ids: list[str]) -> None:
        """Some runs or logged models: documents are read, then files are brought, then documents."""
        items = [item for item in map_in_order(partial(self._look, kind, documents), ids) if item is not None]
        map_in_order(lambda part: part(), [part for item in items for part in item.parts])

        def finish(item: _Item) -> None:
            if item.found is not None:
                found = item.found
                prepare = partial(self._prepare, item)
                self._guarded(item.its_id, lambda: documents.bring(item.its_id, found, prepare))

        map_in_order(finish, items)

    def _look(self, kind: Kind[Any], documents: Documents[Any], its_id: str) -> _Item | None:
        """What is to be done for a run or logged model; None for nothing."""
        key = kind.key(its_id)
        owner = key[: key.rindex("/") + 1]
        item = _Item(its_id, self._way.source.infos(owner), self._way.target.infos(owner))
        if key not in item.mine:
            return None  # its document is not there yet
        knows = documents.is_known(its_id)
        item.parts = list(self._files(owner, item))
        if knows and not item.parts and not self._has_late(key, item):
            return None
        try:
            item.found = documents.read(its_id)
            if item.found is None:
                return None
            if not self._is_listed(item.mine[key], item.found):  # files that came before it may not be listed
                item.mine = self._way.source.look(owner)
                item.parts = list(self._files(owner, item))
            if not self._has_room(kind, its_id, item):
                return None
        except CorruptData as error:
            self._way.done.conflict("damaged", key, error.message)
            return None
        return item

    def _has_late(self, key: str, item: _Item) -> bool:
        """Whether a purge may have been cut off between the tombstone and the files."""
        return set(item.mine) == {key} != set(item.theirs)

    def _has_room(self, kind: Kind[Any], its_id: str, item: _Item) -> bool:
        """Whether the target may have it; a tombstone has no files."""
        found = item.found
        assert found is not None  # noqa: S101 - it was read
        mine, theirs = found.mine.document, found.theirs.document if found.theirs is not None else None
        if is_purged(mine) or (theirs is not None and is_purged(theirs)):
            item.parts = []
            is_left = theirs is not None and is_purged(mine) and is_purged(theirs) and len(item.theirs) > 1
            if is_left and not self._way.is_dry:
                Grave(self._way.target.store, kind, its_id).clear()
            return True
        if theirs is None and (problem := self._no_experiment(mine.experiment_id)):
            self._way.done.conflict("document-diverged", found.key, f"{name_of(mine)} is not brought: {problem}")
            return False
        return True

    def _no_experiment(self, experiment_id: str) -> str:
        """Why the target has no such experiment; empty where it has."""
        if experiment_id in self._refused:
            return self._refused[experiment_id]
        where = self._way.target.store.url
        if experiment_id not in self._stages:
            stored = read_experiment(self._way.target.store, experiment_id)
            self._stages[experiment_id] = stored.lifecycle_stage if stored else ""
        stage = self._stages[experiment_id]
        if not stage:
            return "" if self._way.is_dry else f"experiment {experiment_id} is not in {where}"
        return f"experiment {experiment_id} was purged in {where}" if stage == LifecycleStage.PURGED else ""

    def _files(self, owner: str, item: _Item) -> Iterator[Callable[[], object]]:
        """What brings the files of a run or logged model that its document does not list."""
        streams: list[ObjectInfo] = []
        for key, info in item.mine.items():
            there = item.theirs.get(key)
            place = key[len(owner) :].partition("/")[0]
            if place == "artifacts" and (there is None or not self._way.is_known(info, there)):
                yield partial(bring_artifact, self._way, info, there, partial(self._versions_with, item.its_id, key))
            elif place == "source" and (there is None or there.size_bytes != info.size_bytes):
                yield partial(bring_once, self._way, info, there)
            elif place == "logs":
                streams.append(info)
        for _, pieces in groupby(streams, key=lambda info: info.key.rpartition("/")[0]):
            some = list(pieces)
            if any(info.key not in item.theirs or item.theirs[info.key].size_bytes != info.size_bytes for info in some):
                yield partial(bring_stream, self._way, some, item.theirs)

    def _prepare(self, item: _Item, document: Any) -> bool:
        """Bring the files of points that a run lists."""
        if not isinstance(document, RunDocument) or is_purged(document):
            return True
        listed = [keys.segment(item.its_id, segment.name) for segment in document.segments]
        if not listed:
            return True
        owner = f"{keys.RUNS}{item.its_id}/"
        mine = self._way.source.infos(owner)
        if not {*listed} <= mine.keys():
            mine = self._way.source.look(owner)
        theirs = self._way.target.look(owner) if item.theirs else {}
        for key in listed:
            if key not in mine:
                raise ObjectChanged(key)  # merged away meanwhile: the document is another by now
            if not bring_once(self._way, mine[key], theirs.get(key)):
                return False
        return True

    def _versions(self, its_id: str) -> str:
        needing = [version for version in self._origins.versions_of({its_id}) if not version.kept]
        names = ", ".join(f"{version.name}/{version.version}" for version in needing[:10])
        return f"{names} came from it" if names else ""

    def _versions_with(self, its_id: str, key: str) -> str:
        """The versions that have a file of a run or logged model as theirs, and no copy; empty for none."""
        folder = keys.logged_model_artifacts if its_id.startswith("m-") else keys.artifacts
        for version in self._origins.versions_of({its_id}):
            _, names, rest = version.source.partition(its_id)
            path = rest.strip("/").removeprefix("artifacts").strip("/")
            if names and not version.kept and key.startswith(folder(its_id, path)):
                return f"{version.name}/{version.version} came from it"
        return ""

    def _residents(self, experiment_id: str) -> str:
        for what, hits in (
            ("run", self._target.run_index.all(experiment_id)),
            ("logged model", self._target.logged_model_index.all(experiment_id)),
        ):
            if alive := [hit.key[-1] for hit in hits if hit.text]:
                return f"it has {what} {alive[0]}"
        return ""

    def _guarded(self, its_id: str, work: Callable[[], object]) -> None:
        """Damage of one thing is named, and the others go on."""
        try:
            work()
        except CorruptData as error:
            self._way.done.conflict("damaged", its_id, error.message)

    def _is_listed(self, info: ObjectInfo, found: Found[Any]) -> bool:
        """Whether the source's document was read as it was listed."""
        if info.etag:
            return info.etag == found.mine_read.etag
        now = self._way.source.stat(info.key)
        return now is not None and (now.modified_ms, now.size_bytes) == (info.modified_ms, info.size_bytes)

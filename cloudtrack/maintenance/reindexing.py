"""Making the index of runs anew from the runs themselves, and checking it against them.

Runs that are settled become rows of new parts, which replace the manifest's under its etag; an experiment that a
rival compacted meanwhile is left as it is. A run that may still change without a marker gets one. A change that
comes after a run was read has a marker of its own, so a search sees it whatever happens here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import CloudtrackError, Conflict, NotFound
from cloudtrack.index.row import Row
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.run_index import RunIndex
from cloudtrack.tracking.run_source import run_row

_READ_AT_ONCE = 1000

_log = logging.getLogger(__name__)


@dataclass
class Reindexing:
    """What was done, by experiment."""

    runs: dict[str, int] = field(default_factory=dict)
    """Runs in the new index."""
    running: dict[str, int] = field(default_factory=dict)
    """Runs that have not ended, which searches read by themselves."""
    overtaken: list[str] = field(default_factory=list)
    """Experiments that a rival compacted meanwhile: run it again for them."""


@dataclass
class IndexCheck:
    """How an index compares with the runs."""

    runs: int = 0
    missing: list[str] = field(default_factory=list)
    """Runs that a search does not find."""
    different: list[str] = field(default_factory=list)
    """Runs that a search shows as they no longer are, or that are not there."""

    @property
    def ok(self) -> bool:
        """Whether every search answers as the runs themselves do."""
        return not self.missing and not self.different


class Reindexer:
    """Rebuilds the indexes of a store's runs."""

    def __init__(self, store: ObjectStore, documents: RunDocuments, index: RunIndex) -> None:
        self._store = store
        self._documents = documents
        self._index = index

    def rebuild(self, experiment_id: str = "") -> Reindexing:
        """Make the index of one experiment, or of all, anew. Every run of the store is read once."""
        done = Reindexing()
        rows: dict[str, list[Row]] = {}
        rebuilds = {name: self._index.rebuilding(name) for name in self._experiments(experiment_id)}
        for document in self._all_runs():
            name = document.experiment_id
            if name not in rebuilds:
                continue
            if RunStatus.is_terminated(document.status):
                rows.setdefault(name, []).append(run_row(document))
                done.runs[name] = done.runs.get(name, 0) + 1
                if len(rows[name]) >= _READ_AT_ONCE:
                    rebuilds[name].add(rows.pop(name))
            else:
                self._store.create(keys.pending_marker(name, document.run_id, document.version), b"")
                done.running[name] = done.running.get(name, 0) + 1
        for name, rebuild in rebuilds.items():
            rebuild.add(rows.pop(name, []))
            try:
                rebuild.commit()
            except Conflict:
                done.overtaken.append(name)
        return done

    def check(self) -> IndexCheck:
        """Compare what searches find with every run of the store."""
        found = {run.run_id: run for name in self._experiments("") for run in self._index.all(name)}
        check = IndexCheck()
        for document in self._all_runs():
            check.runs += 1
            shown = found.pop(document.run_id, None)
            if shown is None:
                check.missing.append(document.run_id)
            elif shown.version != document.version:
                check.different.append(document.run_id)
        check.different += found
        return check

    def _experiments(self, experiment_id: str) -> list[str]:
        if experiment_id:
            return [experiment_id]
        folders = self._store.list_folder(keys.EXPERIMENTS).folders
        return [folder.split("/")[-2] for folder in folders if folder != keys.NAME_CLAIMS]

    def _all_runs(self) -> Iterator[RunDocument]:
        run_ids = [folder.split("/")[-2] for folder in self._store.list_folder(keys.RUNS).folders]
        for start in range(0, len(run_ids), _READ_AT_ONCE):
            found = map_in_order(self._read, run_ids[start : start + _READ_AT_ONCE])
            yield from (document for document in found if document is not None)

    def _read(self, run_id: str) -> RunDocument | None:
        try:
            return self._documents.get(run_id).document
        except NotFound:  # a folder of artifacts, and no run
            return None
        except CloudtrackError as error:  # one bad object must not hide all others
            _log.warning("left out of the index: %s", error)
            return None

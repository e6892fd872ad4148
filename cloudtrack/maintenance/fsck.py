"""``cloudtrack fsck``: everything in a store looked at, and what is wrong named by a word and a key.

One listing, in which the objects of each run, experiment or model come together; they are checked, and only they are
in memory. What looks wrong is looked at again, alone and anew: a writer that was at work is done by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cloudtrack.errors import CorruptData
from cloudtrack.index.indexes import ONE, Indexes
from cloudtrack.maintenance.fsck_finding import Finding, Severity, key_in
from cloudtrack.maintenance.fsck_grants import check_grant, check_share
from cloudtrack.maintenance.fsck_indexes import IndexCheck
from cloudtrack.maintenance.fsck_others import check_marker, check_object
from cloudtrack.maintenance.fsck_registry import RegistryCheck, RegistryServices
from cloudtrack.maintenance.fsck_tracking import TrackingCheck
from cloudtrack.maintenance.owners import Owned, chunks, owned, owner_of
from cloudtrack.maintenance.reindexing import rebuild
from cloudtrack.registry import keys as registry_keys
from cloudtrack.storage.marker import MARKER_KEY
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking import keys

Progress = Callable[[int], None]
"""Told how many objects have been looked at."""
_LOOKS = 3
"""So often what looks wrong is looked at."""


class Services(RegistryServices, Protocol):
    """What is needed of a client."""

    store: ObjectStore

    @property
    def indexes(self) -> list[Indexes]: ...


@dataclass
class Report:
    """What was found."""

    objects: int = 0
    findings: list[Finding] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    """What was made anew: keys and prefixes."""

    def add(self, findings: Iterable[Finding]) -> None:
        """Note what was found; the same thing once."""
        known = {(each.kind, each.key) for each in self.findings}
        for finding in findings:
            if (finding.kind, finding.key) not in known:
                known.add((finding.kind, finding.key))
                self.findings.append(finding)

    @property
    def damaged(self) -> bool:
        """Whether something that is truth is damaged."""
        return any(finding.severity == Severity.DAMAGE for finding in self.findings)


class Fsck:
    """Checks one store."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store

    def check(self, *, deep: bool = False, progress: Progress = lambda _: None) -> Report:
        """Look at everything; ``deep`` reads all metric points, the files of versions, and compares every index.

        Changes nothing. Where writers are at work, what they change is looked at until it is right.
        """
        look = _Look(self._services, deep=deep)
        report = Report()
        seen: set[str] = set()
        experiments: list[str] = []
        for some in chunks(owned(self._store)):
            for (owner, infos), findings in zip(some, map_in_order(look.certain, some), strict=True):
                report.objects += len(infos)
                report.add(findings)
                if owner == MARKER_KEY:
                    seen.add(owner)
                if owner.startswith(keys.EXPERIMENTS) and owner.endswith("/"):
                    experiments.append(owner.split("/")[1])
            progress(report.objects)
        if MARKER_KEY not in seen:
            report.add(check_marker(self._store))
        if deep:
            report.add(look.indexes.answers(experiments))
        return report

    def repair(self, *, deep: bool = False, progress: Progress = lambda _: None) -> Report:
        """The same, and make what is derived anew. What is left is found by another look at the end.

        The truth is never touched: of a model whose history is broken nothing is made anew.
        """
        before = self.check(deep=deep, progress=progress)
        derived = [finding for finding in before.findings if finding.severity == Severity.DERIVED]
        if not derived:
            return before
        repaired = [*self._repair_registry(before.findings), *self._repair_indexes(derived)]
        after = self.check(deep=deep, progress=progress)
        after.repaired = repaired
        return after

    def _repair_registry(self, findings: Sequence[Finding]) -> Iterator[str]:
        wrong: dict[str, list[str]] = {}
        broken = {owner_of(each.key) for each in findings if each.kind == "history-broken"}
        for finding in findings:
            if finding.kind in ("checkpoint-damaged", "page-damaged", "snapshot-damaged"):
                wrong.setdefault(owner_of(finding.key), []).append(finding.key)
        registry = RegistryCheck(self._store, self._services, deep=False)
        for owner, its_keys in wrong.items():
            if owner not in broken:
                registry.repair(owner.split("/")[1], its_keys)
                yield owner

    def _repair_indexes(self, derived: Sequence[Finding]) -> Iterator[str]:
        damaged = [finding.key for finding in derived if finding.kind == "index-damaged"]
        everything = any(finding.kind == "index-differs" or "{}" in finding.key for finding in derived)
        names = list(keys.ids_in(self._store, keys.EXPERIMENTS))
        for kind in self._services.indexes:
            mine = {
                name
                for name in (names if kind.is_many else [ONE])
                if everything or any(key.startswith(kind.prefix(name)) for key in damaged)
            }
            for name in mine:
                manifest = f"{kind.prefix(name)}manifest.json"
                if manifest in damaged:
                    self._store.delete(manifest)
            if mine:
                rebuild(self._store, kind, mine)
                yield from (kind.prefix(name) for name in sorted(mine))


class _Look:
    """The checks of one store, by what objects belong to."""

    def __init__(self, services: Services, *, deep: bool) -> None:
        self._store = services.store
        self._tracking = TrackingCheck(services.store, deep=deep)
        self._registry = RegistryCheck(services.store, services, deep=deep)
        self.indexes = IndexCheck(services.store, services.indexes)

    def certain(self, item: Owned) -> list[Finding]:
        """What is wrong with the objects of one owner at every look."""
        owner, infos = item
        found = self._look(owner, infos)
        for _ in range(_LOOKS - 1):
            if not found:
                break
            again = {(each.kind, each.key) for each in self._look(owner, self._listed(owner))}
            found = [each for each in found if (each.kind, each.key) in again]
        return found

    def _listed(self, owner: str) -> list[ObjectInfo]:
        return [info for info in self._store.list(owner) if owner_of(info.key) == owner]

    def _look(self, owner: str, infos: Sequence[ObjectInfo]) -> list[Finding]:
        if not infos:
            return []
        try:
            return list(self._check(owner, infos))
        except CorruptData as error:  # of something else that it names, which is found by itself
            return [Finding("document-damaged", key_in(error.message, owner), error.message)]

    def _check(self, owner: str, infos: Sequence[ObjectInfo]) -> Iterator[Finding]:
        place, _, its_id = owner.removesuffix("/").partition("/")
        if owner.startswith(keys.NAME_CLAIMS):
            yield from self._tracking.claim(owner)
        elif owner.startswith(registry_keys.KEPT_FILES):
            yield from self._registry.kept_file(infos)
        elif owner.startswith(registry_keys.MANIFESTS):
            yield from self._registry.manifest(infos)
        elif not owner.endswith("/"):
            yield from check_object(self._store, owner)
        elif place == "experiments":
            yield from self._tracking.experiment(its_id, infos)
            yield from self.indexes.parts([info for info in infos if info.key != keys.experiment(its_id)])
        elif place == "index":
            yield from self.indexes.parts(infos)
        elif place == "runs":
            yield from self._tracking.run(its_id, infos)
        elif place == "logged_models":
            yield from self._tracking.logged_model(its_id, infos)
        elif place == "models":
            yield from self._registry.model(its_id, infos)
        elif place == "grants":
            yield from check_grant(self._store, its_id, infos)
        elif place == "shares":
            yield from check_share(infos)
        else:
            yield from self._registry.release(its_id, infos)

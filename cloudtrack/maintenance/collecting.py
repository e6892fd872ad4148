"""``cloudtrack gc``: what nothing mentions any more is noted, and removed by a later call, after a grace.

    look      one listing; then who mentions what, read after it
    condemn   what is named by content: from then on nobody begins to use that name (see ``contents``)
    note      a plan of what is old and not mentioned, and, where it is named by content, was condemned an hour before:
              who found the name before has mentioned it by then, so what is not mentioned now never will be
    remove    what a plan that is old enough has, that is unchanged, and that still nothing mentions

Whoever is stopped anywhere is continued by the next call. ``docs/maintenance.md`` says why no writer loses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import groupby

from cloudtrack import clock
from cloudtrack.errors import Conflict, CorruptData, InvalidInput, NotFound, StateError
from cloudtrack.maintenance.gc_grants import closed_grant, ended_shares
from cloudtrack.maintenance.gc_plan import CONTENTS, MOST_CANDIDATES, PLANS, Candidate, Kind, parse_plan, write_plan
from cloudtrack.maintenance.gc_registry import Mentions
from cloudtrack.maintenance.gc_trash import Dead, Trash, add, measure, old_enough
from cloudtrack.maintenance.gc_unlisted import (
    PART,
    SEGMENT,
    fence_parts,
    fence_segments,
    unlisted_parts,
    unlisted_segments,
)
from cloudtrack.maintenance.owners import chunks, owned, owner_of
from cloudtrack.maintenance.purging import Purging
from cloudtrack.registry import keys
from cloudtrack.registry.contents import CONDEMNED, condemnation, content_of, in_order
from cloudtrack.storage.mentioning import LEAST_GRACE_MS, is_late
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.storage.parallel import map_in_order

DAY_MS = 24 * 3_600_000
GRACE_MS = 7 * DAY_MS
RETENTION_MS = 30 * DAY_MS
_PROBES = (".probe/", "doctor/")
_PLAIN = (*CONTENTS, Kind.PROBE, Kind.GRANT, Kind.SHARE)
"""What is deleted without a fence."""


@dataclass
class Garbage:
    """What there is to remove."""

    due: list[Candidate] = field(default_factory=list)
    """Noted long enough ago: the next call that applies removes it."""
    waiting: list[Candidate] = field(default_factory=list)
    """Noted, and waiting for the end of the grace."""
    new: list[Candidate] = field(default_factory=list)
    """To be noted."""
    named: list[Candidate] = field(default_factory=list)
    """Named by content and not condemned yet, or just now: noted by a later call."""
    held: dict[str, str] = field(default_factory=dict)
    """What stays in the trash, by key, and why."""
    left: str = ""
    """Why manifests, pages and kept files were left alone; empty where they were not."""
    plans: list[str] = field(default_factory=list)
    """Keys of the plans that are carried out."""


@dataclass
class Collected:
    """What one call did."""

    removed: list[Candidate] = field(default_factory=list)
    noted: list[Candidate] = field(default_factory=list)
    condemned: list[Candidate] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)


@dataclass
class _Listed:
    """What a listing has of objects that may be garbage, and are old enough."""

    candidates: list[Candidate] = field(default_factory=list)
    contents: list[Candidate] = field(default_factory=list)
    condemned: dict[str, int] = field(default_factory=dict)
    """Keys, and when."""
    snapshots: list[str] = field(default_factory=list)
    replaced: set[str] = field(default_factory=set)
    """Keys of contents that are under a later name too: that one is read where this one is missing."""

    def is_mentioned(self, each: Candidate, mentions: Mentions) -> bool:
        if each.key in self.replaced:
            return False
        if each.kind == Kind.PAGE:
            return each.key in mentions.pages or each.key[: each.key.rindex("/") + 1] in mentions.frozen
        return content_of(each.key) in (mentions.manifests if each.kind == Kind.MANIFEST else mentions.files)


class Garbages:
    """Finds and removes the garbage of one store. Any number may at a time."""

    def __init__(self, store: ObjectStore, trash: Trash, purging: Purging) -> None:
        self._store = store
        self._trash = trash
        self._purging = purging

    def look(self, *, grace_ms: int = GRACE_MS, retention_ms: int = RETENTION_MS) -> Garbage:
        """What there is, without a change. Raises InvalidInput for a grace that a writer may outlast."""
        if grace_ms < LEAST_GRACE_MS:
            raise InvalidInput(
                f"the grace is at least {LEAST_GRACE_MS // DAY_MS} day: a writer may have been asleep, and go on"
            )
        if retention_ms < 0:
            raise InvalidInput("the retention cannot be negative")
        now = clock.now_ms()
        noted, due_plans = self._plans(now - grace_ms)
        dead = self._trash.find()
        listed = self._listed(now - grace_ms, measure(dead))
        garbage = Garbage(plans=due_plans)
        going = self._going(dead, now - retention_ms, garbage)
        whole = {owner for each in going for owner in each.owners}
        found = [each for each in listed.candidates if owner_of(each.key) not in whole]
        found += self._unmentioned(listed, garbage)
        found += (candidate for each in going if (candidate := each.candidate()) is not None)
        for candidate in found:
            is_due = noted.get(candidate.state)
            if candidate.kind in CONTENTS and not is_late(listed.condemned.get(candidate.key, now)):
                garbage.named.append(candidate)
            elif is_due:
                garbage.due.append(candidate)
            elif is_due is False:
                garbage.waiting.append(candidate)
            else:
                garbage.new.append(candidate)
        return garbage

    def collect(self, *, grace_ms: int = GRACE_MS, retention_ms: int = RETENTION_MS) -> Collected:
        """Remove what is due, and note what is new. Raises as ``look`` does."""
        garbage = self.look(grace_ms=grace_ms, retention_ms=retention_ms)
        done = Collected(
            noted=garbage.new[:MOST_CANDIDATES], condemned=garbage.named[:MOST_CANDIDATES], held=dict(garbage.held)
        )
        self._remove(garbage.due, done)
        map_in_order(self._store.delete, garbage.plans)
        map_in_order(lambda each: self._store.create(condemnation(each.key), b""), done.condemned)
        if done.noted:
            write_plan(self._store, done.noted)
        return done

    def _plans(self, before_ms: int) -> tuple[dict[tuple[str, int, str], bool], list[str]]:
        """What is noted, and whether the grace is over; and the keys of plans of which it is."""
        noted: dict[tuple[str, int, str], bool] = {}
        due: list[str] = []
        for info in self._store.list(PLANS):
            try:
                plan = parse_plan(info.key, self._store.get(info.key).body)
            except NotFound:
                continue
            is_due = max(plan.created, info.modified_ms) <= before_ms
            if is_due:
                due.append(info.key)
            for candidate in plan.candidates:
                noted[candidate.state] = noted.get(candidate.state, False) or is_due
        return noted, due

    def _listed(self, before_ms: int, measured: dict[str, list[Dead]]) -> _Listed:
        listed = _Listed()

        def look(item: tuple[str, list[ObjectInfo]]) -> list[Candidate]:
            owner, infos = item
            old = [info for info in infos if info.modified_ms <= before_ms]
            if owner.startswith("runs/"):
                return list(unlisted_segments(self._store, (info for info in old if SEGMENT.fullmatch(info.key))))
            if owner.startswith(("experiments/", "index/")):
                return list(unlisted_parts(self._store, (info for info in old if PART.fullmatch(info.key))))
            if owner.startswith("grants/"):
                return list(closed_grant(self._store, owner, old)) if len(old) == len(infos) else []
            if owner.startswith("shares/"):
                return list(ended_shares(old, before_ms))
            return [Candidate.of(Kind.PROBE, info) for info in old if info.key.startswith(_PROBES)]

        for some in chunks(owned(self._store)):
            for owner, infos in some:
                add(measured, owner, infos)
                self._add_contents(listed, owner, infos, before_ms)
            for candidates in map_in_order(look, some):
                listed.candidates += candidates
        return listed

    @staticmethod
    def _add_contents(listed: _Listed, owner: str, infos: list[ObjectInfo], before_ms: int) -> None:
        if owner.startswith((keys.KEPT_FILES, keys.MANIFESTS)):
            listed.replaced.update(in_order(info.key for info in infos)[:-1])
        for info in infos:
            kind = _kind(owner, info.key)
            if info.key.endswith(CONDEMNED) and kind is not None:
                listed.condemned[info.key.removesuffix(CONDEMNED)] = info.modified_ms
            elif kind is not None and info.modified_ms <= before_ms:
                listed.contents.append(Candidate.of(kind, info))
            elif owner.startswith(keys.MODELS) and info.key.startswith(f"{owner}snapshots/"):
                listed.snapshots.append(info.key)

    def _unmentioned(self, listed: _Listed, garbage: Garbage) -> list[Candidate]:
        """Of what is named by content, what nothing mentions; nothing where that cannot be known."""
        if not listed.contents:
            return []
        mentions = Mentions(self._store)
        try:
            mentions.read()
            found = [each for each in listed.contents if not listed.is_mentioned(each, mentions)]
            if any(each.kind == Kind.PAGE for each in found):
                mentions.add_snapshots(listed.snapshots)
            if any(each.kind == Kind.KEPT_FILE for each in found):
                mentions.read_kept_files()
        except (CorruptData, NotFound) as error:
            garbage.left = f"manifests, pages and kept files are left alone: {error.message}"
            return []
        return [each for each in found if not listed.is_mentioned(each, mentions)]

    def _going(self, dead: Iterable[Dead], before_ms: int, garbage: Garbage) -> list[Dead]:
        old = list(old_enough(dead, before_ms))
        self._trash.hold(old)
        garbage.held = {each.document: each.held_by for each in old if each.held_by}
        return [each for each in old if not each.held_by]

    def _remove(self, due: list[Candidate], done: Collected) -> None:
        by_kind = {kind: list(some) for kind, some in groupby(sorted(due, key=_order), key=lambda each: each.kind)}
        fenced = [
            *self._fenced(by_kind.get(Kind.SEGMENT, []), lambda key: key.split("/")[1], fence_segments),
            *self._fenced(by_kind.get(Kind.PART, []), _index_of, fence_parts),
        ]
        plain = [*fenced, *(each for kind in _PLAIN for each in by_kind.get(kind, []))]
        map_in_order(lambda each: self._store.delete(each.key), plain)
        done.removed += plain
        self._purge([*by_kind.get(Kind.RUN, []), *by_kind.get(Kind.EXPERIMENT, [])], done)

    def _fenced(
        self,
        some: list[Candidate],
        place: Callable[[str], str],
        fence: Callable[[ObjectStore, str, list[Candidate]], list[Candidate]],
    ) -> list[Candidate]:
        places: dict[str, list[Candidate]] = {}
        for each in some:
            places.setdefault(place(each.key), []).append(each)
        return [each for which, theirs in places.items() for each in fence(self._store, which, theirs)]

    def _purge(self, some: list[Candidate], done: Collected) -> None:
        """Children go before their parents: whoever is refused is tried again after the others."""
        while some:
            refused: dict[str, str] = {}
            for each in some:
                its_id = each.key.split("/")[1]
                purge = self._purging.run if each.kind == Kind.RUN else self._purging.experiment
                try:
                    purge(its_id)
                    done.removed.append(each)
                except (StateError, NotFound, Conflict) as error:
                    refused[each.key] = error.message
            if len(refused) == len(some):
                done.held.update(refused)
                return
            some = [each for each in some if each.key in refused]


def _kind(owner: str, key: str) -> Kind | None:
    if key.startswith(keys.KEPT_FILES):
        return Kind.KEPT_FILE
    if key.startswith(keys.MANIFESTS):
        return Kind.MANIFEST
    return Kind.PAGE if owner.startswith(keys.MODELS) and key.startswith(f"{owner}pages/") else None


def _index_of(key: str) -> str:
    match = PART.fullmatch(key)
    assert match is not None  # noqa: S101 - it was found by this
    return match["prefix"]


def _order(each: Candidate) -> tuple[str, str]:
    return each.kind, each.key

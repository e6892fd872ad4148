"""Releases: versions of several models switched, and rolled back, as one commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cloudtrack import clock
from cloudtrack.entities.release import MOST_MEMBERS, Member, Release, check_member_name, parse_member
from cloudtrack.errors import Conflict, InvalidInput, NotFound, ObjectNotFound, StateError
from cloudtrack.registry.anchor import Anchor
from cloudtrack.registry.model_versions import ModelVersions
from cloudtrack.registry.release_chain import ReleaseChain, ReleaseState, out_now, release_names
from cloudtrack.registry.release_events import (
    AnyReleaseChange,
    ReleaseDeleted,
    ReleaseEvent,
    RolledBack,
    Switched,
)
from cloudtrack.storage.parallel import map_in_order

Allow = Callable[[str], None]
"""Raises PermissionDenied or NotFound where the caller may not move versions of a model, by its name."""


def anyone(_model: str) -> None:
    """Everything is allowed."""


class Releases:
    """The releases of one store."""

    def __init__(self, chain: ReleaseChain, versions: ModelVersions) -> None:
        self._chain = chain
        self._versions = versions

    def switch(
        self,
        name: str,
        members: Mapping[str, str],
        *,
        replace: bool = False,
        expect: int | None = None,
        comment: str | None = None,
        allow: Allow = anyone,
    ) -> Release:
        """Put members to other versions, all in one commit; the release is made where there is none.

        ``members`` are ``encoder/12``, ``encoder@champion``, or ``models:/`` URIs, by the member's name; stages and
        aliases are looked up now. Members that are not named stay, or go with ``replace``. ``expect`` is the number
        that the release must have, 0 for none. Raises NotFound for a version that is not there, Conflict where
        somebody was faster.
        """
        asked = {check_member_name(member): uri for member, uri in members.items()}
        if not asked:
            raise InvalidInput("name the members to switch, such as ranker=ranker/7")
        found = dict(zip(asked, map_in_order(self._resolved, asked.values()), strict=True))

        def decide(state: ReleaseState) -> AnyReleaseChange | None:
            _check_expected(name, state, expect)
            before = state.members
            after = found if replace else {**before, **found}
            if len(after) > MOST_MEMBERS:
                raise InvalidInput(f"release {name!r} would have {len(after)} members; at most {MOST_MEMBERS}")
            for model in _moved(before, after):
                allow(model)
            if state.exists and after == before:
                for model in sorted({member.name for member in found.values()}):
                    allow(model)
                return None
            return Switched(name=name, members=after, asked=asked)

        return self._chain.commit_change(name, decide, comment=comment)[0].shown()

    def rollback(
        self, name: str, *, expect: int | None = None, comment: str | None = None, allow: Allow = anyone
    ) -> Release:
        """Go back to the set before, in one commit; again, it goes one further.

        Raises StateError where there was none, or a version of it was deleted: then switch. Otherwise as ``switch``.
        """

        def decide(state: ReleaseState) -> AnyReleaseChange:
            _check_expected(name, state, expect)
            if len(out_now(name, state).held) < 2:
                raise StateError(f"release {name!r} has no set before number {state.number} to go back to")
            target = state.held[-2]
            for model in _moved(state.members, target.members):
                allow(model)
            self._check_there(name, target.number, target.members)
            return RolledBack(members=target.members, to=target.number)

        return self._chain.commit_change(name, decide, comment=comment)[0].shown()

    def delete(self, name: str, *, comment: str | None = None, allow: Allow = anyone) -> None:
        """Delete a release. Its history stays, and the number goes on where it is made again. Raises NotFound."""

        def decide(state: ReleaseState) -> AnyReleaseChange:
            for model in _moved(out_now(name, state).members, {}):
                allow(model)
            return ReleaseDeleted()

        self._chain.commit_change(name, decide, comment=comment)

    def get(self, name: str, number: int | None = None) -> Release:
        """All members of one number, now or as it was. Raises NotFound."""
        return self._chain.read(name).shown() if number is None else self._numbered(name, number)

    def at(self, name: str, time_ms: int) -> Release:
        """All members as they were at an instant, in milliseconds since the epoch. Raises NotFound, InvalidInput."""
        if time_ms > clock.now_ms():
            raise InvalidInput(f"{clock.format_ms(time_ms)} is yet to come")
        number = self._chain.last_until(name, self._chain.read_any(name), time_ms)
        try:
            return self._numbered(name, number)
        except NotFound as error:
            raise NotFound(f"at {clock.format_ms(time_ms)} there was no release {name!r}") from error

    def names(self) -> list[str]:
        """The names of the releases that there are."""
        names = release_names(self._chain.store)
        states = map_in_order(self._chain.read_any, names)
        return [name for name, state in zip(names, states, strict=True) if state.exists]

    def history(self, name: str, *, after: int = 0, limit: int | None = None) -> list[ReleaseEvent]:
        """The changes after the first ``after``, oldest first. Raises NotFound for a name that never existed."""
        return self._chain.read_events(name, after=after, limit=limit)

    def verify(self, name: str, anchor: Anchor | None = None) -> Anchor:
        """The end of a history, when each event follows the one before it (see ``chain``). Raises CorruptData."""
        return self._chain.verify(name, *([anchor] if anchor else []))

    def _numbered(self, name: str, number: int) -> Release:
        events = self._chain.events(name)
        try:
            event = self._chain.parse(events.key(number), events.get(number))
        except ObjectNotFound as error:
            raise NotFound(f"release {name!r} has no number {number}") from error
        if isinstance(event.change, ReleaseDeleted):
            raise NotFound(f"release {name!r} was deleted by event {number}")
        return Release(name, number, dict(event.change.members), event.time_ms, event.actor, event.comment or "")

    def _resolved(self, text: str) -> Member:
        wanted = parse_member(text)
        version = self._versions.resolve(wanted.name, wanted.reference, wanted.at_ms)
        return Member(name=version.name, version=version.version)

    def _check_there(self, name: str, number: int, members: Mapping[str, Member]) -> None:
        for member, version in sorted(members.items()):
            try:
                self._versions.get(version.name, version.version)
            except NotFound as error:
                raise StateError(
                    f"release {name!r} cannot go back to {number}: of its member {member!r}, {error.message}; "
                    "switch to another set"
                ) from error


def _moved(before: Mapping[str, Member], after: Mapping[str, Member]) -> list[str]:
    """The models of which versions come or go."""
    changed = [member for member in before.keys() | after.keys() if before.get(member) != after.get(member)]
    sides = [side[member].name for side in (before, after) for member in changed if member in side]
    return sorted(set(sides))


def _check_expected(name: str, state: ReleaseState, expect: int | None) -> None:
    """Raises Conflict where the release has another number, and says who was faster."""
    there = state.number if state.exists else 0
    if expect is None or there == expect:
        return
    wanted = f"at number {expect}, as expected" if expect else "missing, as expected"
    found = f"at number {there}" if there else "missing"
    who = f": {state.actor or 'somebody'} changed that at {clock.format_ms(state.updated)}" if state.number else ""
    raise Conflict(f"release {name!r} is {found}, and not {wanted}{who}")

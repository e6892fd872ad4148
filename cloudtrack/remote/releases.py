"""Releases behind a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudtrack.entities.page import PagedList
from cloudtrack.entities.release import Member, Release, check_member_name, check_release_name, parse_member
from cloudtrack.errors import InvalidInput
from cloudtrack.registry.anchor import Anchor
from cloudtrack.registry.release_events import ReleaseEvent
from cloudtrack.remote import entities
from cloudtrack.remote.addresses import OWN
from cloudtrack.remote.connection import Connection, Json
from cloudtrack.remote.paging import gathered

_PAGE = 1000


class RemoteReleases:
    """The releases of a server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def switch(
        self,
        name: str,
        members: Mapping[str, str],
        *,
        replace: bool = False,
        expect: int | None = None,
        comment: str | None = None,
    ) -> Release:
        """Put members to other versions, all in one commit; the release is made where there is none.

        ``members`` are ``encoder/12``, ``encoder@champion``, or ``models:/`` URIs, by the member's name; stages and
        aliases are looked up now. Members that are not named stay, or go with ``replace``. ``expect`` is the number
        that the release must have, 0 for none. Raises NotFound for a version that is not there, Conflict where
        somebody was faster.
        """
        for member, uri in members.items():
            check_member_name(member)
            parse_member(uri)
        if not members:
            raise InvalidInput("name the members to switch, such as ranker=ranker/7")
        content = {"members": dict(members), "replace": replace, "expect": expect, "comment": comment or ""}
        return self._post("switch", name, content)

    def rollback(self, name: str, *, expect: int | None = None, comment: str | None = None) -> Release:
        """Go back to the set before, in one commit; again, it goes one further.

        Raises StateError where there was none, or a version of it was deleted: then switch. Otherwise as ``switch``.
        """
        return self._post("rollback", name, {"expect": expect, "comment": comment or ""})

    def delete(self, name: str, *, comment: str | None = None) -> None:
        """Delete a release. Its history stays, and the number goes on where it is made again. Raises NotFound."""
        content = {"name": check_release_name(name), "comment": comment or ""}
        self._connection.call("POST", f"{OWN}/releases/delete", content)

    def get(self, name: str, number: int | None = None) -> Release:
        """All members of one number, now or as it was. Raises NotFound."""
        return _release(self._get("get", name, number=number))

    def at(self, name: str, time_ms: int) -> Release:
        """All members as they were at an instant, in milliseconds since the epoch. Raises NotFound, InvalidInput."""
        return _release(self._get("get", name, time_ms=time_ms))

    def names(self) -> list[str]:
        """The names of the releases whose models the caller may read."""
        return list(self._connection.get(f"{OWN}/releases/names").get("names", []))

    def history(self, name: str, *, after: int = 0, limit: int | None = None) -> list[ReleaseEvent]:
        """The changes after the first ``after``, oldest first. Raises NotFound for a name that never existed."""

        def page(size: int, token: str | None) -> PagedList[ReleaseEvent]:
            answer = self._get("history", name, max_results=size, page_token=token)
            return entities.page(answer, "events", ReleaseEvent.model_validate)

        return list(gathered(page, _PAGE, limit, str(after) if after else None))

    def verify(self, name: str, anchor: Anchor | None = None) -> Anchor:
        """The end of a history, when each event follows the one before it; the server looks. Raises CorruptData."""
        return Anchor.parse(self._get("verify", name, anchor=str(anchor) if anchor else None)["anchor"])

    def _get(self, verb: str, name: str, **question: Any) -> Json:
        return self._connection.get(f"{OWN}/releases/{verb}", name=check_release_name(name), **question)

    def _post(self, verb: str, name: str, content: Json) -> Release:
        content = {"name": check_release_name(name), **content}
        return _release(self._connection.call("POST", f"{OWN}/releases/{verb}", content))


def _release(answer: Json) -> Release:
    found = answer["release"]
    members = {name: Member.model_validate(member) for name, member in found["members"].items()}
    return Release(**{**found, "members": members})

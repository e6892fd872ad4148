"""Releases: versions of several models that are switched, and rolled back, as one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from cloudtrack.entities.model_uri import RegisteredVersion, parse_model_uri, version_uri
from cloudtrack.errors import InvalidInput, NotFound

MAX_NAME_LENGTH = 256
MOST_MEMBERS = 200


class Member(BaseModel):
    """The version of a registered model that a release has under a member's name."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str
    version: int

    @property
    def uri(self) -> str:
        """``models:/<name>/<version>``."""
        return version_uri(self.name, self.version)


@dataclass(frozen=True, slots=True)
class Release:
    """All members of one release at one number: never a mix of two. The time is in milliseconds since the epoch."""

    name: str
    number: int
    """Of the event that made this set."""
    members: dict[str, Member] = field(default_factory=dict)
    time_ms: int = 0
    actor: str = ""
    comment: str = ""

    @property
    def models(self) -> set[str]:
        """The names of the registered models in it."""
        return {member.name for member in self.members.values()}

    def member(self, name: str) -> Member:
        """Raises NotFound."""
        if name not in self.members:
            there = ", ".join(sorted(self.members)) or "none"
            raise NotFound(f"release {self.name!r} has no member {name!r} at number {self.number}; it has {there}")
        return self.members[name]

    def uri(self, member: str) -> str:
        """The URI of a member at this number, which always means the same model."""
        self.member(member)
        return f"release:/{quote(self.name, safe='/')}@{self.number}/{quote(member, safe='')}"


def check_release_name(name: Any) -> str:
    """A release's name: text such as ``search/prod``, without ``@`` and ``:``, at most 256 characters."""
    _check_text("release", name)
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise InvalidInput(f"{name!r} is no release name: it has an empty, '.' or '..' part")
    return str(name)


def check_member_name(name: Any) -> str:
    """A member's name, the last part of its URI."""
    _check_text("member", name)
    if "/" in name:
        raise InvalidInput(f"{name!r} is no name of a member: it must not have '/', which is part of its URI")
    return str(name)


def parse_member(text: str) -> RegisteredVersion:
    """What a member is to be: ``encoder/12``, ``encoder@champion`` or a ``models:/`` URI. Raises InvalidInput."""
    uri = text if text.startswith("models:/") else f"models:/{text}"
    found = parse_model_uri(uri)
    if not isinstance(found, RegisteredVersion):
        raise InvalidInput(
            f"{text!r} is no version of a registered model; write encoder/12 or models:/encoder@champion"
        )
    return found


def _check_text(noun: str, name: Any) -> None:
    if not isinstance(name, str) or not name.strip():
        raise InvalidInput(f"{name!r} is no {noun} name: it must be text that is not empty")
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidInput(f"the {noun} name {name[:40]!r}... has {len(name)} characters; at most {MAX_NAME_LENGTH}")
    bad = next((char for char in name if char in "@:" or ord(char) < 32 or ord(char) == 127), "")
    if bad:
        raise InvalidInput(f"the {noun} name {name!r} must not have the character {bad!r}")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"the {noun} name {name!r} is not valid Unicode") from error

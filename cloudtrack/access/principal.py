"""Who asks, and whom permissions are given to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cloudtrack.errors import InvalidInput

EVERYONE = "*"
"""In a grant: every principal that is logged in."""
GROUP_PREFIX = "group:"
"""In a grant, before the name of a group."""
_MAX_LENGTH = 256


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a program, as its credential proves.

    An ``admin`` may do everything. ``groups`` are names that the policy may give permissions to.
    """

    name: str
    admin: bool = False
    groups: tuple[str, ...] = ()


def check_principal_name(name: Any) -> str:
    """A principal's name, which a grant can take for nothing else. Raises InvalidInput."""
    _check_name("the name of a principal", name)
    if name == EVERYONE or name.startswith(GROUP_PREFIX):
        raise InvalidInput(f"{name!r} is not the name of a principal: '*' and 'group:' have a meaning in grants")
    return str(name)


def check_group_name(name: Any) -> str:
    """A group's name. Raises InvalidInput."""
    return _check_name("the name of a group", name)


def check_grantee(grantee: Any) -> str:
    """Whom a grant is for: a principal's name, ``group:<name>``, or ``*``. Raises InvalidInput."""
    if isinstance(grantee, str) and grantee.startswith(GROUP_PREFIX):
        return GROUP_PREFIX + check_group_name(grantee.removeprefix(GROUP_PREFIX))
    return EVERYONE if grantee == EVERYONE else check_principal_name(grantee)


def check_remark(what: str, text: Any) -> str:
    """One printable line, which may be empty. Raises InvalidInput."""
    if not isinstance(text, str) or not text.isprintable():
        raise InvalidInput(f"{what} must be one line of printable text")
    if len(text) > _MAX_LENGTH:
        raise InvalidInput(f"{what} has {len(text)} characters; at most {_MAX_LENGTH} are allowed")
    return text


def _check_name(what: str, name: Any) -> str:
    text = check_remark(what, name)
    if not text or text != text.strip():
        raise InvalidInput(f"{text!r} is not {what}: it must not be empty, nor begin or end with a space")
    return text

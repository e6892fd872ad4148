"""What stands for the number of a version while it has none: of models that were registered without the store.

It is a text such as ``pending-0123456789abcdef-3``: the journal and the call that the number will come from. No number
could be given, since it is the next one when the store is back, whoever registers until then; and one that was made up
would come to mean the version of somebody else. A text is printed as what it is, can be handed to other calls and to
other processes, and is refused wherever a number is needed.
"""

from __future__ import annotations

import re
from typing import Any

from cloudtrack.entities.registered_model import check_version

PENDING_REGISTRATION = "PENDING_REGISTRATION"
"""MLflow's word for the status of such a version."""
_FORM = re.compile(r"(?<![\w-])pending-([0-9a-f]{16})-([1-9][0-9]*)(?![\w-])")


class PendingVersion(str):
    """A version that has no number yet."""

    __slots__ = ()

    @classmethod
    def of(cls, writer: str, number: int) -> PendingVersion:
        """The version that a call of a journal registers."""
        return cls(f"pending-{writer}-{number}")


def pending_in(text: str) -> list[tuple[PendingVersion, str, int]]:
    """The pending versions that a text names, each with its journal and the number of its call."""
    return [(PendingVersion(found[0]), found[1], int(found[2])) for found in _FORM.finditer(text)]


def check_version_or_pending(version: Any) -> int | str:
    """A version's number, or a pending version. Raises InvalidInput."""
    if isinstance(version, str) and _FORM.fullmatch(version):
        return version
    return check_version(version)

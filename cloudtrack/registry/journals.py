"""What came of the calls in journals: of work without the store, which is done when the store is back.

A journal is a file on another machine (see ``waiting.journal``), and may be there in copies. What was done of it, and
what was refused, is a document here, so that every copy of the journal comes to the same end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from cloudtrack.errors import InvalidInput, ObjectExists, ObjectNotFound, PermissionDenied
from cloudtrack.registry import keys
from cloudtrack.storage.document import Document, DocumentStore
from cloudtrack.storage.object_store import ObjectStore

MOST_CALLS = 1_000_000
MOST_REASON = 2_000
"""So many characters of a reason are kept."""
_WRITER = re.compile(r"[0-9a-f]{16}")


class Outcome(BaseModel):
    """What came of one call: it was done, unless it was refused or dropped."""

    model_config = ConfigDict(extra="allow")

    version: int | None = None
    """Of a registered model, where the call made one."""
    refused: str = ""
    """Why; then the call may be tried again."""
    attempts: int = 0
    """So often it was refused."""
    dropped: bool = False
    """Whether somebody gave it up."""

    @property
    def is_final(self) -> bool:
        """Whether nothing else will come of the call."""
        return self.dropped or not self.refused


class JournalDocument(Document):
    """The outcomes of one journal's calls, by number."""

    format_name: ClassVar[str] = "cloudtrack.journal-outcomes/1"

    writer: str
    noted_by: str = ""
    """The login of a server that notes them, and alone may; of whoever writes to the store itself nothing is asked."""
    outcomes: dict[int, Outcome] = {}


class Journals:
    """What one store knows of journals."""

    def __init__(self, store: ObjectStore, login: str = "") -> None:
        """``login`` is whose calls they are, where a server notes them for somebody."""
        self._documents = DocumentStore(store, JournalDocument)
        self._login = login

    def get(self, writer: str) -> dict[int, Outcome]:
        """What came of a journal's calls; nothing of one that nobody has delivered yet. One request.

        Raises PermissionDenied where another login noted it.
        """
        try:
            document = self._documents.get(keys.journal(check_writer(writer))).document
        except ObjectNotFound:
            return {}
        self._check_login(document)
        return document.outcomes

    def note(self, writer: str, outcomes: Mapping[int, Outcome]) -> dict[int, Outcome]:
        """Add what came of calls; all that is known then. What was done stays done, whatever others say of it.

        Raises PermissionDenied where another login noted it.
        """
        key, checked = keys.journal(check_writer(writer)), check_outcomes(outcomes)

        def change(document: JournalDocument) -> bool | None:
            self._check_login(document)
            before = dict(document.outcomes)
            for number, outcome in checked.items():
                there = before.get(number)
                if there is None or not there.is_final:
                    document.outcomes[number] = outcome
            return None if document.outcomes != before else False

        try:
            return self._documents.update(key, change).document.outcomes
        except ObjectNotFound:
            first = JournalDocument(writer=writer, noted_by=self._login, outcomes=checked)
        try:
            return self._documents.create(key, first).document.outcomes
        except ObjectExists:
            return self._documents.update(key, change).document.outcomes

    def _check_login(self, document: JournalDocument) -> None:
        """An outcome says which version a call made: whoever could forge it would move aliases of others."""
        if self._login and document.noted_by != self._login:
            raise PermissionDenied(
                f"the journal {document.writer} is delivered by another login: `cloudtrack sync` with that one"
            )


def check_writer(writer: Any) -> str:
    """The id of a journal. Raises InvalidInput."""
    if not isinstance(writer, str) or not _WRITER.fullmatch(writer):
        raise InvalidInput(f"{str(writer)[:40]!r} is no journal's id: 16 hexadecimal digits")
    return writer


def check_outcomes(outcomes: Mapping[int, Outcome]) -> dict[int, Outcome]:
    """Outcomes as they are kept. Raises InvalidInput for a number that no call has."""
    for number in outcomes:
        if not 1 <= number <= MOST_CALLS:
            raise InvalidInput(f"{number} is no number of a call in a journal: 1 to {MOST_CALLS}")
    return {
        number: each.model_copy(update={"refused": each.refused[:MOST_REASON]}) for number, each in outcomes.items()
    }

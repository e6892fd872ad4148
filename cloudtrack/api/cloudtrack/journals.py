"""What came of the calls in journals of clients that were offline."""

from __future__ import annotations

from typing import Any

from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain
from cloudtrack.api.fields import Bool, Int64, Message, RequestModel, Required
from cloudtrack.registry.journals import Journals, Outcome

ENDPOINTS = Declarations(Domain.TRANSITIONS)


class CallOutcome(Message):
    number: Int64
    version: Int64 | None = None
    refused: str = ""
    attempts: Int64 = 0
    dropped: Bool = False


class NoteOutcomes(RequestModel):
    writer: Required
    outcomes: list[CallOutcome] = []


@ENDPOINTS.add("POST", "/cloudtrack/registered-models/journal", LOGIN)
def note_outcomes(context: Context, request: NoteOutcomes) -> dict[str, Any]:
    """Note what came of the calls in a journal; all that is known. Each is one login's."""
    journals = Journals(context.client.store, context.user if context.is_guarded else "")
    said = {each.number: Outcome(**each.model_dump(exclude={"number"})) for each in request.outcomes}
    known = journals.note(request.writer, said) if said else journals.get(request.writer)
    return {"outcomes": [{"number": number, **known[number].model_dump(exclude_none=True)} for number in sorted(known)]}

"""Doing what waits in a journal, in its order; each call once, whoever else does it from a copy.

A call that cannot be done is kept, and the others go on that do not need it. What is not there (yet) may come with
another spool: such a call is tried again each time, and calls about the same registered model wait for it. Any other
refusal is noted in the store, and is not tried again unless somebody asks for that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cloudtrack.errors import CloudtrackError, CorruptData, NotFound, PermissionDenied, Purged, Unavailable
from cloudtrack.registry.journals import Outcome
from cloudtrack.tracking.model_points import last_of_each
from cloudtrack.waiting.call import LOG_METRICS, REGISTER, UPLOAD, Call
from cloudtrack.waiting.checking import CALLS, arguments_of
from cloudtrack.waiting.doing import do
from cloudtrack.waiting.journal import Journal


@dataclass
class Replayed:
    """What came of a journal's calls."""

    done: list[str] = field(default_factory=list)
    """The calls that were done now, in words."""
    left: dict[int, str] = field(default_factory=dict)
    """The calls that could not be done, by number, with the reason."""
    known: dict[int, Outcome] = field(default_factory=dict)
    """The outcomes that the store has."""
    looked_at: int = 0
    """So many of the journal's calls were there."""
    is_waiting: bool = False
    """Whether one is left that is tried again."""
    lacking: set[str] = field(default_factory=set)
    """What the calls that are left did not make: pending versions, logged models."""


class Replay:
    """The delivery of one journal through a client, which is of a store or of a server."""

    def __init__(self, client: Any, journal: Journal, *, retry: bool = False) -> None:
        """``retry`` also tries what was refused before."""
        self._client = client
        self._journal = journal
        self._retry = retry
        self._found = Replayed()
        self._notes: dict[int, Outcome] = {}
        self._names: set[str] = set()  # registered models that a call waits for
        self._elsewhere: dict[str, dict[int, Outcome]] = {}

    def run(self) -> Replayed:
        """Do what can be done. Raises Unavailable where the store is away: what was done is noted, or found again."""
        found = self._found
        found.known = self._client.journals.get(self._journal.header.writer)
        calls = list(self._journal.calls)
        found.looked_at = len(calls)
        for call in _merged(calls, found.known):
            there = found.known.get(call.number)
            if there is None or (there.refused and not there.dropped and self._retry):
                self._try(call)
            elif there.refused:
                found.lacking |= call.makes(self._journal.header.writer)
                if not there.dropped:
                    found.left[call.number] = there.refused
        self._note()
        return found

    def _try(self, call: Call) -> None:
        found = self._found
        if missing := sorted(call.needs() & found.lacking):
            self._leave(call, f"it needs {missing[0]}, which was not made")
            return
        if call.name in self._names:
            self._leave(call, f"an earlier call about {call.name!r} waits")
            found.is_waiting = True
            return
        try:
            outcome = self._do(call)
        except _NotHere as error:
            self._leave(call, str(error))
            return
        except Purged as error:
            self._refuse(call, error)
        except NotFound as error:
            self._leave(call, error.message)
            found.is_waiting = True
            if call.name is not None:
                self._names.add(call.name)
        except Unavailable:
            self._note()
            raise
        except CloudtrackError as error:
            self._refuse(call, error)
        else:
            found.done.append(call.summary() + (f" -> version {outcome.version}" if outcome.version else ""))
            self._notes |= dict.fromkeys(call.numbers, outcome)
        if call.is_of_registry:
            self._note()

    def _do(self, call: Call) -> Outcome:
        attempts = self._attempts(call)
        operation = f"{call.operation}-{attempts}" if attempts else call.operation  # a refusal may be an event, too
        client = self._client.acting_as(self._journal.header.user, operation=operation, since_ms=call.time_ms)
        arguments = call.with_versions(
            {pending: self._version(writer, number) for pending, writer, number in call.references()}
        )
        if call.call in CALLS:
            arguments = arguments_of(call.call, **arguments)
        source = None
        if call.call == UPLOAD and call.file is not None:
            try:
                source = self._journal.files.find(call.file)
            except CorruptData as error:
                raise _NotHere(error.message) from error
        made = do(client, call, arguments, source)
        return Outcome(version=made.version if call.call in REGISTER else None)

    def _version(self, writer: str, number: int) -> int:
        """The number of a version that a call of this journal, or of another, registered. Raises NotFound."""
        if writer == self._journal.header.writer:
            outcome = self._found.known.get(number)
        else:
            if writer not in self._elsewhere:
                self._elsewhere[writer] = self._client.journals.get(writer)
            outcome = self._elsewhere[writer].get(number)
        if outcome is None or outcome.version is None:
            raise NotFound(f"the version that call {number} of the journal {writer} registers is not there yet")
        return outcome.version

    def _refuse(self, call: Call, error: CloudtrackError) -> None:
        self._leave(call, error.message)
        outcome = Outcome(refused=error.message or type(error).__name__, attempts=self._attempts(call) + 1)
        self._notes |= dict.fromkeys(call.numbers, outcome)

    def _attempts(self, call: Call) -> int:
        there = self._found.known.get(call.number)
        return there.attempts if there else 0

    def _leave(self, call: Call, reason: str) -> None:
        self._found.left |= dict.fromkeys(call.numbers, reason)
        self._found.lacking |= call.makes(self._journal.header.writer)

    def _note(self) -> None:
        if not self._notes:
            return
        try:
            self._found.known = self._client.journals.note(self._journal.header.writer, self._notes)
        except PermissionDenied:
            if any(self._journal.calls[number - 1].is_of_registry for number in self._notes):
                raise
            self._found.known |= self._notes  # who may not write the registry: these come to the same when done again
        self._notes = {}


def _merged(calls: list[Call], known: Mapping[int, Outcome]) -> Iterator[Call]:
    """The calls, with metrics of one run that come one after the other as one: a model keeps the last of each."""
    before: Call | None = None
    for call in calls:
        is_new = call.call == LOG_METRICS and call.number not in known
        if before is not None and is_new and before.arguments == call.arguments:
            points = last_of_each([*before.points, *call.points])
            before = before.model_copy(update={"points": points, "also": [*before.also, call.number]})
            continue
        if before is not None:
            yield before
        before = call if is_new else None
        if not is_new:
            yield call
    if before is not None:
        yield before


class _NotHere(Exception):
    """A file of a call is missing in this copy of the journal; another copy may have it."""

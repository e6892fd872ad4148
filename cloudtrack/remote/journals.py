"""What a server knows of journals."""

from __future__ import annotations

from collections.abc import Mapping

from cloudtrack.registry.journals import Outcome, check_outcomes, check_writer
from cloudtrack.remote.addresses import OWN
from cloudtrack.remote.connection import Connection


class RemoteJournals:
    """What came of the calls in journals."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, writer: str) -> dict[int, Outcome]:
        """What came of a journal's calls; nothing of one that nobody has delivered yet. One request."""
        return self._send(writer, {})

    def note(self, writer: str, outcomes: Mapping[int, Outcome]) -> dict[int, Outcome]:
        """Add what came of calls; all that is known then. What was done stays done, whatever others say of it."""
        return self._send(writer, check_outcomes(outcomes))

    def _send(self, writer: str, outcomes: Mapping[int, Outcome]) -> dict[int, Outcome]:
        content = {
            "writer": check_writer(writer),
            "outcomes": [{"number": number, **each.model_dump()} for number, each in outcomes.items()],
        }
        answer = self._connection.call("POST", f"{OWN}/registered-models/journal", content)
        return {int(each.pop("number")): Outcome.model_validate(each) for each in answer.get("outcomes", [])}

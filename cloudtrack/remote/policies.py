"""The policy of a store behind a server."""

from __future__ import annotations

from cloudtrack.entities.registered_model import check_model_name, check_version
from cloudtrack.registry.decision import Decision
from cloudtrack.registry.replay import Replayed
from cloudtrack.remote.addresses import OWN
from cloudtrack.remote.connection import Connection

_POLICY = f"{OWN}/policy"


class RemotePolicies:
    """``policy.yaml`` at the root of a server's store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> str:
        """The text of the policy. Raises NotFound where there is none."""
        return str(self._connection.get(f"{_POLICY}/get")["policy"])

    def set(self, text: str) -> None:
        """Put a policy in place of the present one; it counts from the next transition on.

        Raises InvalidInput naming line and field, Conflict where somebody else changes it at the same moment.
        """
        self._connection.call("POST", f"{_POLICY}/set", {"policy": text})

    def check(self, name: str, version: int | str, stage: str, *, rollback: bool = False) -> Decision | None:
        """What the policy says of a version and a stage now; None where there is no policy. Writes nothing.

        Raises NotFound, InvalidInput.
        """
        question = {"version": check_version(version), "stage": stage, "rollback": rollback}
        answer = self._connection.get(f"{_POLICY}/check", name=check_model_name(name), **question)
        return Decision.model_validate(answer["decision"]) if answer else None

    def replay(self, name: str) -> list[Replayed]:
        """Every decision in a model's history, judged again. Raises NotFound, CorruptData."""
        answer = self._connection.get(f"{_POLICY}/replay", name=check_model_name(name))
        return [Replayed(**item) for item in answer["decisions"]]

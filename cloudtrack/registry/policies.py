"""The policy of a store: writing it, asking it, and judging what it said before again."""

from __future__ import annotations

from cloudtrack.entities.registered_model import check_version
from cloudtrack.entities.version_facts import Evidence
from cloudtrack.errors import Conflict, InvalidInput, NotFound, ObjectChanged, ObjectExists, ObjectNotFound
from cloudtrack.registry import keys
from cloudtrack.registry.decision import Decision
from cloudtrack.registry.gate import Gate, NoEvidence, read_policy
from cloudtrack.registry.policy_file import parse_policy
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.replay import Replayed, replay
from cloudtrack.registry.resolving import version_in


class Policies:
    """``policy.yaml`` at the root of one store."""

    def __init__(self, registry: Registry, evidence: Evidence | None = None) -> None:
        self._registry = registry
        self._evidence = evidence or NoEvidence()

    def get(self) -> str:
        """The text of the policy. Raises NotFound where there is none."""
        body = read_policy(self._registry.store)
        if body is None:
            raise NotFound("this store has no policy.yaml: any version may come to any stage")
        return body.decode(errors="replace")

    def set(self, text: str) -> None:
        """Put a policy in place of the present one; it counts from the next transition on.

        Raises InvalidInput naming line and field, Conflict where somebody else changes it at the same moment.
        """
        try:
            body = text.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput("policy.yaml is not UTF-8") from error
        parse_policy(body)
        store, key = self._registry.store, keys.REGISTRY_POLICY
        try:
            etag = store.get(key).etag
        except ObjectNotFound:
            etag = ""
        try:
            if etag:
                store.replace(key, body, etag)
            else:
                store.create(key, body)
        except (ObjectChanged, ObjectExists) as error:
            if read_policy(store) != body:  # or else it was ours, whose answer was lost
                raise Conflict("somebody else changes policy.yaml just now: look at it, and try again") from error

    def check(self, name: str, version: int | str, stage: str, *, rollback: bool = False) -> Decision | None:
        """What the policy says of a version and a stage now; None where there is no policy. Writes nothing.

        Raises NotFound, InvalidInput.
        """
        number = check_version(version)
        state = self._registry.read(name)
        version_in(state, number)
        gate = Gate(self._registry.store, self._evidence)
        return gate.judge(state, number, state.stage_named(stage), rollback=rollback)

    def replay(self, name: str) -> list[Replayed]:
        """Every decision in a model's history, judged again. Raises NotFound, CorruptData."""
        return replay(self._registry, name)

"""The policy at the moment of a commit: what it asks for is read anew for every attempt, and judged on that state.

A rival that takes the number of the event makes the commit decide again. A change that is no event, such as a metric
that is logged meanwhile, is noticed by a second look just before the event is written; what is logged in the moment
after that is not seen. The decision has what was seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from cloudtrack.entities.version_facts import Evidence, Measured, ModelFileFacts
from cloudtrack.errors import ObjectNotFound, PermissionDenied
from cloudtrack.registry import keys
from cloudtrack.registry.decision import Decision, Inputs, Vote, sha256_of
from cloudtrack.registry.events import AnyChange, StageTransitioned
from cloudtrack.registry.gathering import gather
from cloudtrack.registry.judging import judge_text
from cloudtrack.registry.review_events import TransitionDenied
from cloudtrack.registry.state import ModelState
from cloudtrack.storage.object_store import ObjectStore


class NoEvidence:
    """Where nothing is known of versions beside the registry: what asks for it fails."""

    def metrics(self, *_: object) -> dict[str, Measured]:
        """None."""
        return {}

    def model_file(self, *_: object) -> ModelFileFacts:
        """Nothing."""
        return ModelFileFacts(problem="there is nobody to ask for MLmodel")


class Gate:
    """One transition before the policy, through all attempts to commit it."""

    def __init__(self, store: ObjectStore, evidence: Evidence) -> None:
        self._store = store
        self._evidence = evidence
        self._last: tuple[bytes, ModelState, Decision] | None = None

    def judge(
        self, state: ModelState, version: int, stage: str, *, rollback: bool = False, votes: Sequence[Vote] = ()
    ) -> Decision | None:
        """What the policy says of a version and a stage now; None where there is no policy, after one request.

        ``votes`` are approvals beside those that the request for it has. Raises Unavailable.
        """
        body = read_policy(self._store)
        self._last = None
        if body is None:
            return None
        inputs = gather(body, state, version, stage, self._evidence, rollback=rollback, votes=votes)
        checks = judge_text(body, state.name, stage, inputs, rollback=rollback)
        decision = Decision(
            model=state.name,
            version=version,
            stage=stage,
            policy_sha256=sha256_of(body),
            policy=_text(body),
            rollback=rollback,
            inputs=inputs,
            checks=checks,
            allowed=all(check.passed for check in checks),
        )
        self._last = (body, state, decision)
        return decision

    def still_holds(self) -> bool:
        """Whether a second look finds what the last judgement went by; True where there was no policy."""
        if self._last is None:
            return True
        body, state, known = self._last
        if read_policy(self._store) != body:
            return False
        again = gather(body, state, known.version, known.stage, self._evidence, rollback=known.rollback)
        return _facts(again) == _facts(known.inputs)


def read_policy(store: ObjectStore) -> bytes | None:
    """The bytes of the policy; None where there is none. One request."""
    try:
        return store.get(keys.REGISTRY_POLICY).body
    except ObjectNotFound:
        return None


def passed(change: StageTransitioned, decision: Decision | None, *, force: bool = False) -> AnyChange:
    """The event to commit: the transition, or that it was denied; with ``force`` always the transition."""
    if decision is None:
        return change
    if not decision.allowed and not force:
        return TransitionDenied(
            version=change.version,
            from_stage=change.from_stage,
            to_stage=change.to_stage,
            request=change.request,
            decision=decision,
        )
    return change.model_copy(update={"decision": decision.model_copy(update={"forced": not decision.allowed})})


def raise_denied(name: str, made: AnyChange | None) -> None:
    """Raises PermissionDenied where a commit was that the transition is denied."""
    if isinstance(made, TransitionDenied):
        raise PermissionDenied(
            f"policy.yaml does not let version {made.version} of {name!r} come to {made.to_stage}: "
            f"{made.decision.why_not()}"
        )


def _facts(inputs: Inputs) -> str:
    """What may change without an event. As text, because NaN is not equal to itself."""
    return inputs.model_dump_json(include={"metrics", "model_file", "holders"})


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return ""

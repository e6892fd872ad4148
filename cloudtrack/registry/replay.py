"""Judging every recorded decision of a history again, from the history alone.

Metrics and what ``MLmodel`` said are taken as recorded. All else is looked up in the state before the event: tags, who
held the stage, the request and its approvals.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from cloudtrack.entities.version_facts import Measured, ModelFileFacts
from cloudtrack.errors import NotFound
from cloudtrack.registry.chain import hash_of
from cloudtrack.registry.decision import Check, Decision, Inputs, ModelFile, Value, Vote, sha256_of
from cloudtrack.registry.events import Event, StageTransitioned, parse_event
from cloudtrack.registry.gathering import gather
from cloudtrack.registry.judging import judge_text
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.review_events import TransitionDenied
from cloudtrack.registry.state import ModelState, fold


@dataclass(frozen=True)
class Replayed:
    """One decision, judged again. The time is in milliseconds since the epoch."""

    number: int
    """Of the event."""
    time_ms: int
    actor: str
    version: int
    stage: str
    outcome: str
    """``allowed``, ``denied``, ``forced`` or ``exempt``."""
    disagreements: list[str]
    """What is recorded otherwise than it comes out; empty where it agrees."""


def replay(registry: Registry, name: str) -> list[Replayed]:
    """All decisions in a model's history, oldest first. Raises NotFound, CorruptData."""
    events = registry.events(name)
    state = registry.empty(name)
    found: list[Replayed] = []
    for number, body in events.read_listed():
        event = parse_event(events.key(number), body)
        change = event.change
        if isinstance(change, StageTransitioned | TransitionDenied) and change.decision is not None:
            found.append(_judged_again(state, event, change, change.decision))
        fold(state, event, hash_of(body))
    if not state.number:
        raise NotFound(f"there is no registered model {name!r}, and there never was")
    return found


def _judged_again(
    state: ModelState, event: Event, change: StageTransitioned | TransitionDenied, decision: Decision
) -> Replayed:
    if isinstance(change, TransitionDenied):
        outcome = "denied"
    elif decision.forced:
        outcome = "forced"
    else:
        outcome = "exempt" if decision.rollback and not decision.checks else "allowed"
    return Replayed(
        number=event.number,
        time_ms=event.time_ms,
        actor=event.actor,
        version=change.version,
        stage=change.to_stage,
        outcome=outcome,
        disagreements=list(_disagreements(state, event, change, decision)),
    )


def _disagreements(
    state: ModelState, event: Event, change: StageTransitioned | TransitionDenied, decision: Decision
) -> Iterator[str]:
    policy = decision.policy.encode()
    if policy and sha256_of(policy) != decision.policy_sha256:
        yield f"the policy is not the one with the SHA-256 {decision.policy_sha256}"
    about = (decision.model, decision.version, decision.stage)
    if about != (state.name, change.version, change.to_stage):
        yield f"it is about {about[0]!r} version {about[1]} in {about[2]}"
    if isinstance(change, StageTransitioned) and change.rolled_back != decision.rollback:
        yield f"it is {'a' if decision.rollback else 'no'} rollback as recorded"
    yield from _inputs_that_differ(state, event, change, decision)
    again = judge_text(policy, decision.model, decision.stage, decision.inputs, rollback=decision.rollback)
    yield from _checks_that_differ(decision.checks, again)
    allowed = all(check.passed for check in again)
    if allowed != decision.allowed:
        yield f"it comes out as {'allowed' if allowed else 'denied'}"
    moved = isinstance(change, StageTransitioned)
    if moved != (allowed or decision.forced) or (decision.forced and allowed):
        yield f"the version {'moved' if moved else 'did not move'}, {'forced' if decision.forced else 'not forced'}"


def _inputs_that_differ(
    state: ModelState, event: Event, change: StageTransitioned | TransitionDenied, decision: Decision
) -> Iterator[str]:
    known = decision.inputs
    own = [vote for vote in known.votes if vote.actor == event.actor] or [Vote(actor=event.actor)]
    found = gather(
        decision.policy.encode(),
        state,
        decision.version,
        decision.stage,
        _Recorded(known),
        rollback=decision.rollback,
        votes=own if change.request is not None else (),
    )
    for name in Inputs.model_fields:
        before, now = (inputs.model_dump_json(include={name}) for inputs in (known, found))
        if before != now:  # as text, because NaN is not equal to itself
            yield f"{before} is recorded, and the history has {now}"


def _checks_that_differ(recorded: list[Check], again: list[Check]) -> Iterator[str]:
    before = {(check.rule, check.requirement): check.passed for check in recorded}
    now = {(check.rule, check.requirement): check.passed for check in again}
    for key in sorted({*before, *now}):
        if before.get(key) != now.get(key):
            words = {True: "passed", False: "failed", None: "missing"}
            rule, requirement = key
            yield f"rule {rule}, {requirement}: {words[before.get(key)]} as recorded, {words[now.get(key)]} now"


class _Recorded:
    """Evidence as it was recorded."""

    def __init__(self, inputs: Inputs) -> None:
        self._values: dict[tuple[str | None, str | None], dict[str, Value]] = {}
        for holder in inputs.holders:
            self._values.setdefault((holder.run_id, holder.model_id), {}).update(holder.metrics)
        self._values.setdefault((inputs.run_id, inputs.model_id), {}).update(inputs.metrics)
        self._file = inputs.model_file or ModelFile()

    def metrics(self, run_id: str | None, model_id: str | None, keys: Collection[str]) -> dict[str, Measured]:
        """Those that were recorded."""
        known = self._values.get((run_id, model_id), {})
        return {key: Measured(known[key].value, known[key].origin) for key in keys if key in known}

    def model_file(self, source: str, digest: str | None) -> ModelFileFacts:  # noqa: ARG002 - the one that was read
        """What was recorded."""
        file = self._file
        return ModelFileFacts(file.signature, file.input_example, tuple(file.pickles), file.problem)

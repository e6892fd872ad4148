"""Looking up what the rules of a policy ask for, and no more."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cloudtrack.entities.version_facts import Evidence
from cloudtrack.errors import InvalidInput
from cloudtrack.registry.decision import Holder, Inputs, ModelFile, Value, Vote
from cloudtrack.registry.policy_file import Rule, parse_policy
from cloudtrack.registry.state import ModelState
from cloudtrack.registry.version_state import VersionState


def gather(
    policy: bytes,
    state: ModelState,
    number: int,
    stage: str,
    evidence: Evidence,
    *,
    rollback: bool = False,
    votes: Iterable[Vote] = (),
) -> Inputs:
    """What a judgement of a version goes by: of the state, and of the ``evidence``.

    ``votes`` are approvals beside those that the request for the version and the stage has. Raises Unavailable.
    """
    version = state.versions.get(number)
    request = state.requests.open_for(number, stage)
    inputs = Inputs()
    if request is not None:
        given = [Vote(actor=vote.actor, groups=vote.groups) for vote in request.approvals]
        more = [vote for vote in votes if vote.actor not in {one.actor for one in given}]
        inputs = Inputs(request=request.id, requested_by=request.actor, votes=[*given, *more])
    rules = rules_for(policy, state.name, stage, rollback=rollback)
    if version is None or not rules:
        return inputs
    compared = {metric for rule in rules for metric in rule.not_worse}
    measured = compared | {bound.metric for rule in rules for bound in rule.metrics}
    tags = {key for rule in rules for key in rule.tags}
    inputs.run_id, inputs.model_id = version.run_id, version.model_id
    inputs.tags = {key: value for key, value in sorted(version.tags.items()) if key in tags}
    inputs.metrics = _metrics(evidence, version, measured)
    if any(rule.signature or rule.input_example or rule.no_pickle for rule in rules):
        facts = evidence.model_file(version.source, version.digest)
        inputs.model_file = ModelFile(
            signature=facts.signature,
            input_example=facts.input_example,
            pickles=list(facts.pickles),
            problem=facts.problem,
        )
    if compared:
        others = [state.versions.get(other) for other in state.versions.holders(stage) if other != number]
        inputs.holders = [
            Holder(
                version=other.version,
                run_id=other.run_id,
                model_id=other.model_id,
                metrics=_metrics(evidence, other, compared),
            )
            for other in others
            if other is not None
        ]
    return inputs


def rules_for(policy: bytes, model: str, stage: str, *, rollback: bool = False) -> list[Rule]:
    """The rules that a transition has to meet; none of a policy that cannot be understood, which fails by itself."""
    try:
        parsed = parse_policy(policy)
    except InvalidInput:
        return []
    if rollback and not parsed.checks_rollback:
        return []
    return [rule for _, rule in parsed.rules_for(model, stage)]


def _metrics(evidence: Evidence, version: VersionState, keys: Collection[str]) -> dict[str, Value]:
    found = evidence.metrics(version.run_id, version.model_id, keys) if keys else {}
    return {key: Value(value=found[key].value, origin=found[key].origin) for key in sorted(found)}

"""Judging a version by a policy: from the policy, the model, the stage and the inputs alone. Pure."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator

from cloudtrack.access.principal import EVERYONE, GROUP_PREFIX
from cloudtrack.errors import InvalidInput
from cloudtrack.registry.decision import Check, Inputs, ModelFile, Value, Vote
from cloudtrack.registry.policy_file import Bound, Policy, Rule, parse_policy

_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


def judge_text(body: bytes, model: str, stage: str, inputs: Inputs, *, rollback: bool = False) -> list[Check]:
    """As ``judge``, by the bytes of a policy: one that cannot be understood lets nothing through."""
    try:
        policy = parse_policy(body)
    except InvalidInput as error:
        return [Check(rule=0, requirement="policy", passed=False, detail=error.message)]
    return judge(policy, model, stage, inputs, rollback=rollback)


def judge(policy: Policy, model: str, stage: str, inputs: Inputs, *, rollback: bool = False) -> list[Check]:
    """Every requirement of every rule for the model and the stage, in order; none for a rollback that is exempt."""
    if rollback and not policy.checks_rollback:
        return []
    return [check for number, rule in policy.rules_for(model, stage) for check in _checks(number, rule, inputs)]


def counting(rule: Rule, requested_by: str, votes: Iterable[Vote]) -> list[str]:
    """The people whose approval counts for a rule, each once."""
    found = dict.fromkeys(vote.actor for vote in votes if _may_approve(rule, vote))
    return [who for who in found if not (rule.two_person and who == requested_by)]


def _checks(number: int, rule: Rule, inputs: Inputs) -> Iterator[Check]:
    def check(requirement: str, passed: bool, detail: str) -> Check:
        return Check(rule=number, requirement=requirement, passed=passed, detail=detail)

    file = inputs.model_file or ModelFile(problem="MLmodel was not read")
    if rule.signature:
        yield check("signature", file.signature, file.problem or _has(file.signature, "a signature"))
    if rule.input_example:
        yield check("input_example", file.input_example, file.problem or _has(file.input_example, "an input example"))
    if rule.no_pickle:
        passed = not (file.problem or file.pickles)
        yield check("no_pickle", passed, file.problem or ", ".join(file.pickles) or "it needs no pickle")
    for key, wanted in rule.tags.items():
        yield check(f"tag {key}", *_tag(key, wanted, inputs.tags.get(key)))
    for bound in rule.metrics:
        yield check(str(bound), *_within(bound, inputs.metrics.get(bound.metric)))
    for metric, is_lower_better in rule.not_worse.items():
        yield check(f"{metric} not worse", *_not_worse(metric, is_lower_better, inputs))
    if rule.approvals:
        yield check("approvals", *_approved(rule, inputs))


def _tag(key: str, wanted: str | None, found: str | None) -> tuple[bool, str]:
    if found is None:
        return False, f"it has no tag {key}"
    if wanted is None or found == wanted:
        return True, f"the tag {key} is {found!r}"
    return False, f"the tag {key} is {found!r}, and must be {wanted!r}"


def _within(bound: Bound, found: Value | None) -> tuple[bool, str]:
    if found is None:
        return False, f"it has no metric {bound.metric}, and {bound} is required"
    passed = _SIGNS[bound.sign](found.value, bound.limit)
    return passed, f"{bound.metric} is {found.value:g}" + ("" if passed else f", and {bound} is required")


def _not_worse(metric: str, is_lower_better: bool, inputs: Inputs) -> tuple[bool, str]:
    """Against every holder that has the metric; a number is not worse than NaN, and NaN is worse than nothing."""
    found = inputs.metrics.get(metric)
    if found is None or math.isnan(found.value):
        return False, f"it has no {'metric' if found is None else 'number as'} {metric} to compare"
    for holder in inputs.holders:
        other = holder.metrics.get(metric)
        if other is None or math.isnan(other.value):
            continue
        if found.value > other.value if is_lower_better else found.value < other.value:
            return False, f"{metric} is {found.value:g}, worse than {other.value:g} of version {holder.version}"
    return True, f"{metric} is {found.value:g}, not worse than that of whoever holds the stage"


def _approved(rule: Rule, inputs: Inputs) -> tuple[bool, str]:
    who = counting(rule, inputs.requested_by, inputs.votes)
    given = f"{len(who)} of {rule.approvals} approvals" + (f" ({', '.join(who)})" if who else "")
    if len(who) >= rule.approvals:
        return True, given
    place = f"request {inputs.request}" if inputs.request else "no request is open: `cloudtrack models request`"
    return False, f"{given}; {place}"


def _may_approve(rule: Rule, vote: Vote) -> bool:
    names = {EVERYONE, vote.actor, *(GROUP_PREFIX + group for group in vote.groups)}
    return not rule.approvers or not names.isdisjoint(rule.approvers)


def _has(there: bool, what: str) -> str:
    return f"it has {what}" if there else f"it has no {what.partition(' ')[2]}"

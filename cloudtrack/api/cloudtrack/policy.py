"""The policy of the store: what versions must have and be before they come to a stage."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cloudtrack.access.permission import Permission
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError
from cloudtrack.api.fields import Bool, RequestModel, Required
from cloudtrack.api.mlflow.registered_models import ModelRequest
from cloudtrack.errors import CorruptData

ENDPOINTS = Declarations(Domain.TRANSITIONS)

_READ = Needs(Permission.READ, On.REGISTERED_MODEL)


class SetPolicy(RequestModel):
    policy: Required


class CheckPolicy(ModelRequest):
    version: Required
    stage: Required
    rollback: Bool = False


@ENDPOINTS.add("GET", "/cloudtrack/policy/get", LOGIN)
def get_policy(context: Context, request: RequestModel) -> dict[str, Any]:  # noqa: ARG001 - there is nothing to say
    """The text of the policy."""
    return {"policy": context.client.policy.get()}


@ENDPOINTS.add("POST", "/cloudtrack/policy/set", Needs(Permission.MANAGE, On.STORE))
def set_policy(context: Context, request: SetPolicy) -> None:
    """Put a policy in place of the present one."""
    context.client.policy.set(request.policy)


@ENDPOINTS.add("GET", "/cloudtrack/policy/check", _READ)
def check_policy(context: Context, request: CheckPolicy) -> dict[str, Any]:
    """What the policy says of a version and a stage now; nothing where there is no policy."""
    decision = context.client.policy.check(request.name, request.version, request.stage, rollback=request.rollback)
    return {} if decision is None else {"decision": decision.model_dump(mode="json")}


@ENDPOINTS.add("GET", "/cloudtrack/policy/replay", _READ)
def replay_policy(context: Context, request: ModelRequest) -> dict[str, Any]:
    """Every decision in a registered model's history, judged again."""
    try:
        found = context.client.policy.replay(request.name)
    except CorruptData as error:
        raise ApiError("DATA_LOSS", error.message) from error  # which event, is what was asked
    return {"decisions": [asdict(one) for one in found]}

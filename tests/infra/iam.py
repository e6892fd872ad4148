"""What policies allow, as far as this template's go: actions, resources with ``*``, conditions on headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.infra.stack import Stack

Statement = Mapping[str, Any]


def role_statements(stack: Stack, role: str) -> list[Statement]:
    """All that a role allows: its own policies, and those it shares."""
    properties = stack.of_type("AWS::IAM::Role")[role]
    shared = stack.of_type("AWS::IAM::ManagedPolicy")
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    documents += [shared[name]["PolicyDocument"] for name in properties["ManagedPolicyArns"]]
    return [statement for document in documents for statement in document["Statement"]]


def bucket_statements(stack: Stack) -> list[Statement]:
    """The bucket's own policy."""
    statements: list[Statement] = stack.of_type("AWS::S3::BucketPolicy")["BucketPolicy"]["PolicyDocument"]["Statement"]
    return statements


def matches(statement: Statement, action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether a statement speaks about this."""
    return (
        any(_like(pattern, action) for pattern in as_list(statement["Action"]))
        and any(_like(pattern, resource) for pattern in as_list(statement["Resource"]))
        and all(
            _holds(operator, key, wanted, context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def is_allowed(
    own: Iterable[Statement], bucket: Iterable[Statement], action: str, resource: str, context: Mapping[str, str]
) -> bool:
    """Whether somebody may do this: it is allowed, and neither they nor the bucket deny it."""
    said = {each["Effect"] for each in own if matches(each, action, resource, context)}
    denied = any(matches(each, action, resource, context) for each in bucket if each["Effect"] == "Deny")
    return not denied and said == {"Allow"}


def as_list(value: Any) -> list[Any]:
    """IAM takes one thing for a list of one."""
    return value if isinstance(value, list) else [value]


def _like(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.DOTALL) is not None


def _holds(operator: str, key: str, wanted: str, context: Mapping[str, str]) -> bool:
    match operator:
        case "Null":
            return (key not in context) == (wanted == "true")
        case "Bool" | "StringEquals":
            return context.get(key) == wanted
    raise AssertionError(f"{operator} is not known to this test")

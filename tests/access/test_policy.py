"""The answers of a policy."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.policy import AccessPolicy, Grant
from cloudtrack.access.principal import Principal
from cloudtrack.errors import CorruptData, InvalidInput

EXPERIMENT, MODEL = Resource.EXPERIMENT, Resource.REGISTERED_MODEL
ALICE = Principal("alice", groups=("ml", "ops"))
BOB = Principal("bob")


def _policy(
    *grants: tuple[str, Resource, str, Permission], default: Permission = Permission.NO_PERMISSIONS
) -> AccessPolicy:
    return AccessPolicy(
        default_permission=default,
        grants=[Grant(principal=p, resource=r, resource_id=i, permission=permission) for p, r, i, permission in grants],
    )


def test_without_a_policy_only_an_admin_may_do_anything() -> None:
    policy = AccessPolicy()
    assert policy.permission(ALICE, EXPERIMENT, "1") == Permission.NO_PERMISSIONS
    assert not policy.is_approver(ALICE, "churn")
    root = Principal("root", admin=True)
    assert policy.permission(root, MODEL, "churn") == Permission.MANAGE
    assert policy.is_approver(root, "churn")


def test_an_admin_of_the_policy_has_everything() -> None:
    policy = AccessPolicy(admins=["alice"])
    assert policy.is_admin(ALICE)
    assert policy.permission(ALICE, EXPERIMENT, "1") == Permission.MANAGE
    assert policy.is_approver(ALICE, "churn")
    assert not policy.is_admin(BOB)
    assert not policy.is_admin(Principal("other", groups=("alice",)))


@pytest.mark.parametrize(
    ("grantee", "alice", "bob"),
    [
        ("alice", True, False),
        ("group:ml", True, False),
        ("group:ops", True, False),
        ("group:bob", False, False),
        ("ml", False, False),
        ("*", True, True),
        ("group:*", False, False),
        ("Alice", False, False),
    ],
)
def test_a_grant_is_for_a_name_a_group_or_everyone(grantee: str, alice: bool, bob: bool) -> None:
    policy = _policy((grantee, EXPERIMENT, "1", Permission.EDIT))
    assert (policy.permission(ALICE, EXPERIMENT, "1") == Permission.EDIT) == alice
    assert (policy.permission(BOB, EXPERIMENT, "1") == Permission.EDIT) == bob


def test_a_grant_is_on_one_resource_or_on_all_of_its_kind() -> None:
    policy = _policy(("alice", EXPERIMENT, "1", Permission.EDIT), ("alice", MODEL, "*", Permission.READ))
    assert policy.permission(ALICE, EXPERIMENT, "1") == Permission.EDIT
    assert policy.permission(ALICE, EXPERIMENT, "2") == Permission.NO_PERMISSIONS
    assert policy.permission(ALICE, EXPERIMENT, "11") == Permission.NO_PERMISSIONS
    assert policy.permission(ALICE, MODEL, "1") == Permission.READ


def test_the_greatest_permission_counts_and_the_default_is_the_least() -> None:
    policy = _policy(
        ("alice", EXPERIMENT, "1", Permission.READ),
        ("group:ml", EXPERIMENT, "1", Permission.EDIT),
        ("*", EXPERIMENT, "*", Permission.USE),
        ("alice", EXPERIMENT, "3", Permission.NO_PERMISSIONS),
        default=Permission.READ,
    )
    assert policy.permission(ALICE, EXPERIMENT, "1") == Permission.EDIT
    assert policy.permission(BOB, EXPERIMENT, "1") == Permission.USE
    assert policy.permission(ALICE, EXPERIMENT, "3") == Permission.USE
    assert policy.permission(BOB, MODEL, "churn") == Permission.READ
    lower = _policy(("bob", MODEL, "churn", Permission.NO_PERMISSIONS), default=Permission.READ)
    assert lower.permission(BOB, MODEL, "churn") == Permission.READ


def test_no_permission_makes_an_approver() -> None:
    policy = _policy(("*", MODEL, "*", Permission.MANAGE))
    assert not policy.is_approver(ALICE, "churn")
    policy.grants.append(
        Grant(principal="group:ops", resource=MODEL, resource_id="churn", permission=Permission.READ, approver=True)
    )
    assert policy.is_approver(ALICE, "churn")
    assert not policy.is_approver(BOB, "churn")
    assert not policy.is_approver(ALICE, "churn2")


def test_an_approver_of_an_experiment_approves_no_model() -> None:
    policy = AccessPolicy(
        grants=[
            Grant(principal="bob", resource=EXPERIMENT, resource_id="*", permission=Permission.MANAGE, approver=True)
        ]
    )
    assert not policy.is_approver(BOB, "*")
    assert not policy.is_approver(BOB, "churn")


_grants = st.lists(
    st.tuples(
        st.sampled_from(["alice", "bob", "group:ml", "*"]),
        st.sampled_from(list(Resource)),
        st.sampled_from(["1", "2", "*"]),
        st.sampled_from(list(Permission)),
    ),
    max_size=6,
)


@given(_grants, st.sampled_from(list(Permission)), st.sampled_from(["alice", "bob"]), st.sampled_from(["1", "2"]))
def test_one_more_grant_never_takes_anything_away(
    grants: list[tuple[str, Resource, str, Permission]], default: Permission, name: str, resource_id: str
) -> None:
    who = Principal(name, groups=("ml",) if name == "alice" else ())
    found = [
        _policy(*grants[:count], default=default).permission(who, EXPERIMENT, resource_id)
        for count in range(len(grants) + 1)
    ]
    assert found == sorted(found)
    assert found[0] == default


@given(_grants, st.sampled_from(list(Permission)))
def test_a_stored_policy_is_read_back_with_permissions_by_name(
    grants: list[tuple[str, Resource, str, Permission]], default: Permission
) -> None:
    policy = _policy(*grants, default=default)
    policy.advance()
    body = policy.to_bytes()
    assert json.loads(body)["default_permission"] == default.name
    assert [grant["permission"] for grant in json.loads(body)["grants"]] == [grant[3].name for grant in grants]
    assert AccessPolicy.from_bytes("access/policy.json", body) == policy


@pytest.mark.parametrize(
    "content",
    [
        {"default_permission": "EVERYTHING"},
        {"default_permission": 4},
        {"default_permission": None},
        {"grants": [{"principal": "a", "resource": "experiment", "resource_id": "1"}]},
        {"grants": [{"principal": "a", "resource": "bucket", "resource_id": "1", "permission": "READ"}]},
        {"grants": {}},
        {"admins": "alice"},
        {"format": "cloudtrack.access-policy/2"},
    ],
)
def test_a_policy_that_is_not_understood_allows_nothing(content: dict[str, object]) -> None:
    body = json.dumps({"format": "cloudtrack.access-policy/1", **content}).encode()
    with pytest.raises(CorruptData, match=r"access/policy\.json"):
        AccessPolicy.from_bytes("access/policy.json", body)


def test_permissions_are_named_as_mlflow_names_them_and_grow() -> None:
    names = ["NO_PERMISSIONS", "READ", "USE", "EDIT", "MANAGE"]
    assert [Permission.parse(name.lower()) for name in names] == sorted(Permission)
    with pytest.raises(InvalidInput, match="NO_PERMISSIONS, READ, USE, EDIT, MANAGE"):
        Permission.parse("write")

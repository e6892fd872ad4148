"""Reading and changing the access policy of a store."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from cloudtrack import clock
from cloudtrack.access import keys
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.policy import ALL, AccessPolicy, Grant
from cloudtrack.access.principal import check_grantee, check_principal_name
from cloudtrack.entities.names import check_experiment_id
from cloudtrack.entities.registered_model import check_model_name
from cloudtrack.errors import InvalidInput, NotFound, ObjectExists, ObjectNotFound
from cloudtrack.storage.document import DocumentStore, Stored
from cloudtrack.storage.object_store import NotModified, ObjectStore

REMEMBERED_S = 10.0
"""Another process's change to the policy is seen after so long at the latest."""

_CHECKS = {Resource.EXPERIMENT: check_experiment_id, Resource.REGISTERED_MODEL: check_model_name}


class Access:
    """The access policy of one store. May be used by many threads."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._documents = DocumentStore(store, AccessPolicy)
        self._lock = threading.Lock()
        self._known: Stored[AccessPolicy] | None = None
        self._fresh_until = clock.monotonic()

    def policy(self) -> AccessPolicy:
        """The policy, for reading only: our own changes at once, others' after seconds.

        Where there is none yet, nobody but admins by their login may do anything. Raises CorruptData, Unavailable.
        """
        with self._lock:
            asked = clock.monotonic()
            if asked >= self._fresh_until:
                self._known = self._read()
                self._fresh_until = asked + REMEMBERED_S
            return self._known.document if self._known else AccessPolicy()

    def grant(
        self, principal: str, resource: Resource, resource_id: str, permission: Permission, *, approver: bool = False
    ) -> None:
        """Give a permission, in place of what the same principal had by a grant on the same resource."""
        if approver and resource != Resource.REGISTERED_MODEL:
            raise InvalidInput("only a registered model has approvers: leave approver out")
        new = Grant(
            principal=check_grantee(principal),
            resource=resource,
            resource_id=_checked_id(resource, resource_id),
            permission=permission,
            approver=approver,
        )

        def change(policy: AccessPolicy) -> None:
            policy.grants = [*_others(policy, new.principal, resource, new.resource_id), new]

        self._change(change)

    def revoke(self, principal: str, resource: Resource, resource_id: str) -> None:
        """Take a grant back. Raises NotFound where there is none in these very words."""

        def change(policy: AccessPolicy) -> None:
            left = _others(policy, principal, resource, resource_id)
            if len(left) == len(policy.grants):
                raise NotFound(f"{principal!r} has no grant on the {resource.value} {resource_id!r}: show the policy")
            policy.grants = left

        self._change(change)

    def set_default(self, permission: Permission) -> None:
        """What everyone who is logged in may do with every experiment and registered model."""

        def change(policy: AccessPolicy) -> None:
            policy.default_permission = permission

        self._change(change)

    def add_admin(self, name: str) -> None:
        """Let a principal do everything."""
        checked = check_principal_name(name)

        def change(policy: AccessPolicy) -> bool | None:
            if checked in policy.admins:
                return False
            policy.admins.append(checked)
            return None

        self._change(change)

    def remove_admin(self, name: str) -> None:
        """Raises NotFound where the policy does not name this admin."""

        def change(policy: AccessPolicy) -> None:
            if name not in policy.admins:
                raise NotFound(
                    f"{name!r} is not among the policy's admins; who is one by a token is so until it is revoked"
                )
            policy.admins = [admin for admin in policy.admins if admin != name]

        self._change(change)

    def _read(self) -> Stored[AccessPolicy] | None:
        known = self._known
        try:
            found = self._store.get(keys.POLICY, unless_etag=known.etag if known else "")
        except NotModified:
            return known
        except ObjectNotFound:
            return None
        return Stored.parse(AccessPolicy, keys.POLICY, found.body, found.etag)

    def _change(self, change: Callable[[AccessPolicy], bool | None]) -> None:
        try:
            self._documents.update(keys.POLICY, change)
        except ObjectNotFound:  # the first change: an empty policy may be made by anyone, the change by us alone
            with contextlib.suppress(ObjectExists):
                self._documents.create(keys.POLICY, AccessPolicy())
            self._documents.update(keys.POLICY, change)
        finally:
            with self._lock:
                self._fresh_until = clock.monotonic()


def _others(policy: AccessPolicy, principal: str, resource: Resource, resource_id: str) -> list[Grant]:
    return [grant for grant in policy.grants if not grant.is_for(principal, resource, resource_id)]


def _checked_id(resource: Resource, resource_id: str) -> str:
    return ALL if resource_id == ALL else _CHECKS[resource](resource_id)

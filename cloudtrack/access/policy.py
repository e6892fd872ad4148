"""Who may do what, in one document."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import EVERYONE, GROUP_PREFIX, Principal
from cloudtrack.storage.document import Document

ALL = "*"
"""In a grant: every experiment, or every registered model."""


def _permission(value: Any) -> Permission:
    return value if isinstance(value, Permission) else Permission.parse(str(value))


PermissionName = Annotated[Permission, BeforeValidator(_permission), PlainSerializer(lambda value: value.name)]
"""A permission that is stored by its name."""


class Grant(BaseModel):
    """A permission on one resource, or on all of a kind, for a principal, a group, or everyone.

    An ``approver`` may approve what a registered model's versions need approval for; no permission includes that.
    """

    model_config = ConfigDict(extra="allow")

    principal: str
    resource: Resource
    resource_id: str
    permission: PermissionName
    approver: bool = False

    def is_for(self, principal: str, resource: Resource, resource_id: str) -> bool:
        """Whether it was given in these very words."""
        return (self.principal, self.resource, self.resource_id) == (principal, resource, resource_id)


class AccessPolicy(Document):
    """All grants of a store. Answers depend on it and on the question alone."""

    format_name: ClassVar[str] = "cloudtrack.access-policy/1"

    default_permission: PermissionName = Permission.NO_PERMISSIONS
    admins: list[str] = []
    grants: list[Grant] = []

    def is_admin(self, principal: Principal) -> bool:
        """Whether the principal may do everything."""
        return principal.admin or principal.name in self.admins

    def permission(self, principal: Principal, resource: Resource, resource_id: str) -> Permission:
        """The greatest of the default and of all that is granted."""
        if self.is_admin(principal):
            return Permission.MANAGE
        granted = (grant.permission for grant in self._grants(principal, resource, resource_id))
        return max([self.default_permission, *granted])

    def is_approver(self, principal: Principal, model_name: str) -> bool:
        """Whether the principal may approve for this registered model."""
        if self.is_admin(principal):
            return True
        return any(grant.approver for grant in self._grants(principal, Resource.REGISTERED_MODEL, model_name))

    def _grants(self, principal: Principal, resource: Resource, resource_id: str) -> list[Grant]:
        names = {principal.name, EVERYONE, *(GROUP_PREFIX + group for group in principal.groups)}
        return [
            grant
            for grant in self.grants
            if grant.resource == resource and grant.resource_id in (resource_id, ALL) and grant.principal in names
        ]

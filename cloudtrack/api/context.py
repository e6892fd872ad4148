"""What an endpoint works with: the store's services, who asks, and what they may."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import replace
from functools import lru_cache
from typing import Any

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.access.tickets import Tickets
from cloudtrack.api.locations import Locations
from cloudtrack.api.message import Request
from cloudtrack.api.settings import Settings
from cloudtrack.client import Client
from cloudtrack.errors import NotFound, PermissionDenied
from cloudtrack.remote.wire import CLIENT_HEADER, OPERATION_HEADER, SINCE_HEADER


class Owners:
    """Which experiment a run or a logged model belongs to: it never changes, so it is looked up once."""

    def __init__(self, client: Client) -> None:
        self.of_run = lru_cache(10_000)(client.runs.experiment_of)
        self.of_logged_model = lru_cache(10_000)(
            lambda model_id: client.logged_models.get(model_id, allow_deleted=True).experiment_id
        )


class Context:
    """One request's surroundings.

    ``access`` is None on an open server: then everyone may do everything, as the user who runs it.
    """

    def __init__(
        self,
        client: Client,
        request: Request,
        *,
        access: Access | None,
        owners: Owners,
        locations: Locations,
        settings: Settings,
        tickets: Tickets,
    ) -> None:
        self.request = request
        self.principal: Principal | None = request.principal
        self.locations = replace(locations, is_full=True) if self.is_own_client else locations
        self.settings = settings
        self.tickets = tickets
        self._access = access
        self._owners = owners
        self.client = client
        if self.principal or self.operation or request.request_id:
            user = self.principal.name if self.principal else client.user
            groups = self.principal.groups if self.principal else ()
            self.client = client.acting_as(
                user,
                operation=self.operation,
                groups=groups,
                request_id=request.request_id,
                since_ms=self._since_ms,
            )

    @property
    def is_own_client(self) -> bool:
        """Whether cloudtrack's own client asks, which knows more fields than MLflow's have."""
        return CLIENT_HEADER in self.request.headers

    @property
    def operation(self) -> str:
        """The client's name for what this request does, so that a repetition of it does nothing more; or nothing.

        It is bound to the caller: nobody can name the operation of somebody else.
        """
        name = self.request.headers.get(OPERATION_HEADER)
        if not name:
            return ""
        caller = self.principal.name if self.principal else ""
        return hashlib.sha256(f"{caller}\0{name}".encode()).hexdigest()[:32]

    @property
    def _since_ms(self) -> int:
        said = self.request.headers.get(SINCE_HEADER, "")
        return int(said) if len(said) < 16 and said.isascii() and said.isdecimal() else 0

    @property
    def is_guarded(self) -> bool:
        """Whether permissions count: not on an open server."""
        return self._access is not None

    def with_ticket(self, ticket: str, subject: str) -> Context:
        """The context of whoever has a ticket: its subject was checked when it was issued. Raises Unauthenticated."""
        if self._access is None:
            return self
        self.tickets.check(ticket, subject)
        other = copy.copy(self)
        other._access = None
        return other

    @property
    def user(self) -> str:
        """Who asks, as it is recorded."""
        return self.client.user

    @property
    def is_admin(self) -> bool:
        """Whether the caller may do everything."""
        if self._access is None:
            return True
        return self.principal is not None and self._access.policy().is_admin(self.principal)

    def is_approver(self, name: str) -> bool:
        """Whether the caller may move versions of this model between stages, and approve that."""
        if self._access is None:
            return True
        return self.principal is not None and self._access.policy().is_approver(self.principal, name)

    def permission(self, resource: Resource, resource_id: str) -> Permission:
        """What the caller may do with an experiment or a registered model."""
        if self._access is None:
            return Permission.MANAGE
        if self.principal is None:
            return Permission.NO_PERMISSIONS
        return self._access.policy().permission(self.principal, resource, resource_id)

    def may_read(self, resource: Resource, resource_id: str) -> bool:
        """Whether a listing shows it to the caller."""
        return self.permission(resource, resource_id) >= Permission.READ

    def check(self, needed: Permission, resource: Resource, resource_id: str) -> None:
        """Raises PermissionDenied; NotFound for what the caller must not even know of."""
        held = self.permission(resource, resource_id)
        if held >= needed:
            return
        noun = resource.value.replace("_", " ")
        if held < Permission.READ:
            raise NotFound(f"there is no {noun} {resource_id!r} that you may read")
        raise PermissionDenied(
            f"this needs {needed.name} on {noun} {resource_id!r}, and you have {held.name}: "
            "ask someone with MANAGE on it"
        )

    def check_run(self, needed: Permission, run_id: str) -> None:
        """Raises PermissionDenied, NotFound, by the experiment of the run."""
        if self._access is not None:
            self._check_within(needed, self._owners.of_run(run_id), f"there is no run with id {run_id!r}")

    def check_logged_model(self, needed: Permission, model_id: str) -> None:
        """Raises PermissionDenied, NotFound, by the experiment of the logged model."""
        if self._access is not None:
            experiment_id = self._owners.of_logged_model(model_id)
            self._check_within(needed, experiment_id, f"there is no logged model with id {model_id!r}")

    def check_experiment_named(self, needed: Permission, name: str) -> None:
        """Raises PermissionDenied, NotFound."""
        self._check_within(needed, self.experiment_by_name(name).experiment_id, _no_experiment(name))

    def _check_within(self, needed: Permission, experiment_id: str, missing: str) -> None:
        """What may not be read is missing, in the very words for what is not there."""
        if not self.may_read(Resource.EXPERIMENT, experiment_id):
            raise NotFound(missing)
        self.check(needed, Resource.EXPERIMENT, experiment_id)

    def check_approver(self, name: str) -> None:
        """Raises PermissionDenied where the caller may not move versions of this model between stages."""
        if not self.is_approver(name):
            raise PermissionDenied(f"moving versions of {name!r} between stages needs an approver of the model")

    def may_approve(self, name: str) -> bool:
        """Whether the caller may move versions of this model between stages."""
        if self.permission(Resource.REGISTERED_MODEL, name) < Permission.EDIT:
            return False
        return self._access is None or (
            self.principal is not None and self._access.policy().is_approver(self.principal, name)
        )

    def check_admin(self) -> None:
        """Raises PermissionDenied for all but administrators."""
        if not self.is_admin:
            raise PermissionDenied("this needs an administrator of the store")

    def readable(self, experiment_ids: list[str]) -> list[str]:
        """Those of the experiments that the caller may read, each once."""
        return [item for item in dict.fromkeys(experiment_ids) if self.may_read(Resource.EXPERIMENT, item)]

    def own(self, resource: Resource, resource_id: str) -> None:
        """Give the caller, who has just made it, all permissions on it."""
        if self._access is not None and self.principal and self.permission(resource, resource_id) < Permission.MANAGE:
            self._access.grant(self.principal.name, resource, resource_id, Permission.MANAGE)

    def experiment_by_name(self, name: str) -> Any:
        """The experiment with this name. Raises NotFound."""
        found = self.client.experiments.get_by_name(name)
        if found is None:
            raise NotFound(_no_experiment(name))
        return found


def _no_experiment(name: str) -> str:
    return f"there is no experiment named {name!r}"

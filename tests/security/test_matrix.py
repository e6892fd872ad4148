"""Missing authorisation: roles by routes. ``tests/api/test_permissions.py`` has those who may, this those who may not.

The roles are nobody, a reader, an editor, a manager, an approver and a manager of something else; what they hold, they
hold by name, by a group, or because everyone does.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.access.tokens import Tokens
from cloudtrack.api.app import App
from cloudtrack.api.endpoint import Endpoint
from cloudtrack.api.endpoints import ENDPOINTS
from cloudtrack.api.mlflow.not_implemented import not_implemented
from cloudtrack.client import Client
from tests.api.samples import MODEL, RELEASED, World, fill, key_of, new_world
from tests.api.sending import ask
from tests.api.test_permissions import ANSWERED, JSON, needs
from tests.security.matrix import needed
from tests.servers.cloudtrack_server import RunningServer, forked_server

READS, EDITS, MANAGES = Permission.READ, Permission.EDIT, Permission.MANAGE
OPEN = ("nothing", "login", "READ on experiments")


@dataclass(frozen=True)
class Role:
    """Somebody, and what they hold on what the samples are about."""

    principal: Principal | None
    holds: Permission = Permission.NO_PERMISSIONS
    approves: bool = False

    def may(self, endpoint: Endpoint) -> bool:
        """Whether the role may do what the sample asks."""
        needed = needs(endpoint)
        if needed == "nothing" or (self.principal is not None and needed in OPEN):
            return True
        if self.principal is None or "store" in needed:
            return False
        if "stage" in needed:
            return self.approves and self.holds >= EDITS
        return self.holds >= Permission.parse(needed.split()[0])


ROLES = {
    "nobody": Role(None),
    "stranger": Role(Principal("stranger")),
    "neighbour": Role(Principal("neighbour")),
    "reader": Role(Principal("reader"), READS),
    "reader by a group": Role(Principal("new", groups=("readers",)), READS),
    "editor": Role(Principal("editor"), EDITS),
    "manager": Role(Principal("manager"), MANAGES),
    "approver by a group": Role(Principal("lead", groups=("approvers",)), EDITS, approves=True),
}


def grant_all(world: World) -> Access:
    """Access to the world for each role, and to something of its own for the neighbour."""
    access = Access(world.client.store)
    held = {"reader": READS, "group:readers": READS, "editor": EDITS, "manager": MANAGES, "group:approvers": EDITS}
    for name, permission in held.items():
        for experiment in (world.names["experiment"], world.names["trash"]):
            access.grant(name, Resource.EXPERIMENT, experiment, permission)
        for model in (MODEL, RELEASED):
            access.grant(name, Resource.REGISTERED_MODEL, model, permission, approver=name == "group:approvers")
    own = world.client.experiments.create("the neighbour's")
    world.client.registered_models.create("the neighbour's")
    access.grant("neighbour", Resource.EXPERIMENT, own, MANAGES)
    access.grant("neighbour", Resource.REGISTERED_MODEL, "the neighbour's", MANAGES, approver=True)
    return access


@dataclass(frozen=True)
class Guarded:
    """A world behind an application that knows the roles."""

    world: World
    app: App


@pytest.fixture(scope="module")
def guarded() -> Guarded:
    world = new_world()
    return Guarded(world, App(world.client, access=grant_all(world)))


def refusal(role: Role, endpoint: Endpoint) -> int:
    """The status for those who may not."""
    if role.principal is None:
        return 401
    return 403 if role.holds >= READS or "store" in needs(endpoint) else 404


def test_every_route_is_in_the_matrix_with_what_it_needs() -> None:
    assert {key_of(endpoint): needs(endpoint) for endpoint in ANSWERED} == needed()
    for endpoint in ENDPOINTS:
        if endpoint.answer is not_implemented:
            assert needs(endpoint) == "login", key_of(endpoint)


@pytest.mark.parametrize("name", ROLES)
def test_who_may_not_is_refused_on_every_route_and_changes_nothing(name: str, guarded: Guarded) -> None:
    role = ROLES[name]
    before = guarded.world.objects()
    for endpoint in ANSWERED:
        if role.may(endpoint):
            continue
        method, target, body = guarded.world.request(endpoint)
        targets = {target, target.replace("/ajax-api/", "/api/", 1)}
        for sent in sorted(targets):
            for verb in {method, "HEAD"} if method == "GET" else {method}:
                headers = JSON if body and not endpoint.raw else {}
                answer = ask(guarded.app, verb, sent, body, headers, role.principal)
                assert answer.status == refusal(role, endpoint), (name, verb, sent, answer.whole_body()[:300])
    assert guarded.world.objects() == before


@pytest.mark.parametrize("default", [READS, EDITS])
def test_what_everyone_holds_counts_for_those_who_are_logged_in_alone(default: Permission) -> None:
    world = new_world()
    access = Access(world.client.store)
    access.set_default(default)
    app = App(world.client, access=access)
    before = world.objects()
    someone = Role(Principal("someone"), default)
    for endpoint in ANSWERED:
        method, target, body = world.request(endpoint)
        headers = JSON if body and not endpoint.raw else {}
        if needs(endpoint) != "nothing":
            assert ask(app, method, target, body, headers, None).status == 401, target
        if not someone.may(endpoint):
            assert ask(app, method, target, body, headers, someone.principal).status == 403, target
        elif method == "GET":
            assert ask(app, method, target, body, headers, someone.principal).status not in (401, 403), target
    assert world.objects() == before


# The same, asked of a server


@dataclass(frozen=True)
class Served:
    """A world behind a server that demands tokens."""

    world: World
    server: RunningServer
    tokens: dict[str, str]

    def ask(self, method: str, target: str, body: bytes, headers: dict[str, str], name: str) -> int:
        """The status."""
        login = {"Authorization": f"Bearer {self.tokens[name]}"} if name in self.tokens else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            connection.request(method, target, body, {**headers, **login})
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("matrix")
    root = str(folder / "store")
    world = fill(Client(root))
    grant_all(world)
    tokens = {name: Tokens(world.client.store).create(name)[0] for name in ("neighbour", "reader")}
    with forked_server(root, folder, "--auth", "--no-access-log") as server:
        yield Served(world, server, tokens)


@pytest.mark.parametrize("name", ["nobody", "neighbour", "reader"])
def test_a_server_refuses_them_too(name: str, served: Served) -> None:
    role = ROLES[name]
    for endpoint in ANSWERED:
        if role.may(endpoint):
            continue
        method, target, body = served.world.request(endpoint)
        headers = JSON if body and not endpoint.raw else {}
        assert served.ask(method, target, body, headers, name) == refusal(role, endpoint), (name, method, target)


def test_a_token_that_is_not_one_is_nobody_s(served: Served) -> None:
    target = f"/api/2.0/mlflow/runs/get?run_id={served.world.names['run']}"
    for wrong in ("", "ctk_", served.tokens["reader"][:-1], served.tokens["reader"].swapcase(), "é", "a" * 5000):
        for scheme in ("Bearer", "Basic", "bearer", "Negotiate", ""):
            connection = http.client.HTTPConnection("127.0.0.1", served.server.port, timeout=60)
            connection.request("GET", target, headers={"Authorization": f"{scheme} {wrong}".encode()})
            assert connection.getresponse().status == 401, (scheme, wrong)
            connection.close()

"""The inbox has the open requests of all models."""

from __future__ import annotations

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.client import Client
from tests.api.pages.making import counting
from tests.api.sending import get, told


def test_the_inbox_has_the_open_requests_of_all_models(client: Client) -> None:
    ann, bob = client.acting_as("ann"), client.acting_as("bob")
    for name in ("a", "b", "c", "hidden"):
        client.registered_models.create(name)
        client.model_versions.create(name, "s3://elsewhere/model")
    ann.approvals.request("a", 1, "Production")
    bob.approvals.request("b", 1, "Staging")
    ann.approvals.request("hidden", 1, "Staging")
    access = Access(client.store)
    for name in ("a", "b", "c"):
        access.grant("ann", Resource.REGISTERED_MODEL, name, Permission.EDIT, approver=name == "b")
    app = App(client, access=access)
    found = get(app, "transition-requests/open", principal=Principal("ann")).json()
    assert found["truncated"] is False
    shown = {one["name"]: (one["is_mine"], one["may_approve"], one["has_approved"]) for one in found["requests"]}
    assert shown == {"a": (True, False, False), "b": (False, True, False)}
    bob.approvals.withdraw("b", 1)
    found = get(app, "transition-requests/open", principal=Principal("ann")).json()["requests"]
    assert [one["name"] for one in found] == ["a"]


def test_the_inbox_costs_a_search_and_two_reads_for_each_model_with_requests(client: Client) -> None:
    for number in range(30):
        client.registered_models.create(f"m{number:02}")
        client.model_versions.create(f"m{number:02}", "s3://elsewhere/model")
    for name in ("m03", "m04"):
        client.approvals.request(name, 1, "Staging")
    client.model_index.compact("")
    app = App(Client(client.store))
    told(app, "transition-requests/open")
    counting(client).reset()
    assert len(told(app, "transition-requests/open")["requests"]) == 2
    assert counting(client).requests == 2 + 2 * 2

"""Requests for transitions, their approval by people, and comments; over a store and over a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.entities.run import Metric
from cloudtrack.errors import AlreadyExists, InvalidInput, NotFound, PermissionDenied, StateError
from cloudtrack.registry.review_state import MOST_COMMENTS, MOST_REQUESTS, MOST_TEXT
from cloudtrack.remote.client import RemoteClient
from cloudtrack.storage.memory import MemoryStore
from tests.api.sending import ask
from tests.cli.commands import answer, cloudtrack
from tests.processes import run_together
from tests.registry.racers import approve
from tests.servers.api_server import ApiServer, api_server
from tests.storage.lossy import LossyStore, Stopped, StoppingStore

MODEL = "churn"
SOURCE = "s3://elsewhere/model"
GROUPS = {"lee": ("leads",), "lou": ("leads", "others")}
APPROVE = "/api/2.0/cloudtrack/transition-requests/approve"

As = Callable[[str], AnyClient]
"""From the name of a person to a client that acts as this person."""


class _Names:
    """Logs everyone in whose name is the token."""

    def authenticate(self, authorization: str | None) -> Principal:
        name = (authorization or "").removeprefix("Bearer ")
        return Principal(name, groups=GROUPS.get(name, ()))


def _server(client: Client) -> ApiServer:
    access = Access(client.store)
    access.grant("*", Resource.REGISTERED_MODEL, "*", Permission.MANAGE, approver=True)
    access.grant("*", Resource.EXPERIMENT, "*", Permission.MANAGE)
    access.add_admin("root")
    return api_server(App(client, access=access), authenticator=_Names())  # type: ignore[return-value]


@pytest.fixture(params=["store", "server"])
def people(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[As]:
    client = Client(MemoryStore())
    client.registered_models.create(MODEL)
    for _ in range(3):
        client.model_versions.create(MODEL, SOURCE)
    if request.param == "store":
        yield lambda name: client.acting_as(name, groups=GROUPS.get(name, ()))
        return
    with _server(client) as server:  # type: ignore[attr-defined]

        def acting_as(name: str) -> AnyClient:
            monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", name)
            return RemoteClient(server.url)

        yield acting_as


def rule(require: str) -> str:
    return f"rules:\n- models: churn\n  stages: Production\n  require: {require}\n"


def stages(client: AnyClient) -> list[str]:
    return [version.current_stage for version in reversed(client.model_versions.list(MODEL))]


def types(client: AnyClient, after: int = 4) -> list[Any]:
    return [event.change.type for event in client.history.events(MODEL)][after:]


def test_without_a_policy_one_approval_moves_the_version_in_the_same_commit(people: As) -> None:
    people("ann").stages.transition(MODEL, 1, "Production")
    made = people("ann").approvals.request(MODEL, 2, "production", archive_existing_versions=True, comment="better")
    assert (made.id, made.version, made.to_stage, made.user_id, made.comment, made.status) == (
        *(1, 2, "Production", "ann", "better"),
        "open",
    )
    assert people("bob").approvals.list(MODEL) == [made]
    assert stages(people("bob")) == ["Production", "None", "None"]
    approved = people("bob").approvals.approve(MODEL, 1, comment="looks good")
    assert (approved.id, approved.status, approved.user_id) == (1, "approved", "ann")
    assert stages(people("bob")) == ["Archived", "Production", "None"]
    event = people("bob").history.events(MODEL)[-1]
    assert (event.actor, event.comment, event.change.request, event.change.approved_by, event.change.archived) == (
        *("bob", "looks good", 1),
        ["bob"],
        [1],
    )
    assert event.summary() == "version 2: None -> Production; archived 1; request 1 approved by bob"
    assert people("bob").approvals.list(MODEL) == []
    with pytest.raises(NotFound, match="request 1 of 'churn' is not open; those that are: none"):
        people("cat").approvals.approve(MODEL, 1)


def test_as_many_different_people_have_to_approve_as_the_policy_says(people: As) -> None:
    people("root").policy.set(rule("{approvals: 2, two_person: true}"))
    people("ann").approvals.request(MODEL, 1, "Production")
    with pytest.raises(PermissionDenied, match="wants another person to approve it"):
        people("ann").approvals.approve(MODEL, 1)
    with pytest.raises(PermissionDenied, match=r"0 of 2 approvals; request 1 \(rule 1\)"):
        people("bob").stages.transition(MODEL, 1, "Production")
    first = people("bob").approvals.approve(MODEL, "1")
    assert (first.status, [one.user_id for one in first.approvals]) == ("open", ["bob"])
    before = len(people("bob").history.events(MODEL))
    assert people("bob").approvals.approve(MODEL, 1) == first
    assert len(people("bob").history.events(MODEL)) == before  # once is once
    assert people("cat").approvals.approve(MODEL, 1).status == "approved"
    change = people("cat").history.events(MODEL)[-1].change
    assert change.approved_by == ["bob", "cat"]
    assert [vote.actor for vote in change.decision.inputs.votes] == ["bob", "cat"]
    assert types(people("cat")) == [
        "transition_requested",
        "transition_denied",
        "request_approved",
        "stage_transitioned",
    ]
    found = people("cat").policy.replay(MODEL)
    assert [(one.outcome, one.disagreements) for one in found] == [("denied", []), ("allowed", [])]


def test_who_asks_may_approve_where_the_policy_does_not_want_two(people: As) -> None:
    people("root").policy.set(rule("{approvals: 1}"))
    people("ann").approvals.request(MODEL, 1, "Production")
    assert people("ann").approvals.approve(MODEL, 1).status == "approved"


def test_only_those_whom_the_policy_names_approve_by_name_or_by_group(people: As) -> None:
    people("root").policy.set(rule("{approvals: 2, approvers: [ann, 'group:leads']}"))
    people("zoe").approvals.request(MODEL, 1, "Production")
    with pytest.raises(PermissionDenied, match=r"approval of bob does not count; .* takes that of ann, group:leads"):
        people("bob").approvals.approve(MODEL, 1)
    assert people("lee").approvals.approve(MODEL, 1).approvals[0].groups == ("leads",)
    assert people("ann").approvals.approve(MODEL, 1).status == "approved"
    assert [one.disagreements for one in people("ann").policy.replay(MODEL)] == [[]]


def test_rules_with_different_approvers_want_both(people: As) -> None:
    both = "- {models: churn, stages: Production, require: {approvals: 1, approvers: [%s]}}\n"
    people("root").policy.set("rules:\n" + both % "ann" + both % "bob")
    people("zoe").approvals.request(MODEL, 1, "Production")
    assert people("bob").approvals.approve(MODEL, 1).status == "open"
    assert people("ann").approvals.approve(MODEL, 1).status == "approved"


def test_an_approval_that_the_policy_denies_leaves_the_request_open(people: As) -> None:
    people("root").policy.set(rule("{approvals: 1, tags: [reviewed]}"))
    people("ann").approvals.request(MODEL, 1, "Production")
    with pytest.raises(PermissionDenied, match=r"it has no tag reviewed \(rule 1\)"):
        people("bob").approvals.approve(MODEL, 1)
    assert (stages(people("bob"))[0], people("bob").approvals.get(MODEL, 1).approvals) == ("None", [])
    assert people("bob").history.events(MODEL)[-1].change.request == 1
    people("ann").model_versions.set_tag(MODEL, 1, "reviewed", "yes")
    assert people("bob").approvals.approve(MODEL, 1).status == "approved"
    assert [one.disagreements for one in people("ann").policy.replay(MODEL)] == [[], []]


def test_what_became_of_a_request_is_told_for_ever(people: As) -> None:
    for version, stage in ((1, "Staging"), (1, "Production"), (2, "Staging"), (3, "Staging")):
        people("ann").approvals.request(MODEL, version, stage)
    assert [one.id for one in people("bob").approvals.list(MODEL, 1)] == [1, 2]
    assert people("bob").approvals.reject(MODEL, 1, comment="no").status == "rejected"
    with pytest.raises(PermissionDenied, match="request 2 of 'churn' is ann's: reject it instead"):
        people("bob").approvals.withdraw(MODEL, 2)
    assert people("ann").approvals.withdraw(MODEL, 2).status == "withdrawn"
    people("bob").stages.transition(MODEL, 2, "Staging")
    people("bob").model_versions.delete(MODEL, 3)
    assert [people("bob").approvals.get(MODEL, number).status for number in (1, 2, 3, 4)] == [
        *("rejected", "withdrawn"),
        *("overtaken", "overtaken"),
    ]
    assert people("bob").approvals.list(MODEL) == []
    assert people("ann").approvals.request(MODEL, 1, "Staging").id == 5
    for bad, error in (("x", InvalidInput), (0, NotFound), (9, NotFound)):
        with pytest.raises(error):
            people("bob").approvals.get(MODEL, bad)
        with pytest.raises(error):
            people("bob").approvals.reject(MODEL, bad)


def test_what_cannot_be_asked_for(people: As) -> None:
    ann = people("ann")
    ann.stages.transition(MODEL, 1, "Staging")
    ann.approvals.request(MODEL, 2, "Staging")
    with pytest.raises(AlreadyExists, match=r"ann asked for version 2 of 'churn' in Staging already: .* request 1"):
        ann.approvals.request(MODEL, 2, "staging")
    with pytest.raises(StateError, match="version 1 of 'churn' is in Staging already"):
        ann.approvals.request(MODEL, 1, "Staging")
    with pytest.raises(InvalidInput, match="'Live' is no stage"):
        ann.approvals.request(MODEL, 1, "Live")
    with pytest.raises(InvalidInput, match="archive_existing_versions is for Staging and Production"):
        ann.approvals.request(MODEL, 1, "Archived", archive_existing_versions=True)
    with pytest.raises(InvalidInput, match=f"at most {MOST_TEXT}"):
        ann.approvals.request(MODEL, 1, "Production", comment="x" * (MOST_TEXT + 1))
    for name, version in ((MODEL, 9), ("other", 1)):
        with pytest.raises(NotFound):
            ann.approvals.request(name, version, "Staging")


def test_requests_that_are_open_are_bounded() -> None:
    client = Client(MemoryStore())
    client.registered_models.create(MODEL)
    for version in range(1, MOST_REQUESTS + 2):
        client.model_versions.create(MODEL, SOURCE)
        if version <= MOST_REQUESTS:
            client.approvals.request(MODEL, version, "Staging")
    with pytest.raises(StateError, match=f"{MOST_REQUESTS} requests of 'churn' are open"):
        client.approvals.request(MODEL, MOST_REQUESTS + 1, "Staging")


def test_requests_and_comments_go_where_the_model_goes(people: As) -> None:
    ann = people("ann")
    ann.approvals.request(MODEL, 1, "Production")
    ann.comments.create(MODEL, 1, "hm")
    ann.registered_models.rename(MODEL, "new")
    assert [one.name for one in ann.approvals.list("new")] == ["new"]
    assert ann.approvals.approve("new", 1).status == "approved"
    assert ann.approvals.get("new", 1).user_id == "ann"
    assert ann.approvals.request("new", 2, "Production").id == 2
    assert [one.comment for one in ann.comments.list("new")] == ["hm"]
    ann.registered_models.delete("new")
    ann.registered_models.create("new")
    ann.model_versions.create("new", SOURCE)
    assert (ann.approvals.list("new"), ann.comments.list("new")) == ([], [])
    assert ann.approvals.request("new", 4, "Staging").id == 3


# Comments


def test_people_say_something_of_versions_and_requests(people: As) -> None:
    people("ann").approvals.request(MODEL, 1, "Production")
    first = people("bob").comments.create(MODEL, 1, "is it\nfair?")
    second = people("ann").comments.create(MODEL, 1, "yes", request_id=1)
    people("ann").comments.create(MODEL, 2, "other")
    assert (first.id, first.version, first.user_id, first.comment, first.request_id) == (
        1,
        1,
        "bob",
        "is it\nfair?",
        None,
    )
    assert (second.id, second.request_id) == (2, 1)
    assert people("bob").comments.list(MODEL, 1) == [first, second]
    assert people("bob").comments.update(MODEL, 1, "was it fair?").comment == "was it fair?"
    for change in (
        lambda client: client.comments.update(MODEL, 1, "never"),
        lambda client: client.comments.delete(MODEL, 1),
    ):
        with pytest.raises(PermissionDenied, match="comment 1 of 'churn' is bob's, who alone may change it"):
            change(people("ann"))
    people("bob").comments.delete(MODEL, 1)
    with pytest.raises(NotFound, match="no comment 1 among its last 100"):
        people("bob").comments.update(MODEL, 1, "x")
    assert [one.id for one in people("bob").comments.list(MODEL)] == [2, 3]
    assert [event.summary() for event in people("bob").history.events(MODEL, after=5)] == [
        "version 1, comment 1: is it fair?",
        "request 1, comment 2: yes",
        "version 2, comment 3: other",
        "version 1, comment 1 changed: was it fair?",
        "version 1, comment 1 deleted",
    ]
    for text, request_id, error in ((" ", None, InvalidInput), ("x" * 2001, None, InvalidInput), ("x", 7, NotFound)):
        with pytest.raises(error):
            people("bob").comments.create(MODEL, 1, text, request_id=request_id)
    with pytest.raises(InvalidInput, match="request 1 of 'churn' is for version 1, not 2"):
        people("bob").comments.create(MODEL, 2, "x", request_id=1)


def test_a_state_keeps_the_last_comments_and_the_history_all() -> None:
    client = Client(MemoryStore())
    client.registered_models.create(MODEL)
    client.model_versions.create(MODEL, SOURCE)
    for number in range(1, MOST_COMMENTS + 3):
        client.comments.create(MODEL, 1, f"number {number}")
    kept = client.comments.list(MODEL, 1)
    assert ([one.id for one in kept[:1]], len(kept)) == ([3], MOST_COMMENTS)
    assert len(client.history.events(MODEL)) == MOST_COMMENTS + 4


# Races, crashes, lost answers


@pytest.mark.parametrize("needed", [1, 3])
def test_of_approvals_at_once_one_moves_the_version(needed: int, make_url: Callable[[str], str]) -> None:
    client = Client(make_url("folder"))
    client.registered_models.create(MODEL)
    client.model_versions.create(MODEL, SOURCE)
    client.policy.set(rule(f"{{approvals: {needed}}}"))
    client.approvals.request(MODEL, 1, "Production")
    said = run_together(approve, [(client.uri, f"approver {number}", 1) for number in range(4)])
    assert sorted(said) == sorted(["approved", *["open"] * (needed - 1), *["not open"] * (4 - needed)])
    assert types(client, 3) == [*["request_approved"] * (needed - 1), "stage_transitioned"]
    event = client.history.events(MODEL)[-1]
    assert len(event.change.approved_by) == len(set(event.change.approved_by)) == needed
    assert [one.disagreements for one in client.policy.replay(MODEL)] == [[]]


def small(require: str = "") -> tuple[MemoryStore, Client]:
    store = MemoryStore()
    client = Client(store, user="ann")
    client.registered_models.create(MODEL)
    run_id = client.runs.create("0").info.run_id
    client.runs.log_batch(run_id, metrics=[Metric("acc", 0.9, 1)])
    client.model_versions.create(MODEL, f"runs:/{run_id}/model", run_id=run_id)
    if require:
        client.policy.set(rule(require))
    client.approvals.request(MODEL, 1, "Production")
    return store, client


@pytest.mark.parametrize("require", ["", "{approvals: 1, metrics: [acc > 0.5]}", "{approvals: 2}"])
def test_an_approval_whose_answer_was_lost_counts_once(require: str) -> None:
    store, client = small(require)
    lossy = Client(LossyStore(store, share=1.0, seed=1), user="bob")
    found = lossy.approvals.approve(MODEL, 1)
    assert found.status == ("open" if "2" in require else "approved")
    assert types(client, 3) == ["request_approved" if "2" in require else "stage_transitioned"]


@pytest.mark.parametrize("require", ["", "{approvals: 1, metrics: [acc > 0.5]}"])
@pytest.mark.parametrize("writes", range(3))
def test_an_approver_who_dies_leaves_it_approved_or_open(require: str, writes: int) -> None:
    store, client = small(require)
    with pytest.raises(Stopped):
        Client(StoppingStore(store, writes=writes), user="bob").approvals.approve(MODEL, 1)
    if writes < 2:  # neither the marker nor the event, or the marker alone
        assert client.approvals.get(MODEL, 1).status == "open"
        assert client.approvals.approve(MODEL, 1).status == "approved"
    assert client.approvals.get(MODEL, 1).status == "approved"
    assert types(client, 3) == ["stage_transitioned"]
    client.history.verify(MODEL)


@pytest.mark.parametrize("needed", [1, 2])
def test_over_a_server_a_request_whose_answer_was_lost_is_done_once(needed: int) -> None:
    _, client = small(f"{{approvals: {needed}}}")
    with api_server(App(client)) as server:
        lost = ["/create", "/approve", "/approve", "/reject"]

        def fault(_method: str, path: str) -> str | None:
            if lost and path.endswith(lost[0]):
                lost.pop(0)
                return "lost"
            return None

        server.fault = fault
        remote = RemoteClient(server.url)
        assert remote.approvals.request(MODEL, 1, "Staging").id == 2
        assert remote.approvals.approve(MODEL, 1).status == ("approved" if needed == 1 else "open")
        lost[:] = ["/reject"]
        assert remote.approvals.reject(MODEL, 2).status == "rejected"
    assert types(client, 3) == [
        "transition_requested",
        "stage_transitioned" if needed == 1 else "request_approved",
        "request_rejected",
    ]


# On the wire, and on the command line


def test_rest_takes_version_and_stage_as_databricks_does_and_answers_with_the_version() -> None:
    _, client = small()
    app = App(client)

    def send(method: str, verb: str, body: dict[str, Any]) -> Any:
        path = f"/api/2.0/cloudtrack/transition-requests/{verb}"
        found = ask(app, method, path, json.dumps(body).encode(), {"content-type": "application/json"})
        return found.json() if found.status == 200 else (found.status, found.json()["error_code"])

    listed = send("GET", "list", {"name": MODEL, "version": "1"})["requests"]
    assert [(one["id"], one["to_stage"], one["user_id"], one["status"]) for one in listed] == [
        ("1", "Production", "ann", "open")
    ]
    assert send("POST", "approve", {"name": MODEL}) == (400, "INVALID_PARAMETER_VALUE")
    assert send("POST", "approve", {"name": MODEL, "version": "1", "stage": "Staging"}) == (
        *(404, "RESOURCE_DOES_NOT_EXIST"),
    )
    approved = send("POST", "approve", {"name": MODEL, "version": "1", "stage": "production"})
    assert (approved["request"]["status"], approved["model_version"]["current_stage"]) == ("approved", "Production")
    assert send("GET", "get", {"name": MODEL, "id": "1"})["request"]["status"] == "approved"


@pytest.mark.parametrize("kind", ["folder", pytest.param("server", marks=pytest.mark.slow)])
def test_a_review_on_the_command_line(kind: str, make_url: Callable[[str], str], tmp_path: Path) -> None:
    url = make_url(kind)
    file = tmp_path / "mine.yaml"
    file.write_text(rule("{approvals: 1, tags: [ok]}"))
    cloudtrack("models", "create", MODEL, store=url)
    client = connect(url)
    client.model_versions.create(MODEL, SOURCE)
    assert cloudtrack("registry", "policy", "set", str(file), store=url).stdout == "the policy counts from now on\n"
    assert cloudtrack("registry", "policy", "show", store=url).stdout == file.read_text()
    assert answer("models", "request", MODEL, "1", "-m", "good", store=url)["id"] == 1
    assert [one["comment"] for one in answer("models", "requests", MODEL, store=url)] == ["good"]
    tried = cloudtrack("registry", "policy", "check", MODEL, "1", store=url)
    assert (tried.returncode, "it has no tag ok" in tried.stdout) == (1, True)
    denied = cloudtrack("models", "approve", MODEL, "1", store=url)
    assert (denied.returncode, "it has no tag ok (rule 1)" in denied.stderr) == (1, True)
    client.model_versions.set_tag(MODEL, 1, "ok", "1")
    assert answer("models", "comment", MODEL, "1", "fine now", "--request", "1", store=url)[0]["comment"] == "fine now"
    said = cloudtrack("models", "approve", MODEL, "1", store=url).stdout
    assert said == "request 1 for churn version 1 in Production is approved\n"
    replayed = answer("registry", "replay", MODEL, store=url)
    assert [(one["outcome"], one["disagreements"]) for one in replayed] == [("denied", []), ("allowed", [])]
    file.write_text("rules:\n- models: x\n")
    bad = cloudtrack("registry", "policy", "set", str(file), store=url)
    assert (bad.returncode, bad.stderr) == (1, "Error: policy.yaml, line 2: rules[0] has no stages\n")
    forced = cloudtrack("models", "promote", MODEL, "1", "Staging", "--force", store=url)
    assert forced.stdout == "churn version 1 is in Staging\n"

"""Who may do what: every endpoint of the table, by everyone from nobody to an administrator."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.api.endpoint import Endpoint
from cloudtrack.api.endpoints import ENDPOINTS
from cloudtrack.api.message import Response
from cloudtrack.api.mlflow.not_implemented import not_implemented
from cloudtrack.client import Client
from tests.api.samples import EXPERIMENT, MODEL, RELEASED, SAMPLES, World, fill, key_of, new_world
from tests.api.sending import ask

JSON = {"Content-Type": "application/json"}
READER = Principal("reader")
EDITOR = Principal("editor")
MANAGER = Principal("manager")
APPROVER = Principal("approver")
STRANGER = Principal("stranger")
ADMIN = Principal("root", admin=True)
GRANTS = [
    (READER, Permission.READ, False),
    (EDITOR, Permission.EDIT, False),
    (MANAGER, Permission.MANAGE, False),
    (APPROVER, Permission.EDIT, True),
]
ANSWERED = [endpoint for endpoint in ENDPOINTS if endpoint.answer is not not_implemented]


@pytest.fixture
def world() -> World:
    return new_world()


def guarded(world: World) -> App:
    """The application over a world, with a grant for each."""
    access = Access(world.client.store)
    for principal, permission, approver in GRANTS:
        for experiment_id in (world.names["experiment"], world.names["trash"]):
            access.grant(principal.name, Resource.EXPERIMENT, experiment_id, permission)
        for model in (MODEL, RELEASED):
            access.grant(principal.name, Resource.REGISTERED_MODEL, model, permission, approver=approver)
    return App(world.client, access=access)


def send(app: App, world: World, endpoint: Endpoint, principal: Principal | None) -> Response:
    method, target, body = world.request(endpoint)
    headers = JSON if not endpoint.raw and body else {}
    return ask(app, method, target, body, headers, principal)


def needs(endpoint: Endpoint) -> str:
    return SAMPLES[key_of(endpoint)].needs or str(endpoint.needs)


def may(principal: Principal | None, endpoint: Endpoint) -> bool:
    """Whether the endpoint should let somebody do what its sample asks."""
    needed = needs(endpoint)
    if needed == "nothing" or principal is ADMIN:
        return True
    if principal is None:
        return False
    if needed == "login" or needed == "READ on experiments":  # what one may not read is left out
        return True
    if "stage" in needed:
        return principal is APPROVER
    if "store" in needed:
        return False
    held = {who.name: permission for who, permission, _ in GRANTS}.get(principal.name, Permission.NO_PERMISSIONS)
    return held >= Permission.parse(needed.split()[0])


def test_every_endpoint_has_a_sample() -> None:
    missing = [key_of(endpoint) for endpoint in ANSWERED if key_of(endpoint) not in SAMPLES]
    assert not missing, f"say in tests/api/samples.py how these are called: {missing}"


@pytest.mark.parametrize("endpoint", ANSWERED, ids=key_of)
def test_nobody_gets_past_the_login_and_everything_works_for_an_administrator(endpoint: Endpoint) -> None:
    world = new_world()
    app = guarded(world)
    before = world.objects()
    answer = send(app, world, endpoint, None)
    if needs(endpoint) == "nothing":
        assert answer.status == SAMPLES[key_of(endpoint)].status
    else:
        assert (answer.status, answer.json()["error_code"]) == (401, "UNAUTHENTICATED")
    assert world.objects() == before
    allowed = send(app, world, endpoint, ADMIN)
    assert allowed.status == SAMPLES[key_of(endpoint)].status, allowed.whole_body()


@pytest.mark.parametrize("endpoint", ANSWERED, ids=key_of)
def test_a_permission_lets_do_what_it_says_and_no_more(endpoint: Endpoint) -> None:
    for principal in (STRANGER, READER, EDITOR, MANAGER, APPROVER):
        world = new_world()
        app = guarded(world)
        before = world.objects()
        answer = send(app, world, endpoint, principal)
        if may(principal, endpoint):
            assert answer.status == SAMPLES[key_of(endpoint)].status, (principal, answer)
            continue
        unknown = principal is STRANGER and "store" not in needs(endpoint)
        expected = (404, "RESOURCE_DOES_NOT_EXIST") if unknown else (403, "PERMISSION_DENIED")
        assert (answer.status, answer.json()["error_code"]) == expected, principal
        assert world.objects() == before, principal


def test_what_is_not_implemented_needs_a_login_to_say_so(world: World) -> None:
    app = guarded(world)
    for endpoint in ENDPOINTS:
        if endpoint.answer is not_implemented:
            assert send(app, world, endpoint, None).status == 401
            assert send(app, world, endpoint, STRANGER).status == 501


def test_reading_changes_nothing() -> None:
    for endpoint in ANSWERED:
        if endpoint.method == "GET" or needs(endpoint).startswith("READ"):
            world = new_world()
            before = world.objects()
            send(guarded(world), world, endpoint, READER)
            assert world.objects() == before, key_of(endpoint)


# What a stranger sees


def asked(app: App, principal: Principal, method: str, path: str, body: Any = None) -> Response:
    content = b"" if body is None else json.dumps(body).encode()
    return ask(app, method, f"/api/2.0/mlflow/{path}", content, JSON, principal)


def test_searches_leave_out_what_may_not_be_read(world: World) -> None:
    app = guarded(world)
    experiment = world.names["experiment"]
    searches = [
        ("GET", "experiments/search?max_results=10&view_type=ALL", None, "experiments"),
        ("POST", "experiments/search", {"max_results": 10}, "experiments"),
        ("POST", "runs/search", {"experiment_ids": [experiment]}, "runs"),
        ("POST", "logged-models/search", {"experiment_ids": [experiment]}, "models"),
        ("POST", "experiments/search-datasets", {"experiment_ids": [experiment]}, "dataset_summaries"),
        ("GET", "registered-models/search", None, "registered_models"),
        ("GET", "model-versions/search", None, "model_versions"),
    ]
    for method, path, body, field in searches:
        assert asked(app, STRANGER, method, path, body).json() == {}, path
        assert asked(app, READER, method, path, body).json()[field], path


def test_pages_are_of_what_may_be_read(world: World) -> None:
    app = guarded(world)
    for number in range(5):
        world.client.experiments.create(f"hidden {number}")
        world.client.registered_models.create(f"hidden {number}")
    found = asked(app, READER, "GET", "experiments/search?max_results=1").json()
    assert [item["name"] for item in found["experiments"]] == [EXPERIMENT]
    assert "next_page_token" not in found
    found = asked(app, READER, "GET", "registered-models/search?max_results=2").json()
    assert [item["name"] for item in found["registered_models"]] == [MODEL, RELEASED]
    assert "next_page_token" not in found


def test_what_may_not_be_read_is_as_if_it_were_not_there(world: World) -> None:
    app = guarded(world)
    missing = {
        "runs/get?run_id={}": (world.names["run"], "0123456789abcdef0123456789abcdef"),
        "experiments/get?experiment_id={}": (world.names["experiment"], "999"),
        "experiments/get-by-name?experiment_name={}": (EXPERIMENT.replace(" ", "+"), "none"),
        "logged-models/{}": (world.names["model_id"], "m-0123456789abcdef0123456789abcdef"),
        "registered-models/get?name={}": (MODEL.replace(" ", "+"), "none"),
        "model-versions/get?version=1&name={}": (MODEL.replace(" ", "+"), "none"),
        "artifacts/list?run_id={}": (world.names["run"], "0123456789abcdef0123456789abcdef"),
    }
    for path, (hidden, none) in missing.items():
        answers = [asked(app, STRANGER, "GET", path.format(name)) for name in (hidden, none)]
        assert [answer.status for answer in answers] == [404, 404], path
        texts = [
            answer.json()["message"].replace(name.replace("+", " "), "")
            for answer, name in zip(answers, (hidden, none), strict=True)
        ]
        assert texts[0] == texts[1], path
        assert world.names["experiment"] not in texts[0], path


def test_graphql_shows_nothing_that_may_not_be_read(world: World) -> None:
    app = guarded(world)
    queries = [
        {"query": "{mlflowGetRun}", "variables": {"data": {"runId": world.names["run"]}}},
        {"query": "{mlflowGetExperiment}", "variables": {"input": {"experimentId": world.names["experiment"]}}},
    ]
    for query in queries:
        body = json.dumps(query).encode()
        answers = [ask(app, "POST", "/graphql", body, JSON, who).json() for who in (STRANGER, READER)]
        assert answers[0]["errors"]
        assert set(answers[0]["data"].values()) == {None}
        assert answers[1]["errors"] is None


def test_a_run_page_shows_versions_of_readable_models_alone(world: World) -> None:
    world.client.registered_models.create("hidden")
    world.client.model_versions.create("hidden", "s3://elsewhere/m", run_id=world.names["run"])
    body = json.dumps({"query": "{mlflowGetRun}", "variables": {"data": {"runId": world.names["run"]}}}).encode()
    run = ask(guarded(world), "POST", "/graphql", body, JSON, READER).json()["data"]["mlflowGetRun"]["run"]
    assert [version["name"] for version in run["modelVersions"]] == [MODEL]


# Ways around


def test_a_version_cannot_expose_what_its_maker_may_not_read(world: World) -> None:
    app = guarded(world)
    other = fill_other(world.client)
    for source in (f"runs:/{other['run']}/model", f"models:/{other['model_id']}", "models:/hidden/1"):
        answer = asked(app, EDITOR, "POST", "model-versions/create", {"name": MODEL, "source": source})
        assert answer.status == 404, source
    uri = f"mlflow-artifacts:/runs/{other['run']}/artifacts/model"
    assert asked(app, EDITOR, "POST", "model-versions/create", {"name": MODEL, "source": uri}).status == 404


def fill_other(client: Client) -> dict[str, str]:
    """Something that nobody has a grant on."""
    experiment_id = client.experiments.create("hidden")
    run_id = client.runs.create(experiment_id).info.run_id
    model_id = client.logged_models.create(experiment_id, name="hidden").model_id
    client.registered_models.create("hidden")
    client.model_versions.create("hidden", f"runs:/{run_id}/model", run_id=run_id)
    return {"run": run_id, "model_id": model_id}


def test_a_metric_cannot_reach_a_model_of_another_experiment(world: World) -> None:
    other = fill_other(world.client)
    body = {"run_id": world.names["run"], "model_id": other["model_id"], "key": "m", "value": 1, "timestamp": 1}
    before = world.objects()
    assert asked(guarded(world), EDITOR, "POST", "runs/log-metric", body).status == 404
    assert world.objects() == before


def test_a_logged_model_cannot_claim_a_run_of_another_experiment(world: World) -> None:
    other = fill_other(world.client)
    body = {"experiment_id": world.names["experiment"], "name": "n", "source_run_id": other["run"]}
    assert asked(guarded(world), EDITOR, "POST", "logged-models", body).status == 404


def test_histories_of_many_runs_need_all_of_them(world: World) -> None:
    other = fill_other(world.client)
    for path in (
        f"metrics/get-history-bulk-interval?metric_key=loss&run_ids={world.names['run']}&run_ids={other['run']}",
        f"metrics/get-history-bulk?metric_key=loss&run_id={world.names['run']}&run_id={other['run']}",
    ):
        assert asked(guarded(world), READER, "GET", path).status == 404


def test_who_creates_something_may_manage_it_and_others_may_not(world: World) -> None:
    app = guarded(world)
    created = asked(app, STRANGER, "POST", "experiments/create", {"name": "mine"}).json()
    assert asked(app, STRANGER, "POST", "experiments/delete", created).status == 200
    asked(app, STRANGER, "POST", "registered-models/create", {"name": "mine"})
    assert asked(app, READER, "GET", "registered-models/get?name=mine").status == 404
    move = {"name": "mine", "version": "1", "stage": "Production"}
    version = {"name": "mine", "source": "s3://elsewhere/m"}
    assert asked(app, STRANGER, "POST", "model-versions/create", version).status == 200
    assert asked(app, STRANGER, "POST", "model-versions/transition-stage", move).status == 403
    assert asked(app, STRANGER, "DELETE", "registered-models/delete", {"name": "mine"}).status == 200


def test_the_name_in_the_log_is_the_principals_and_not_what_a_client_says(world: World) -> None:
    app = guarded(world)
    body = {"experiment_id": world.names["experiment"], "start_time": 1, "user_id": "somebody else"}
    run = asked(app, EDITOR, "POST", "runs/create", body).json()["run"]
    assert run["info"]["user_id"] == "editor"
    version = asked(app, EDITOR, "POST", "model-versions/create", {"name": MODEL, "source": "s3://elsewhere/m"}).json()
    assert version["model_version"]["user_id"] == "editor"


def test_without_a_policy_only_administrators_may_do_anything() -> None:
    client = Client(new_world().client.store)
    world = fill(Client(f"memory://{id(client)}"))
    app = App(world.client, access=Access(world.client.store))
    assert asked(app, READER, "GET", f"runs/get?run_id={world.names['run']}").status == 404
    assert asked(app, ADMIN, "GET", f"runs/get?run_id={world.names['run']}").status == 200

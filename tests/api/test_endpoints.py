"""The table of endpoints has all of MLflow's interface: what is answered, and what says that it is not here."""

from __future__ import annotations

import pytest

from cloudtrack.api.app import App
from cloudtrack.api.endpoint import Routes
from cloudtrack.api.endpoints import ENDPOINTS
from cloudtrack.api.mlflow.not_implemented import not_implemented
from cloudtrack.client import Client
from tests.api.mlflow_rows import ANSWERED, NOT_IMPLEMENTED
from tests.api.sending import ask

ROUTES = Routes(ENDPOINTS)


@pytest.fixture
def app(store_url: str) -> App:
    return App(Client(store_url))


def test_what_clients_and_the_web_page_call_is_in_the_table() -> None:
    for method, path in ANSWERED:
        methods, _ = ROUTES.find(path)
        assert method in methods, (method, path)
        assert methods[method].answer is not not_implemented, (method, path)


def test_an_empty_request_is_no_fault_of_the_server(app: App) -> None:
    for method, path in ANSWERED:
        answer = ask(app, method, path)
        assert answer.status < 500 or answer.json()["error_code"] == "NOT_IMPLEMENTED", (method, path, answer)


def test_what_is_not_implemented_says_so_in_json(app: App) -> None:
    for method, path in NOT_IMPLEMENTED:
        answer = ask(app, method, path, b"anything at all")
        assert (answer.status, answer.json()["error_code"]) == (501, "NOT_IMPLEMENTED"), (method, path)


def test_the_rows_are_all_of_the_interface() -> None:
    assert not {*ANSWERED} & {*NOT_IMPLEMENTED}
    assert len({*ANSWERED}) >= 2 * 76
    assert len({*NOT_IMPLEMENTED}) >= 2 * 110


def test_names_of_functions_are_unique() -> None:
    answers = {endpoint.name: endpoint.answer for endpoint in ENDPOINTS}
    assert all(answers[endpoint.name] is endpoint.answer for endpoint in ENDPOINTS)
    assert all(endpoint.summary for endpoint in ENDPOINTS)

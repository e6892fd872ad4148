"""Each endpoint of the table is reached by one route, on the function of its domain."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cloudtrack.api.endpoint import Domain, Endpoint, On
from cloudtrack.api.endpoints import ENDPOINTS
from tests.infra.routing import ANY, DEFAULT, Route, routes_for, translated_routes, written_routes
from tests.infra.stack import Stack, read_template


@pytest.fixture(scope="module", params=["written", pytest.param("translated", marks=pytest.mark.infra)], name="routes")
def _routes(request: pytest.FixtureRequest) -> list[Route]:
    if request.param == "written":
        return written_routes(read_template())
    return translated_routes(Stack(request.getfixturevalue("translated_template")))


def requests_of(endpoint: Endpoint) -> Iterator[str]:
    """Paths that lead to an endpoint, with one word and with folders where folders may stand."""
    for template in endpoint.paths:
        for value in ("word", "a/b c/100%.txt"):
            yield re.sub(r"\{\w+:path\}", value, re.sub(r"\{\w+\}", "m-1", template))


def function_of(domain: Domain) -> str:
    return f"{domain.value.title()}Function"


def test_every_endpoint_is_reached_by_one_route_on_the_function_of_its_domain(routes: list[Route]) -> None:
    lost = [
        (endpoint.method, path, function_of(endpoint.domain))
        for endpoint in ENDPOINTS
        for path in requests_of(endpoint)
        if [route.function for route in routes_for(routes, endpoint.method, path)] != [function_of(endpoint.domain)]
    ]
    assert lost == []


def test_open_endpoints_and_no_others_need_no_login(routes: list[Route]) -> None:
    for endpoint in ENDPOINTS:
        for path in requests_of(endpoint):
            (route,) = routes_for(routes, endpoint.method, path)
            assert route.is_open == (endpoint.needs.on is On.NOTHING), f"{endpoint.method} {path}"
    assert {route.path for route in routes if route.is_open} == {
        path.replace("{path:path}", "{proxy+}")
        for endpoint in ENDPOINTS
        if endpoint.needs.on is On.NOTHING
        for path in endpoint.paths
    }


def test_open_routes_take_one_method_and_one_path_but_for_files_of_the_page(routes: list[Route]) -> None:
    assert all(route.method != ANY for route in routes if route.is_open)
    assert [route.path for route in routes if route.is_open and "{" in route.path] == ["/assets/{proxy+}"]


def test_what_no_route_takes_needs_a_login_and_gets_an_answer_in_mlflows_shape(routes: list[Route]) -> None:
    (route,) = routes_for(routes, "POST", "/somewhere/else")
    assert route == Route(ANY, DEFAULT, "WebFunction", is_open=False)


def test_no_two_routes_are_the_same(routes: list[Route]) -> None:
    keys = [route.key for route in routes]
    assert len(set(keys)) == len(keys)


@pytest.mark.infra
def test_translation_keeps_the_routes(translated_template: dict[str, object]) -> None:
    assert set(translated_routes(Stack(translated_template))) == set(written_routes(read_template()))

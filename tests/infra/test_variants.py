"""The other forms of the template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cloudtrack.api.endpoint import On
from cloudtrack.api.endpoints import ENDPOINTS
from infra.variant import VARIANTS, main
from tests.infra.conftest import translate
from tests.infra.iam import role_statements
from tests.infra.routing import routes_for, translated_routes, written_routes
from tests.infra.stack import ROOT, Stack, read_template
from tests.infra.test_routes import requests_of

TIMED = ["CompactionFunction", "HooksFunction"]
"""No part of the API: woken by timers, and by the bus."""


def made(variant: str, folder: Path) -> Path:
    path = folder / "build" / f"{variant}.yaml"
    main(variant, ROOT / "template.yaml", path)
    return path


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return made("iam", tmp_path)


@pytest.fixture(name="variant")
def _variant(path: Path) -> dict[str, Any]:
    return read_template(path)


@pytest.fixture(name="single")
def _single(tmp_path: Path) -> dict[str, Any]:
    return read_template(made("single", tmp_path))


def test_it_asks_iam_and_has_no_authorizer_of_its_own(variant: dict[str, Any]) -> None:
    assert variant["Resources"]["Api"]["Properties"]["Auth"] == {
        "EnableIamAuthorizer": True,
        "DefaultAuthorizer": "AWS_IAM",
    }
    assert "Authorizer" not in str({**variant["Resources"], "Api": None}).replace("'Authorizer': 'NONE'", "")
    assert not any(name.startswith("Oidc") for name in variant["Parameters"])


def test_all_else_is_as_it_was(variant: dict[str, Any]) -> None:
    template = read_template()
    assert written_routes(variant) == written_routes(template)
    gone = set(template["Resources"]) - set(variant["Resources"])
    assert gone == {"AuthorizerFunction", "AuthorizerRole"}
    changed = {name for name in variant["Resources"] if variant["Resources"][name] != template["Resources"][name]}
    assert changed == {"Api", "FunctionErrors", "FunctionThrottles"}
    assert variant["Conditions"] == template["Conditions"]


def test_functions_know_which_roles_are_administrators(variant: dict[str, Any]) -> None:
    shared = Stack(variant, AdminRoles="Platform").value(variant["Globals"]["Function"])
    assert shared["Environment"]["Variables"]["CLOUDTRACK_IAM_ADMIN_ROLES"] == "Platform"


@pytest.mark.parametrize("name", list(VARIANTS))
def test_code_is_found_from_where_the_variant_is(name: str, tmp_path: Path) -> None:
    path = made(name, tmp_path)
    assert (path.parent / read_template(path)["Globals"]["Function"]["CodeUri"]).resolve() == ROOT


@pytest.mark.infra
def test_every_route_but_the_open_ones_asks_iam(path: Path, variant: dict[str, Any]) -> None:
    (api,) = Stack(translate(path)).of_type("AWS::ApiGatewayV2::Api").values()
    operations = [(route, each) for route, methods in api["Body"]["paths"].items() for each in methods.values()]
    is_open = {route.path for route in written_routes(variant) if route.is_open}
    for route, operation in operations:
        wanted = "NONE" if route in is_open else "AWS_IAM"
        assert [list(scheme) for scheme in operation["security"]] == [[wanted]], route
    schemes = api["Body"]["components"]["securitySchemes"]
    assert schemes["AWS_IAM"]["x-amazon-apigateway-authtype"] == "awsSigv4"


def test_one_function_takes_every_route_and_open_ones_stay_open(single: dict[str, Any]) -> None:
    routes = written_routes(single)
    for endpoint in ENDPOINTS:
        for path in requests_of(endpoint):
            (route,) = routes_for(routes, endpoint.method, path)
            assert route.function == "ApiFunction"
            assert route.is_open == (endpoint.needs.on is On.NOTHING)
    functions = [name for name, each in single["Resources"].items() if each["Type"] == "AWS::Serverless::Function"]
    assert functions == [*TIMED, "AuthorizerFunction", "ScoringFunction", "ApiFunction"]


def test_the_one_function_may_do_what_all_others_might_and_no_more(single: dict[str, Any]) -> None:
    template = Stack(read_template())
    others = {"AuthorizerRole", *(name.replace("Function", "Role") for name in TIMED)}
    roles = set(template.of_type("AWS::IAM::Role")) - others
    expected = [statement for role in roles for statement in role_statements(template, role)]
    allowed = role_statements(Stack(single), "ApiRole")
    assert all(statement in allowed for statement in expected)
    assert all(statement in expected for statement in allowed)
    assert set(Stack(single).of_type("AWS::IAM::Role")) == {"ApiRole", *others}


def test_alarms_watch_the_functions_that_are_there(single: dict[str, Any]) -> None:
    for alarm in ("FunctionErrors", "FunctionThrottles"):
        _, *metrics = Stack(single).of_type("AWS::CloudWatch::Alarm")[alarm]["Metrics"]
        watched = [metric["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for metric in metrics]
        assert watched == ["CompactionFunction", "AuthorizerFunction", "ApiFunction"]
        assert len({metric["Id"] for metric in metrics}) == 3


@pytest.mark.infra
def test_sam_keeps_the_routes_of_the_one_function(tmp_path: Path) -> None:
    path = made("single", tmp_path)
    assert set(translated_routes(Stack(translate(path)))) == set(written_routes(read_template(path)))

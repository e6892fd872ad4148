"""Which route of an HTTP API takes a request, and how the routes stand in a template.

The order is that of the API Gateway developer guide ("Routing API requests"): a full match first, then one with a
greedy variable, then ``$default``; ANY is for methods without a route of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.infra.stack import Stack

ANY = "ANY"
DEFAULT = "$default"


@dataclass(frozen=True)
class Route:
    """One route, the logical id of the function behind it, and whether it takes requests without a login."""

    method: str
    path: str
    function: str
    is_open: bool

    @property
    def key(self) -> str:
        """As API Gateway writes it."""
        return DEFAULT if self.path == DEFAULT else f"{self.method} {self.path}"

    def takes(self, method: str, path: str) -> bool:
        """Whether the request could come here."""
        if self.path == DEFAULT:
            return True
        if self.method not in (ANY, method):
            return False
        parts = re.split(r"(\{\w+\+?\})", self.path)
        pattern = "".join(
            re.escape(part) if not part.startswith("{") else ".+" if part.endswith("+}") else "[^/]+" for part in parts
        )
        return re.fullmatch(pattern, path, re.DOTALL) is not None

    @property
    def rank(self) -> tuple[int, int, bool]:
        """Smaller goes first."""
        if self.path == DEFAULT:
            return (3, 0, False)
        kind = 2 if "+}" in self.path else 1 if "{" in self.path else 0
        return (kind, -len(self.path.partition("{")[0]), self.method == ANY)


def routes_for(routes: Iterable[Route], method: str, path: str) -> list[Route]:
    """The best routes for a request; more than one would be an ambiguity."""
    takers = sorted((route for route in routes if route.takes(method, path)), key=lambda route: route.rank)
    return [route for route in takers if route.rank == takers[0].rank]


def written_routes(template: Mapping[str, Any]) -> list[Route]:
    """The routes of a SAM template, from the events of its functions."""
    return [
        Route(
            event["Properties"].get("Method", ANY),
            event["Properties"].get("Path", DEFAULT),
            name,
            event["Properties"].get("Auth", {}).get("Authorizer") == "NONE",
        )
        for name, resource in template["Resources"].items()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "HttpApi"
    ]


def translated_routes(stack: Stack) -> list[Route]:
    """The routes of a translated template, from the API's OpenAPI document."""
    (api,) = stack.of_type("AWS::ApiGatewayV2::Api").values()
    routes = []
    for path, methods in api["Body"]["paths"].items():
        for method, operation in methods.items():
            function = re.search(r"function:(\w+)", operation["x-amazon-apigateway-integration"]["uri"])
            assert function is not None
            routes.append(
                Route(
                    ANY if method == "x-amazon-apigateway-any-method" else method.upper(),
                    path.removeprefix("/") if path == f"/{DEFAULT}" else path,
                    function[1].rstrip("-"),
                    operation["security"] == [{"NONE": []}],
                )
            )
    return routes

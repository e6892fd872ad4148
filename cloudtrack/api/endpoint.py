"""An endpoint as a declaration: method, path, request model, function, permission.

The one table of them (``endpoints.py``) drives routing, the local server, the Lambda handlers and their
roles, OpenAPI, and the tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, get_type_hints

from cloudtrack.access.permission import Permission
from cloudtrack.api.context import Context
from cloudtrack.api.fields import RequestModel
from cloudtrack.api.message import Response

Answer = Callable[[Context, Any], "dict[str, Any] | Response | None"]
"""From the context and the request model to a JSON object, or a whole response; None is ``{}``."""


class Domain(StrEnum):
    """Which Lambda function serves an endpoint: cut where permissions or load differ."""

    EXPERIMENTS = "experiments"
    RUNS = "runs"
    PURGES = "purges"
    METRICS = "metrics"
    ARTIFACTS = "artifacts"
    REGISTRY = "registry"
    TRANSITIONS = "transitions"
    WEB = "web"


class On(StrEnum):
    """What a permission is needed on; ``permissions.py`` says which field of the request names it."""

    NOTHING = "nothing"
    """Open to everyone, also without a login."""
    LOGIN = "login"
    """Any login; what one may not read is left out of the answer."""
    EXPERIMENT = "experiment"
    EXPERIMENT_NAME = "experiment name"
    EXPERIMENTS = "experiments"
    RUN = "run"
    RUNS = "runs"
    LOGGED_MODEL = "logged model"
    REGISTERED_MODEL = "registered model"
    STAGE = "stage of a registered model"
    """EDIT, and to be an approver of the model."""
    RELEASE = "release, by the models in it, as for a stage"
    """Reading needs READ on all of them; see ``api/cloudtrack/releases.py``, which checks it."""
    ARTIFACT = "artifact"
    FILES = "run, logged model or registered model, whichever is named"
    STORE = "store"
    """The whole store: for administrators."""


@dataclass(frozen=True)
class Needs:
    """The permission an endpoint needs, and on what."""

    permission: Permission
    on: On

    def __str__(self) -> str:
        return self.on if self.permission is Permission.NO_PERMISSIONS else f"{self.permission.name} on {self.on}"


OPEN = Needs(Permission.NO_PERMISSIONS, On.NOTHING)
LOGIN = Needs(Permission.NO_PERMISSIONS, On.LOGIN)


@dataclass(frozen=True)
class Endpoint:
    """One route. ``path`` follows ``/api/<version>`` or ``/ajax-api/<version>``, or is absolute where it is ``rooted``.

    ``{name}`` in a path is one segment, ``{name:path}`` any number. ``raw`` endpoints read the body themselves.
    """

    method: str
    path: str
    request: type[RequestModel]
    answer: Answer
    needs: Needs
    domain: Domain
    version: str = "2.0"
    rooted: bool = False
    raw: bool = False
    streamed: bool = False
    """Its body is a file of any size."""

    @property
    def name(self) -> str:
        """A name that is unique in the table, made of the function's place."""
        return f"{self.answer.__module__.rpartition('.')[2]}.{self.answer.__name__}"

    @property
    def summary(self) -> str:
        """The first line of what the function says of itself, as Markdown."""
        return (self.answer.__doc__ or "").partition("\n")[0].replace("``", "`")

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every path that leads here, with its placeholders."""
        if self.rooted:
            return (self.path,)
        return tuple(f"/{prefix}/{self.version}{self.path}" for prefix in ("api", "ajax-api"))


class Declarations:
    """The endpoints of one file, each declared above the function that answers it."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._endpoints: list[Endpoint] = []

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self._endpoints)

    def add(
        self,
        method: str,
        path: str,
        needs: Needs,
        *,
        domain: Domain | None = None,
        version: str = "2.0",
        rooted: bool = False,
        raw: bool = False,
        streamed: bool = False,
    ) -> Callable[[Answer], Answer]:
        """Declare an endpoint; the request model is the annotation of the function's second argument."""

        def declare(answer: Answer) -> Answer:
            request = get_type_hints(answer)["request"]
            self._endpoints.append(
                Endpoint(method, path, request, answer, needs, domain or self._domain, version, rooted, raw, streamed)
            )
            return answer

        return declare


class Routes:
    """Finds the endpoint of a path."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._exact: dict[str, dict[str, Endpoint]] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, Endpoint]]] = []
        by_pattern: dict[str, dict[str, Endpoint]] = {}
        for endpoint in endpoints:
            for path in endpoint.paths:
                methods = (by_pattern if "{" in path else self._exact).setdefault(path, {})
                if methods.setdefault(endpoint.method, endpoint) is not endpoint:
                    raise ValueError(f"two endpoints for {endpoint.method} {path}")
        for path in sorted(by_pattern, key=_specificity):
            self._patterns.append((_pattern(path), by_pattern[path]))

    def find(self, path: str) -> tuple[dict[str, Endpoint], dict[str, str]]:
        """The endpoints of a path by method, and the parameters in the path; empty where there is no such path."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact, {}
        for pattern, methods in self._patterns:
            if match := pattern.fullmatch(path):
                return methods, match.groupdict()
        return {}, {}


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\w+(?::path)?\})", path)
    return re.compile("".join(_part(part) for part in parts), re.DOTALL)


def _part(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    name, _, kind = part[1:-1].partition(":")
    return f"(?P<{name}>.+)" if kind == "path" else f"(?P<{name}>[^/]+)"


def _specificity(path: str) -> tuple[int, bool, int]:
    """Longer fixed beginnings first, then paths without a greedy part."""
    return (-len(path.partition("{")[0]), ":path}" in path, -len(path))

"""What the web page asks a server for, as data: a copy of a store that needs no server holds these answers.

A copied page finds its answers by the canonical form of a query, see ``canonical``; what it asks beyond this table is
not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from cloudtrack.client import Client
from cloudtrack.entities.run import Run

Query = list[tuple[str, str]]
_SERIES_AT_ONCE = 100
"""The server answers no more; see ``metrics/series``."""
_AS_IN_SCRIPTS = "!'()*~"
"""What JavaScript's encodeURIComponent leaves as it is, beside letters, digits and ``-_.``."""


class Per(StrEnum):
    """How often a request is made: once, or for each thing of a kind that is not deleted."""

    STORE = "store"
    EXPERIMENT = "experiment"
    RUN = "run"
    CHART = "chart"
    """The metrics of a run, sorted, 100 at a time."""
    MODEL = "model"
    VERSION = "version"


@dataclass(frozen=True)
class Asked:
    """A GET below ``ajax-api/2.0/``; ``{name}`` in the query is an attribute of what it is made for.

    Where the answer has a cursor in the field ``next``, the request is made again with it, until there is none.
    """

    route: str
    per: Per
    query: Mapping[str, str] = field(default_factory=dict)
    next: tuple[str, str] = ("next", "cursor")
    """The field of the answer that has a cursor, and the parameter that takes it."""


ASKED = (
    Asked("cloudtrack/ui-config", Per.STORE),
    Asked("cloudtrack/experiments/table", Per.STORE),
    Asked("mlflow/experiments/get", Per.EXPERIMENT, {"experiment_id": "{experiment_id}"}),
    Asked("cloudtrack/runs/table", Per.EXPERIMENT, {"experiment_ids": "{experiment_id}"}, next=("", "")),
    Asked("mlflow/runs/get", Per.RUN, {"run_id": "{run_id}"}),
    Asked("cloudtrack/runs/several", Per.RUN, {"run_ids": "{run_id}"}),
    Asked("cloudtrack/artifacts/tree", Per.RUN, {"run_id": "{run_id}", "recursive": "true"}),
    Asked("cloudtrack/lineage", Per.RUN, {"run_id": "{run_id}"}),
    Asked("cloudtrack/metrics/series", Per.CHART, {"run_ids": "{run_id}"}),
    Asked("cloudtrack/models/table", Per.STORE),
    Asked("cloudtrack/transition-requests/open", Per.STORE),
    Asked("cloudtrack/activity", Per.STORE),
    Asked("cloudtrack/models/board", Per.MODEL, {"name": "{name}"}),
    Asked("cloudtrack/models/activity", Per.MODEL, {"name": "{name}"}),
    Asked("cloudtrack/models/timeline", Per.MODEL, {"name": "{name}"}),
    Asked("cloudtrack/models/mlmodel", Per.VERSION, {"name": "{name}", "version": "{version}"}),
    Asked("cloudtrack/artifacts/tree", Per.VERSION, {"name": "{name}", "version": "{version}", "recursive": "true"}),
    Asked("cloudtrack/lineage", Per.VERSION, {"name": "{name}", "version": "{version}"}),
    Asked("cloudtrack/model-versions/lineage", Per.VERSION, {"name": "{name}", "version": "{version}"}),
)


def canonical(query: Iterable[tuple[str, str]]) -> str:
    """Pairs as encodeURIComponent writes them, sorted: the same for the same question, here and in a page."""
    pairs = (f"{quote(name, safe=_AS_IN_SCRIPTS)}={quote(value, safe=_AS_IN_SCRIPTS)}" for name, value in query)
    return "&".join(sorted(pairs))


@dataclass(frozen=True)
class Contents:
    """What a store has."""

    experiments: list[dict[str, str]]
    runs: list[Run]
    models: list[dict[str, str]]
    versions: list[dict[str, str]]


def contents_of(client: Client) -> Contents:
    """All that is not deleted; it is held in memory."""
    experiments = [each.experiment_id for each in client.experiments.search()]
    names = [each.name for each in client.registered_models.search(max_results=None)]
    return Contents(
        experiments=[{"experiment_id": each} for each in experiments],
        runs=client.runs.list(experiments),
        models=[{"name": name} for name in names],
        versions=[
            {"name": name, "version": str(version.version)}
            for name in names
            for version in client.model_versions.list(name)
        ],
    )


def queries_of(asked: Asked, contents: Contents) -> Iterator[Query]:
    """The queries of a request, one for each thing that it is made for."""
    for thing, more in _things(asked.per, contents):
        yield [*((name, value.format_map(thing)) for name, value in asked.query.items()), *more]


def _things(per: Per, contents: Contents) -> Iterator[tuple[dict[str, str], Query]]:
    """Attributes of each thing, and what else a query about it has."""
    match per:
        case Per.STORE:
            yield {}, []
        case Per.EXPERIMENT:
            yield from ((each, []) for each in contents.experiments)
        case Per.MODEL:
            yield from ((each, []) for each in contents.models)
        case Per.VERSION:
            yield from ((each, []) for each in contents.versions)
        case Per.RUN:
            yield from (({"run_id": run.info.run_id}, []) for run in contents.runs)
        case Per.CHART:
            yield from (({"run_id": run.info.run_id}, keys) for run in contents.runs for keys in _key_groups(run))


def _key_groups(run: Run) -> Iterator[Query]:
    keys = sorted(run.data.metrics)
    for first in range(0, len(keys), _SERIES_AT_ONCE):
        yield [("keys", key) for key in keys[first : first + _SERIES_AT_ONCE]]

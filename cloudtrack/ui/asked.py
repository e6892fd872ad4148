"""What the web page asks a server for, as data: a copy of a store that needs no server holds these answers.

A copied page finds its answers by the canonical form of a query, see ``canonical``. What tells answers apart is in the
query; what the page asks besides, such as a filter or a number of rows, it does by itself with the answer. What it asks
beyond this table is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any
from urllib.parse import quote

from cloudtrack.client import Client
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.run import Run

Query = list[tuple[str, str]]
SERIES_ROWS = 1000
"""Of each series, where 100 of them are not more than the server answers at once."""
_SERIES_AT_ONCE = 100
"""The server answers no more; see ``metrics/series``."""
_COMPARED = 3
"""Versions are compared with those that are at most so many before or after them."""
_AS_IN_SCRIPTS = "!'()*~"
"""What JavaScript's encodeURIComponent leaves as it is, beside letters, digits and ``-_.``."""


class Per(StrEnum):
    """How often a request is made: once, or for each thing of a kind that is not deleted."""

    STORE = "store"
    EXPERIMENT = "experiment"
    RUN = "run"
    CHART = "chart"
    """The metrics of a run, sorted, 100 at a time."""
    LOGGED_MODEL = "logged model"
    MODEL = "model"
    VERSION = "version"
    SOURCE = "source"
    """A run that versions came from."""
    DATASET = "dataset"
    """Data that a run read which versions came from."""
    PAIR = "pair"
    """Two versions of a model, not far from each other."""


@dataclass(frozen=True)
class Asked:
    """A GET below ``ajax-api/2.0/``; ``{name}`` in route and query is an attribute of what it is made for.

    Where the answer has a cursor in the field ``next``, the request is made again with it, until there is none.
    """

    route: str
    per: Per
    query: Mapping[str, str] = field(default_factory=dict)
    """What tells answers apart."""
    more: Mapping[str, str] = field(default_factory=dict)
    """What is asked for besides."""
    next: tuple[str, str] = ("next", "cursor")
    """The field of the answer that has a cursor, and the parameter that takes it."""
    all_columns: bool = False
    """Whether the answer is a table that is asked for with as many columns as fit."""


_VERSION = {"name": "{name}", "version": "{version}"}
_WHOLE = {"recursive": "true"}

ASKED = (
    Asked("cloudtrack/ui-config", Per.STORE),
    Asked("cloudtrack/experiments/table", Per.STORE, next=("next", "next")),
    Asked("mlflow/experiments/get", Per.EXPERIMENT, {"experiment_id": "{experiment_id}"}),
    Asked("cloudtrack/runs/table", Per.EXPERIMENT, {"experiment_ids": "{experiment_id}"}, all_columns=True),
    Asked("mlflow/runs/get", Per.RUN, {"run_id": "{run_id}"}),
    Asked("cloudtrack/runs/page", Per.RUN, {"run_id": "{run_id}"}),
    Asked("cloudtrack/runs/several", Per.RUN, {"run_ids": "{run_id}"}),
    Asked("cloudtrack/runs/source", Per.RUN, {"run_id": "{run_id}", "name": "code.patch"}),
    Asked("cloudtrack/runs/source", Per.RUN, {"run_id": "{run_id}", "name": "packages.txt"}),
    Asked("cloudtrack/runs/logs", Per.RUN, {"run_id": "{run_id}", "backwards": "true"}),
    Asked("cloudtrack/artifacts/tree", Per.RUN, {"run_id": "{run_id}"}),
    Asked("cloudtrack/artifacts/tree", Per.RUN, {"run_id": "{run_id}", **_WHOLE}),
    *(
        Asked("cloudtrack/metrics/series", Per.CHART, {"run_ids": "{run_id}", "x": x}, {"buckets": str(SERIES_ROWS)})
        for x in ("step", "time", "relative")
    ),
    Asked("mlflow/logged-models/{model_id}", Per.LOGGED_MODEL),
    Asked("cloudtrack/models/mlmodel", Per.LOGGED_MODEL, {"run_id": "{run_id}", "path": "{path}"}),
    Asked("cloudtrack/models/table", Per.STORE, more={"max_results": "200"}),
    Asked("cloudtrack/transition-requests/open", Per.STORE),
    Asked("cloudtrack/activity", Per.STORE, more={"max_results": "500"}),
    Asked("cloudtrack/policy/get", Per.STORE),
    Asked("mlflow/registered-models/get", Per.MODEL, {"name": "{name}"}),
    Asked("cloudtrack/models/board", Per.MODEL, {"name": "{name}"}),
    Asked("cloudtrack/models/activity", Per.MODEL, {"name": "{name}"}, {"max_results": "500"}),
    Asked("cloudtrack/models/timeline", Per.MODEL, {"name": "{name}"}),
    Asked("mlflow/model-versions/get", Per.VERSION, _VERSION),
    Asked("cloudtrack/models/mlmodel", Per.VERSION, _VERSION),
    Asked("cloudtrack/artifacts/tree", Per.VERSION, {**_VERSION, **_WHOLE}),
    Asked("cloudtrack/comments/list", Per.VERSION, _VERSION),
    Asked("cloudtrack/model-versions/lineage", Per.VERSION, _VERSION),
    Asked("cloudtrack/lineage", Per.VERSION, _VERSION),
    Asked("cloudtrack/model-versions/versions-from", Per.SOURCE, {"run_id": "{run_id}"}),
    Asked(
        "cloudtrack/model-versions/versions-from",
        Per.DATASET,
        {"dataset": "{dataset}", "dataset_digest": "{dataset_digest}"},
    ),
    Asked("cloudtrack/model-versions/diff", Per.PAIR, {"before": "{before}", "after": "{after}"}),
)


@dataclass(frozen=True)
class Question:
    """A request that is made; ``query`` is what its answer is found by, and what of the path differs is in it."""

    asked: Asked
    path: str
    query: Query
    more: Query


def canonical(query: Iterable[tuple[str, str]]) -> str:
    """Pairs as encodeURIComponent writes them, sorted: the same for the same question, here and in a page."""
    pairs = (f"{quote(name, safe=_AS_IN_SCRIPTS)}={quote(value, safe=_AS_IN_SCRIPTS)}" for name, value in query)
    return "&".join(sorted(pairs))


@dataclass(frozen=True)
class Contents:
    """What a store has."""

    experiments: list[dict[str, str]]
    runs: list[Run]
    """Newest first."""
    logged_models: list[LoggedModel]
    models: list[dict[str, str]]
    versions: list[dict[str, str]]
    """Newest first of each model."""

    @cached_property
    def sources(self) -> list[Run]:
        """Runs that versions came from."""
        wanted = {each["run_id"] for each in self.versions}
        return [run for run in self.runs if run.info.run_id in wanted]


def contents_of(client: Client) -> Contents:
    """All that is not deleted; it is held in memory."""
    experiments = [each.experiment_id for each in client.experiments.search()]
    names = [each.name for each in client.registered_models.search(max_results=None)]
    return Contents(
        experiments=[{"experiment_id": each} for each in experiments],
        runs=client.runs.list(experiments),
        logged_models=client.logged_models.list(experiments),
        models=[{"name": name} for name in names],
        versions=[
            {"name": name, "version": str(version.version), "run_id": version.run_id or ""}
            for name in names
            for version in client.model_versions.list(name)
        ],
    )


def folder_of(asked: Asked) -> str:
    """The route without what differs: where its answers are kept."""
    return asked.route.partition("/{")[0]


def questions_of(asked: Asked, contents: Contents) -> Iterator[Question]:
    """The requests of one kind, one for each thing that it is made for."""
    in_path = asked.route.partition("{")[2].rstrip("}")
    for thing, keys in _things(asked.per, contents):
        query = [(name, value.format_map(thing)) for name, value in asked.query.items()]
        told = [(in_path, thing[in_path])] if in_path else []
        yield Question(asked, asked.route.format_map(thing), [*told, *query, *keys], [*asked.more.items()])


def _things(per: Per, contents: Contents) -> Iterator[tuple[Mapping[str, str], Query]]:
    """Attributes of each thing, and what else a query about it has."""
    match per:
        case Per.STORE:
            yield {}, []
        case Per.CHART:
            yield from (({"run_id": run.info.run_id}, keys) for run in contents.runs for keys in _key_groups(run))
        case _:
            yield from ((each, []) for each in _simple_things(per, contents))


def _simple_things(per: Per, contents: Contents) -> Iterable[Mapping[str, str]]:
    found: dict[Per, Any] = {
        Per.EXPERIMENT: contents.experiments,
        Per.MODEL: contents.models,
        Per.VERSION: contents.versions,
        Per.RUN: ({"run_id": run.info.run_id} for run in contents.runs),
        Per.SOURCE: ({"run_id": run.info.run_id} for run in contents.sources),
        Per.DATASET: _datasets(contents.sources),
        Per.LOGGED_MODEL: (
            {"model_id": each.model_id, "run_id": each.source_run_id, "path": each.name}
            for each in contents.logged_models
        ),
        Per.PAIR: _pairs(contents),
    }
    things: Iterable[Mapping[str, str]] = found[per]
    return things


def _datasets(runs: Iterable[Run]) -> Iterator[dict[str, str]]:
    uses = dict.fromkeys((use.dataset.name, use.dataset.digest) for run in runs for use in run.inputs.dataset_inputs)
    yield from ({"dataset": name, "dataset_digest": digest} for name, digest in uses)


def _pairs(contents: Contents) -> Iterator[dict[str, str]]:
    """In both orders: a page may swap them."""
    for _, versions in groupby(contents.versions, key=itemgetter("name")):
        uris = [f"models:/{each['name']}/{each['version']}" for each in versions]
        for place, uri in enumerate(uris):
            for other in uris[place + 1 : place + 1 + _COMPARED]:
                yield {"before": other, "after": uri}
                yield {"before": uri, "after": other}


def _key_groups(run: Run) -> Iterator[Query]:
    keys = sorted(run.data.metrics)
    for first in range(0, len(keys), _SERIES_AT_ONCE):
        yield [("keys", key) for key in keys[first : first + _SERIES_AT_ONCE]]

"""Many runs at once, in columns, and then only what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from cloudtrack.access.permission import Permission
from cloudtrack.api.conditional import is_known, not_modified, tagged
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.errors import missing_parameter
from cloudtrack.api.fields import RequestModel, States
from cloudtrack.api.locations import Locations
from cloudtrack.api.message import Response, json_response
from cloudtrack.api.mlflow import messages
from cloudtrack.entities.experiment import ViewType
from cloudtrack.index.catalogue import Facts
from cloudtrack.index.columns import WHOLE
from cloudtrack.tracking import table_columns
from cloudtrack.tracking.run_source import RUN_SCHEMA
from cloudtrack.tracking.run_table import NOTE, RunTable, TableQuestion

ENDPOINTS = Declarations(Domain.METRICS)

MOST_BYTES = 5_000_000
_MOST_CATALOGUE_BYTES = 2_500_000
_MOST_EXPERIMENTS = 100
_MOST_COLUMNS = 1000
_MOST_ONLY = 200
"""Characters of a text that all runs have in common."""
_SPARE = 0.95
"""Of the rows that would fit if all were of one size."""


class GetRunTable(RequestModel):
    experiment_ids: list[str] = Field([], max_length=_MOST_EXPERIMENTS)
    columns: list[str] = Field([], max_length=_MOST_COLUMNS)
    filter: str = ""
    state: States = ViewType.ACTIVE_ONLY
    since: str = ""


@ENDPOINTS.add("GET", "/cloudtrack/runs/table", Needs(Permission.READ, On.EXPERIMENTS))
def get_run_table(context: Context, request: GetRunTable) -> Response:
    """Runs of up to 100 experiments in columns, or what changed ``since`` another table."""
    if not request.experiment_ids:
        raise missing_parameter("experiment_ids")
    readable = context.readable(request.experiment_ids)
    question = TableQuestion(readable, request.filter, request.state, request.columns)
    tables = context.client.run_tables
    look = tables.look(question, request.since)
    if is_known(look.tag, context.request):
        return not_modified(look.tag)
    table = tables.read(look)
    answer = json_response(_message(table, context.locations))
    if table.delta and _size(answer) > MOST_BYTES:
        table = tables.read(look, whole=True)
        answer = json_response(_message(table, context.locations))
    while _size(answer) > MOST_BYTES and table.ids:
        table = table.first(int(len(table.ids) * MOST_BYTES / _size(answer) * _SPARE))
        answer = json_response(_message(table, context.locations))
    return tagged(answer, table.tag)


def _size(answer: Response) -> int:
    return len(answer.whole_body())


def _message(table: RunTable, locations: Locations) -> dict[str, Any]:
    facts = _fitting(table.catalogue)
    are_hex = all(len(one) == 32 for one in table.ids)
    return {
        "rows": len(table.ids),
        "total": table.total,
        "truncated": table.truncated,
        "cursor": table.cursor,
        "delta": table.delta,
        "removed": table.removed,
        "ids": "".join(table.ids) if are_hex else table.ids,
        "catalogue_total": len(table.catalogue),
        "catalogue": facts,
        "experiments": [messages.experiment(experiment, locations) for experiment in table.experiments],
        "columns": {name: _column(name, values) for name, values in table.columns.items()},
    }


def _column(name: str, values: Any) -> table_columns.Message:
    if name == NOTE:
        return table_columns.presence(values)
    if name.startswith("metrics."):
        return table_columns.numbers(values)
    return table_columns.times(values) if _is_time(name) else table_columns.texts(values)


def _is_time(name: str) -> bool:
    return RUN_SCHEMA.type_of(name) == WHOLE


def _fitting(catalogue: Sequence[Facts]) -> list[dict[str, Any]]:
    """The catalogue; of one that is too long the most frequent columns."""
    found = [_facts(facts) for facts in catalogue]
    while (size := _size(json_response(found))) > _MOST_CATALOGUE_BYTES:
        keep = int(len(found) * _MOST_CATALOGUE_BYTES / size * _SPARE)
        found = sorted(found, key=lambda facts: -facts["count"])[:keep]
    return found


def _facts(facts: Facts) -> dict[str, Any]:
    is_time = _is_time(facts.name)
    kind = "time" if is_time else "number" if facts.is_number else "text"
    told: dict[str, Any] = {"name": facts.name, "kind": kind, "count": facts.count, "distinct": facts.distinct}
    if facts.only is not None:
        told["only"] = facts.only[:_MOST_ONLY]
    if facts.least is None or facts.most is None:
        return told
    least, most = (
        (facts.least, facts.most) if is_time else map(table_columns.significant_number, (facts.least, facts.most))
    )
    return told | {"min": least, "max": most}

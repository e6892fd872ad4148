"""Run tables as a page reads them: columns decoded, and changes applied."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from cloudtrack.api.app import App
from tests.api.sending import get

Row = dict[str, Any]


def table(app: App, experiment_id: str, **query: Any) -> dict[str, Any]:
    answer = get(app, "runs/table", experiment_ids=[experiment_id], **query)
    assert answer.status == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def ids_of(found: dict[str, Any]) -> list[str]:
    ids = found["ids"]
    return ids if isinstance(ids, list) else [ids[start : start + 32] for start in range(0, len(ids), 32)]


def rows_of(found: dict[str, Any]) -> dict[str, Row]:
    """Cells by run and column, in the order of the table; those that a run lacks are not there."""
    ids = ids_of(found)
    assert len(ids) == found["rows"]
    rows: dict[str, Row] = {run_id: {} for run_id in ids}
    for name, column in found["columns"].items():
        for run_id, value in zip(ids, decoded(column), strict=True):
            if value is not None:
                rows[run_id][name] = value
    return rows


def decoded(column: dict[str, Any]) -> list[Any]:
    if "numbers" in column:
        return column["numbers"]
    if "deltas" in column:
        there = iter(
            accumulate((delta for delta in column["deltas"] if delta is not None), initial=column["base"] or 0)
        )
        next(there)
        return [None if delta is None else next(there) for delta in column["deltas"]]
    return [None if code < 0 else column["dict"][code] for code in column["codes"]]


@dataclass
class Page:
    """Somebody's page that shows runs, and asks what is new."""

    app: App
    query: dict[str, Any]
    rows: dict[str, Row] = field(default_factory=dict)
    cursor: str = ""
    tag: str = ""
    deltas: int = 0

    def poll(self) -> int:
        """The status of the answer."""
        headers = {"if-none-match": self.tag} if self.tag else {}
        answer = get(self.app, "runs/table", headers, **self.query, since=self.cursor)
        if answer.status == 304:
            return 304
        found = answer.json()
        assert answer.status == 200, found
        if found["delta"]:
            self.deltas += 1
            for run_id in found["removed"]:
                self.rows.pop(run_id, None)
            self.rows |= rows_of(found)
        else:
            self.rows = rows_of(found)
        assert found["total"] == len(self.rows)
        self.cursor, self.tag = found["cursor"], answer.headers["etag"]
        return 200

"""Runs of some experiments as a table in columns, for whoever shows many of them; and what changed in it since.

It is made of the columns of the index and never of runs. One look at the indexes says whether anything is new.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

from cloudtrack.entities.experiment import Experiment, ViewType
from cloudtrack.entities.names import check_experiment_id
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.index import engine
from cloudtrack.index.catalogue import Facts, catalogue, count_rows
from cloudtrack.index.collection import while_merged
from cloudtrack.index.columns import NUMBER, WHOLE
from cloudtrack.index.relation import Relation, Seen, relation_of
from cloudtrack.index.state import State, state_of
from cloudtrack.search.expression import EVERYTHING, Expression
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking import table_columns
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.primary_metric import primary_metric
from cloudtrack.tracking.run_index import RunIndex, run_question
from cloudtrack.tracking.run_source import RUN_SCHEMA
from cloudtrack.tracking.table_cursor import TableCursor, cursor_of, read_cursor

AUTO = "auto"
"""In place of columns: those that a reader would look at first."""
MOST_ROWS = 50_000
MOST_AUTO_COLUMNS = 14
_WHOLE_FROM = 1000
"""A table with more new rows than that, and than half of it, is sent whole."""
EXPERIMENT_ID = "attributes.experiment_id"
_START = "attributes.start_time"
NOTE = "tags.mlflow.note.content"
"""Of it the table says only where there is one."""
ALWAYS = (
    "attributes.run_name",
    "attributes.status",
    _START,
    "attributes.end_time",
    "attributes.user_id",
    "attributes.lifecycle_stage",
    "tags.mlflow.parentRunId",
    "tags.mlflow.source.name",
    "tags.mlflow.runColor",
    "tags.mlflow.source.git.commit",
    NOTE,
)
_KINDS = ("metrics", "params", "tags", "attributes")
_FORMAT = 1
"""Another one when tables of the same runs look otherwise."""


def is_column(name: str) -> bool:
    """Whether a table can have a column of this name."""
    kind, dot, key = name.partition(".")
    return bool(kind in _KINDS and dot and key)


@dataclass(frozen=True)
class TableQuestion:
    """Which runs, and which of their columns. Raises InvalidInput."""

    experiment_ids: Sequence[str]
    filter_string: str = ""
    view_type: int = ViewType.ACTIVE_ONLY
    columns: Sequence[str] = ()

    def __post_init__(self) -> None:
        for experiment_id in self.experiment_ids:
            check_experiment_id(experiment_id)
        for name in self.columns:
            if name != AUTO and not is_column(name):
                raise InvalidInput(f"{name!r} is no column: write auto, or metrics.<key>, params.<key>, tags.<key> ...")

    @property
    def is_auto(self) -> bool:
        """Whether the table chooses columns."""
        return not self.columns or AUTO in self.columns

    @property
    def asked_for(self) -> list[str]:
        """The columns that are asked for by name."""
        return [name for name in dict.fromkeys(self.columns) if name not in (AUTO, EXPERIMENT_ID)]

    @cached_property
    def expression(self) -> Expression:
        """What runs must meet."""
        return run_question(self.filter_string, None, self.view_type).expression

    @cached_property
    def text(self) -> str:
        """Equal for equal questions."""
        words = [_FORMAT, sorted(set(self.experiment_ids)), self.filter_string, self.view_type, list(self.columns)]
        return _digest(words)


@dataclass(frozen=True)
class RunTable:
    """Rows in columns, as numpy has them, newest first; a ``delta`` has those that may have changed."""

    ids: Sequence[str]
    columns: dict[str, Any]
    catalogue: Sequence[Facts]
    total: int
    cursor: str
    tag: str
    delta: bool = False
    removed: Sequence[str] = ()
    experiments: Sequence[Experiment] = ()
    """Of a whole table: those that there are. They are not in the tag, which changes with runs alone."""

    def first(self, rows: int) -> RunTable:
        """The first rows of it."""
        return replace(self, ids=self.ids[:rows], columns={name: all[:rows] for name, all in self.columns.items()})

    @property
    def truncated(self) -> bool:
        """Whether there are more runs than rows."""
        return not self.delta and len(self.ids) < self.total


@dataclass(frozen=True)
class Look:
    """The indexes at one moment, for one question; ``tag`` says what a reader of this moment's table has."""

    question: TableQuestion
    since: TableCursor | None
    primary: Sequence[str]
    seen: Sequence[Seen]
    state: State
    experiments: Sequence[Experiment] = ()

    @property
    def tag(self) -> str:
        """Equal for equal tables: that of the whole, and those that bring a reader there."""
        return _digest([self.question.text, list(self.primary), self.state.text])


class RunTables:
    """Tables of the runs of one store."""

    def __init__(self, index: RunIndex, experiments: Experiments) -> None:
        self._index = index
        self._experiments = experiments

    def look(self, question: TableQuestion, since: str = "") -> Look:
        """What there is now: a listing and a manifest of each experiment, and the documents that no part has.

        Without ``since`` the experiments are read too. Raises InvalidInput.
        """
        cursor = read_cursor(since, question.text)
        if cursor is not None and not all(map(is_column, cursor.columns)):
            cursor = None
        experiments = [] if cursor else self._read_experiments(question)
        primary = cursor.primary if cursor else _primary(question, experiments)
        seen = self._index.look(question.experiment_ids)
        return Look(question, cursor, primary, seen, state_of(seen), experiments)

    def read(self, look: Look, *, whole: bool = False) -> RunTable:
        """The table, of a later moment where parts were merged away meanwhile; ``whole`` even where a cursor came."""
        remaining = [look]

        def attempt() -> RunTable:
            at = remaining.pop() if remaining else self._again(look)
            with relation_of(at.seen, RUN_SCHEMA) as relation:
                return (None if whole else _changes(at, relation)) or _whole(at, relation)

        return while_merged(attempt)

    def _again(self, look: Look) -> Look:
        seen = self._index.look(look.question.experiment_ids)
        return replace(look, seen=seen, state=state_of(seen))

    def _read_experiments(self, question: TableQuestion) -> list[Experiment]:
        found = map_in_order(self._read_experiment, dict.fromkeys(question.experiment_ids))
        return [experiment for experiment in found if experiment is not None]

    def _read_experiment(self, experiment_id: str) -> Experiment | None:
        try:
            return self._experiments.get(experiment_id)
        except NotFound:  # a search of its runs finds none, and is no error
            return None


def _primary(question: TableQuestion, experiments: Sequence[Experiment]) -> list[str]:
    if not question.is_auto:
        return []
    metrics = [primary_metric(experiment.tags) for experiment in experiments]
    return [*dict.fromkeys(metric.column for metric in metrics if metric is not None)]


def _whole(look: Look, relation: Relation) -> RunTable:
    question = look.question
    facts = catalogue(relation, question.expression)
    shown = _shown(question, facts, look.primary)
    ids, columns = _rows(relation, question.expression, shown)
    cursor = cursor_of(question.text, shown, look.primary, look.state).text()
    total = next((one.count for one in facts if one.name == "attributes.run_id"), 0)
    return RunTable(ids, columns, facts, total, cursor, look.tag, experiments=look.experiments)


def _changes(look: Look, relation: Relation) -> RunTable | None:
    """What changed since the reader looked; None without a reader, or where that is most of the table."""
    since, question = look.since, look.question
    if since is None:
        return None
    fresh = look.state.since(relation, {*since.parts}, {*since.marks})
    if count_rows(fresh, EVERYTHING) > max(_WHOLE_FROM, count_rows(relation, EVERYTHING) // 2):
        return None
    ids, columns = _rows(fresh, question.expression, since.columns)
    text, parameters = fresh.select([], EVERYTHING)
    changed = [row[0] for row in engine.fetch(f"SELECT id FROM ({text}) ORDER BY id", parameters)]  # noqa: S608
    there = {*ids}
    removed = [row for row in chain(changed, look.state.gone_since({*since.marks})) if row not in there]
    cursor = cursor_of(question.text, since.columns, look.primary, look.state).text()
    facts = catalogue(fresh, question.expression)
    total = count_rows(relation, question.expression)
    return RunTable(ids, columns, facts, total, cursor, look.tag, delta=True, removed=removed)


def _shown(question: TableQuestion, facts: Iterable[Facts], primary: Sequence[str]) -> list[str]:
    """The columns besides those that are always there."""
    chosen: list[str] = []
    if question.is_auto:
        frequent = sorted(facts, key=lambda one: -one.count)
        params = [one.name for one in frequent if one.name.startswith("params.") and one.distinct > 1]
        metrics = [one.name for one in frequent if one.name.startswith("metrics.") and one.name not in primary]
        chosen = [*[*params, *metrics][:MOST_AUTO_COLUMNS], *primary]
    return [name for name in dict.fromkeys([*chosen, *question.asked_for]) if name not in ALWAYS]


def _rows(relation: Relation, expression: Expression, shown: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    names = [*ALWAYS, *shown]
    text, parameters = relation.select(names, expression)
    listed = ", ".join(f"{_cell(name, f'c{number}')} AS c{number}" for number, name in enumerate(names))
    found = engine.fetch_columns(
        f"SELECT id, collection, {listed} FROM ({text}) "  # noqa: S608 - made of quoted names
        f"ORDER BY c{names.index(_START)} DESC NULLS LAST, id LIMIT {MOST_ROWS}",
        parameters,
    )
    columns = {name: found[f"c{number}"] for number, name in enumerate(names)}
    return found["id"].tolist(), {EXPERIMENT_ID: found["collection"], **columns}


def _cell(name: str, expression: str) -> str:
    if name == NOTE:
        return f"CASE WHEN {expression} IS NULL THEN FALSE ELSE TRUE END"
    is_text = RUN_SCHEMA.type_of(name) not in (NUMBER, WHOLE)
    return f"left({expression}, {table_columns.LONGEST_TEXT + 1})" if is_text else expression


def _digest(words: object) -> str:
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:32]

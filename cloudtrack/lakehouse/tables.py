"""SQL over one store, with the latest write.

For each statement the tables that it names are made in a DuckDB of its own: of the index's parts, where they are or
as this machine has copies of them, and of the documents that no part has yet. Points of metrics are read only where a
statement names ``metrics``, and only of the runs that it needs, where that is plain to see.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cloudtrack.entities.experiment import ViewType
from cloudtrack.errors import ObjectNotFound, Unavailable
from cloudtrack.index.columns import NUMBER, TEXT, WHOLE, literal
from cloudtrack.lakehouse import registry_rows
from cloudtrack.lakehouse.metric_points import MetricPoints
from cloudtrack.lakehouse.narrowing import POINTS, narrowed
from cloudtrack.lakehouse.run_rows import RUN_VIEWS, ExperimentRuns, make_runs
from cloudtrack.lakehouse.session import Session
from cloudtrack.lakehouse.statement import Statement, parse_statement
from cloudtrack.lakehouse.target_file import target_file
from cloudtrack.registry.model_versions import ModelVersions
from cloudtrack.registry.registered_models import RegisteredModels
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.run_index import RunIndex

TABLES = {*RUN_VIEWS, POINTS, "experiments", "registered_models", "versions", "events"}
_MOST_ATTEMPTS = 5
"""A statement begins again when a part that it reads has been merged away meanwhile."""
_ROWS_AT_ONCE = 1000


class Answer:
    """The rows that a statement found; large ones are on disk. Close it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.columns = [str(name) for name, *_ in session.execute("FROM inside.answer LIMIT 0").description]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        found = self._session.execute("FROM inside.answer")
        while rows := found.fetchmany(_ROWS_AT_ONCE):
            yield from rows

    def __len__(self) -> int:
        return int(self._session.execute("SELECT count(*) FROM inside.answer").fetchone()[0])

    def write_parquet(self, target: Path) -> None:
        """Write a Parquet file, whole or not at all."""
        aside = self._session.spilled / "answer.parquet"
        self._session.execute(f"COPY inside.answer TO {literal(str(aside))} (FORMAT parquet, COMPRESSION zstd)")
        with target_file(target) as stream, aside.open("rb") as source:
            shutil.copyfileobj(source, stream)

    def close(self) -> None:
        """Give back memory and disk."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Tables:
    """The tables of one store."""

    def __init__(
        self,
        store: ObjectStore,
        experiments: Experiments,
        run_index: RunIndex,
        registered_models: RegisteredModels,
        model_versions: ModelVersions,
    ) -> None:
        self._store = store
        self._experiments = experiments
        self._run_index = run_index
        self._registered_models = registered_models
        self._model_versions = model_versions
        self._points = MetricPoints(store)

    def query(self, sql: str, *, limit: int | None = None) -> Answer:
        """The rows of one SELECT, at most ``limit`` of them.

        Raises InvalidInput for SQL that is wrong or does not only read, PermissionDenied where it reaches for files.
        """
        statement = parse_statement(sql)
        for _ in range(_MOST_ATTEMPTS):
            session = Session()
            try:
                self._answer(session, statement, limit)
                return Answer(session)
            except ObjectNotFound as error:
                session.close()
                gone = error
            except BaseException:
                session.close()
                raise
        raise Unavailable(f"the store was compacted {_MOST_ATTEMPTS} times while the SQL ran; run it again") from gone

    def _answer(self, session: Session, statement: Statement, limit: int | None) -> None:
        wanted = TABLES if statement.shows_tables else statement.tables & TABLES
        self._make_tables(session, wanted, statement.columns)
        text = statement.text
        if POINTS in wanted:
            text = self._make_points(session, statement)
        session.lock()
        most = f" LIMIT {limit:d}" if limit is not None else ""
        session.execute(f"CREATE TABLE inside.answer AS SELECT * FROM (\n{text}\n){most}")  # noqa: S608 - one SELECT

    def _make_tables(self, session: Session, wanted: set[str], columns: set[str]) -> None:
        if wanted & {*RUN_VIEWS, POINTS, "experiments"}:
            experiments = self._experiments.search(view_type=ViewType.ALL)
            session.load("experiments", registry_rows.EXPERIMENTS, map(registry_rows.experiment_row, experiments))
            if wanted & {*RUN_VIEWS, POINTS}:
                make_runs(
                    session,
                    [ExperimentRuns(item, self._run_index.collection(item.experiment_id)) for item in experiments],
                    columns,
                )
        if wanted & {"registered_models", "versions"}:
            models = self._registered_models.search(max_results=None)
            versions = self._model_versions.search(max_results=None, order_by=["name", "version_number"])
            session.load("registered_models", registry_rows.REGISTERED_MODELS, map(registry_rows.model_row, models))
            session.load("versions", registry_rows.VERSIONS, map(registry_rows.version_row, versions))
        if "events" in wanted:
            session.load("events", registry_rows.EVENTS, registry_rows.event_rows(self._store))

    def _make_points(self, session: Session, statement: Statement) -> str:
        """Make the table ``metrics``, and say which text is to be run."""
        text, selects = narrowed(statement, TABLES, session.keep)
        query = "SELECT run_id FROM runs" if selects is None else " UNION ".join(selects)
        needed = statement.tables >= {POINTS} and statement.reads_rows
        run_ids = sorted(run_id for (run_id,) in session.execute(query).fetchall()) if needed else []
        files = self._points.write(run_ids, session.folder)
        if files:
            session.execute(
                "CREATE VIEW metrics AS SELECT run_id, key, step, epoch_ms(timestamp) AS timestamp, "  # noqa: S608
                f"timestamp AS timestamp_ms, value FROM {session.read_parquet(files, ', hive_partitioning = false')}"
            )
        else:
            types = {"run_id": TEXT, "key": TEXT, "step": WHOLE, "timestamp_ms": WHOLE, "value": NUMBER}
            session.load("metrics", types, [])
        return text

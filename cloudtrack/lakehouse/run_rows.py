"""The runs as SQL: the rows of all parts that count, and the documents that override them.

Every part has columns of its own, and keeps what is rare in one map. Here they are one relation with a column for
whatever any part has a column for. Parts that spell a name in different cases, which SQL cannot tell apart, are read
in groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from cloudtrack.entities.experiment import Experiment
from cloudtrack.index.collection import Collection, View
from cloudtrack.index.columns import TEXT, WHOLE, literal
from cloudtrack.index.part_files import PartFiles, write_part
from cloudtrack.index.row import REST
from cloudtrack.lakehouse.part_group import SHOWN_KINDS, grouped, shown_columns
from cloudtrack.lakehouse.session import Session
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking.run_source import RUN_SCHEMA

RUN_VIEWS = ("runs", "params", "tags", "latest_metrics")
_OPTIONS = ", union_by_name = true, filename = true, file_row_number = true, hive_partitioning = false"
_LIVE = """
    (files.experiment_id IS NULL) = (changed.id IS NOT NULL)
    AND NOT EXISTS (FROM inside.dead WHERE dead.file = parts.filename AND dead.number = parts.file_row_number)
"""
"""A document that changed is shown from the file of those alone, and one that is gone from none."""


@dataclass(frozen=True)
class ExperimentRuns:
    """The runs of one experiment."""

    experiment: Experiment
    collection: Collection


@dataclass(frozen=True)
class _Seen:
    """They as they are at one moment."""

    experiment: Experiment
    view: View
    files: list[PartFiles]


def make_runs(session: Session, experiments: Sequence[ExperimentRuns], wanted: Iterable[str]) -> None:
    """Make the ``RUN_VIEWS``; ``runs`` also gets the ``wanted`` columns that no part has, where a run has one.

    Raises ObjectNotFound where a part was merged away meanwhile: then begin again.
    """
    seen = map_in_order(_look, experiments)
    changed = _write_changed(session, seen)
    _load_places(session, seen, changed)
    groups = grouped([*chain.from_iterable(item.files for item in seen), changed])
    for number, group in enumerate(groups):
        files = session.read_parquet((str(files.rows_path) for files in group.files), _OPTIONS)
        session.execute(
            f"CREATE VIEW inside.rows_{number} AS SELECT parts.*, "  # noqa: S608 - quoted names
            "coalesce(files.experiment_id, changed.experiment_id) AS experiment_id, "
            "coalesce(files.experiment_name, changed.experiment_name) AS experiment_name "
            f"FROM {files} AS parts JOIN inside.files ON files.file = parts.filename "
            f"LEFT JOIN inside.changed ON changed.id = parts.id WHERE {_LIVE}"
        )
    shown = shown_columns(groups)
    shown += _rare(session, len(groups), wanted, {name.casefold() for name in shown})
    _create(session, "runs", [group.runs(f"inside.rows_{n}", shown) for n, group in enumerate(groups)])
    for kind in ("params", "tags"):
        _create(session, kind, [group.pairs(f"inside.rows_{n}", kind) for n, group in enumerate(groups)])
    _create(session, "latest_metrics", [group.summaries(f"inside.rows_{n}") for n, group in enumerate(groups)])


def _look(runs: ExperimentRuns) -> _Seen:
    view = runs.collection.view()
    return _Seen(runs.experiment, view, runs.collection.files(view))


def _write_changed(session: Session, seen: Sequence[_Seen]) -> PartFiles:
    rows = [row for item in seen for row in item.view.rows]
    return write_part(rows, session.folder / "changed.parquet", session.folder / "changed.entities", RUN_SCHEMA)


def _load_places(session: Session, seen: Sequence[_Seen], changed: PartFiles) -> None:
    """Make the tables that say of which experiment a row is, and whether it counts."""
    names = {"experiment_id": TEXT, "experiment_name": TEXT}
    files: list[dict[str, str]] = [{"file": str(changed.rows_path)}]
    documents: list[dict[str, str]] = []
    dead: list[dict[str, str | int]] = []
    for item in seen:
        experiment = {"experiment_id": item.experiment.experiment_id, "experiment_name": item.experiment.name}
        documents += ({"id": document_id, **experiment} for document_id in item.view.overridden)
        for part, found in zip(item.view.manifest.parts, item.files, strict=True):
            files.append({"file": str(found.rows_path), **experiment})
            dead += ({"file": str(found.rows_path), "number": number} for number in part.dead)
    session.load("inside.files", {"file": TEXT, **names}, files)
    session.load("inside.changed", {"id": TEXT, **names}, documents)
    session.load("inside.dead", {"file": TEXT, "number": WHOLE}, dead)


def _rare(session: Session, groups: int, wanted: Iterable[str], taken: set[str]) -> list[str]:
    """Those of the names, of none that SQL takes for the same, that a run has in the map."""
    found: dict[str, str] = {}
    for name in sorted(wanted):
        if not name.startswith(SHOWN_KINDS) or name.casefold() in taken:
            continue
        query = " UNION ALL ".join(
            f"(SELECT 1 FROM inside.rows_{number} WHERE {REST}[{literal(name)}] IS NOT NULL LIMIT 1)"  # noqa: S608
            for number in range(groups)
        )
        if session.execute(query).fetchall():
            found.setdefault(name.casefold(), name)
    return list(found.values())


def _create(session: Session, name: str, selects: Sequence[str]) -> None:
    session.execute(f"CREATE VIEW {name} AS {' UNION ALL '.join(selects)}")

"""Parts in which a name means one column, whatever its case; and what SQL reads of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cloudtrack.index.columns import NUMBER, TEXT, literal, quoted
from cloudtrack.index.part_files import PartFiles
from cloudtrack.index.row import ID, REST
from cloudtrack.search.summaries import SUMMARIES
from cloudtrack.tracking.run_source import RUN_SCHEMA

_ATTRIBUTES = ("run_name", "status", "lifecycle_stage", "user_id")
_TIMES = ("start_time", "end_time")
SHOWN_KINDS = ("params.", "metrics.", "tags.", "datasets.")


@dataclass
class PartGroup:
    """Some of the parts."""

    files: list[PartFiles] = field(default_factory=list)
    spelled: dict[str, str] = field(default_factory=dict)
    """The columns of their own, by what SQL takes for the same name."""

    def takes(self, files: PartFiles) -> bool:
        """Add a part, where it spells all names as the others do."""
        if any(self.spelled.get(column.casefold(), column) != column for column in files.columns.own):
            return False
        self.files.append(files)
        self.spelled.update((column.casefold(), column) for column in files.columns.own)
        return True

    def has(self, column: str) -> bool:
        """Whether a part has this column of its own."""
        return self.spelled.get(column.casefold()) == column

    def sql(self, column: str) -> str:
        """The expression that reads a column, from wherever a part has it."""
        kind = RUN_SCHEMA.type_of(column)
        shared = f"{REST}[{literal(column)}]"
        shared = shared if kind == TEXT else f"TRY_CAST({shared} AS {kind})"
        if not self.has(column):
            return shared
        everywhere = all(column in files.columns.own for files in self.files)
        return quoted(column) if everywhere else f"coalesce({quoted(column)}, {shared})"

    def runs(self, rows: str, shown: Iterable[str]) -> str:
        """One row a run: attributes, the three maps, and a column for each of the names to be shown."""
        times = [
            expression
            for name in _TIMES
            for column in [self.sql(f"attributes.{name}")]
            for expression in (f"epoch_ms({column}) AS {name}", f"{column} AS {name}_ms")
        ]
        selected = [
            f"{ID} AS run_id",
            "experiment_id",
            "experiment_name",
            *(f"{self.sql(f'attributes.{name}')} AS {name}" for name in _ATTRIBUTES),
            *times,
            *(f"{self._map(kind)} AS {kind}" for kind in ("params", "tags", "metrics")),
            *(f"{self.sql(column)} AS {quoted(column)}" for column in shown),
        ]
        is_there = f"{self.sql('attributes.lifecycle_stage')} IS NOT NULL"  # what was purged has a row without values
        return f"SELECT {', '.join(selected)} FROM {rows} WHERE {is_there}"  # noqa: S608 - quoted names

    def pairs(self, rows: str, kind: str) -> str:
        """One row a run and key, of params or tags."""
        own = self._own(kind)
        shared = (
            f"SELECT run_id, {_key('pair.key', kind)} AS key, pair.value AS value "  # noqa: S608 - quoted names
            f"FROM ({_shared(rows)}) WHERE {_is_rare('pair.key', kind, own)}"
        )
        if not own:
            return shared
        columns = ", ".join(map(quoted, own))
        selected = ", ".join(f"{self.sql(column)} AS {quoted(column)}" for column in own)
        return (
            f"SELECT run_id, {_key('key', kind)} AS key, value "  # noqa: S608 - quoted names
            f"FROM (UNPIVOT (SELECT {ID} AS run_id, {selected} FROM {rows}) ON {columns} INTO NAME key VALUE value) "
            f"UNION ALL {shared}"
        )

    def summaries(self, rows: str) -> str:
        """One row a run and metric: the last value, and what is known of all."""
        own = self._own("metrics")
        names = ["", *(f"@{name}" for name in SUMMARIES)]
        said = [f"any_value(value) FILTER (summary = {literal(name[1:])}) AS {name[1:] or 'value'}" for name in names]
        shared = (
            f"SELECT run_id, {_key('base', 'metrics')} AS key, {', '.join(said)} FROM ("  # noqa: S608 - quoted names
            "SELECT run_id, split_part(pair.key, '@', 1) AS base, split_part(pair.key, '@', 2) AS summary, "
            f"TRY_CAST(pair.value AS {NUMBER}) AS value FROM ({_shared(rows)})) "
            f"WHERE {_is_rare('base', 'metrics', own)} GROUP BY ALL"
        )
        if not own:
            return shared
        selected = ", ".join(f"{self.sql(c + name)} AS {quoted(c + name)}" for c in own for name in names)
        columns = ", ".join(f"({', '.join(quoted(c + name) for name in names)}) AS {quoted(c)}" for c in own)
        return (
            f"SELECT run_id, {_key('key', 'metrics')} AS key, value, {', '.join(SUMMARIES)} "  # noqa: S608 - quoted names
            f"FROM (UNPIVOT (SELECT {ID} AS run_id, {selected} FROM {rows}) "
            f"ON {columns} INTO NAME key VALUE value, {', '.join(SUMMARIES)}) UNION ALL {shared}"
        )

    def _own(self, kind: str) -> list[str]:
        """The columns of params, tags, or metrics: of those the last values."""
        return sorted(name for name in self.spelled.values() if name.startswith(f"{kind}.") and "@" not in name)

    def _map(self, kind: str) -> str:
        own = self._own(kind)
        value = "pair.value" if kind != "metrics" else f"TRY_CAST(pair.value AS {NUMBER})"
        rare = (
            f"map_from_entries(list_transform(list_filter(map_entries({REST}), "
            f"lambda pair: {_is_rare('pair.key', kind, [])} AND NOT contains(pair.key, '@')), "
            f"lambda pair: {{'key': {_key('pair.key', kind)}, 'value': {value}}}))"
        )
        if not own:
            return rare
        keys = ", ".join(literal(column[len(kind) + 1 :]) for column in own)
        there = ", ".join(f"{quoted(column)} IS NOT NULL" for column in own)
        values = ", ".join(map(quoted, own))
        return f"map_concat(map(list_where([{keys}], [{there}]), list_where([{values}], [{there}])), {rare})"


def grouped(parts: Iterable[PartFiles]) -> list[PartGroup]:
    """All parts, in as few groups as the spellings of their columns allow: nearly always in one."""
    groups: list[PartGroup] = []
    for files in parts:
        if not any(group.takes(files) for group in groups):
            groups.append(PartGroup())
            groups[-1].takes(files)
    return groups


def shown_columns(groups: Sequence[PartGroup]) -> list[str]:
    """The columns of any part; of those that differ by case alone the one that most parts have."""
    counts = Counter(column for group in groups for files in group.files for column in files.columns.own)
    chosen: dict[str, str] = {}
    for column, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if column.startswith(SHOWN_KINDS):
            chosen.setdefault(column.casefold(), column)
    return sorted(chosen.values())


def _shared(rows: str) -> str:
    return f"SELECT {ID} AS run_id, unnest(map_entries({REST})) AS pair FROM {rows}"  # noqa: S608 - names of our own


def _is_rare(key: str, kind: str, own: Sequence[str]) -> str:
    rare = f" AND {key} NOT IN ({', '.join(map(literal, own))})" if own else ""
    return f"starts_with({key}, '{kind}.'){rare}"


def _key(name: str, kind: str) -> str:
    return f"{name}[{len(kind) + 2}:]"

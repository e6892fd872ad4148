"""Which runs' points a statement needs: those that its WHERE admits, where that is plain to see.

It is for each place that reads ``metrics``: one of the terms of the WHERE beside it, joined by AND, looks at the
run's id and at nothing else, such as ``run_id = '...'``, ``run_id IN ('...', '...')`` or ``run_id IN (SELECT ...)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

from cloudtrack.lakehouse.statement import Node, Statement, nodes, text_of, tree_of

POINTS = "metrics"
_PLAIN = {"COLUMN_REF", "VALUE_CONSTANT", "COMPARE_EQUAL", "COMPARE_IN", "CONJUNCTION_OR"}
"""Of these a condition is the same each time it is looked at, and not met where an outer join leaves NULL."""


@dataclass(frozen=True)
class _Place:
    """Where a statement reads the points."""

    term: Node | None
    """What is asked of the run's id; None where nothing plain is."""
    alias: str


def narrowed(statement: Statement, tables: set[str], keep: Callable[[str], str]) -> tuple[str, list[str] | None]:
    """The statement's text, and SELECTs of the ids of all runs whose points it needs; None for all runs.

    ``keep`` makes a table of a SELECT's answer and gives its name, or "" where that SELECT fails by itself. The text
    then reads that table, so that it speaks of the same runs, whatever it would find when asked again.
    """
    tree = deepcopy(statement.tree)
    if tables & set(_own_names(tree)):
        return statement.text, None  # a WITH clause has the name of a table of ours
    selects: list[str] = []
    is_changed = False
    for place in list(_places(tree)):
        if place.term is None:
            return statement.text, None
        if place.term["class"] == "SUBQUERY":
            name = keep(text_of({"error": False, "statements": [place.term["subquery"]]}))
            if not name:
                return statement.text, None
            kept = tree_of(f"SELECT * FROM {name}")  # noqa: S608 - a name of our own
            place.term["subquery"] = kept["statements"][0]
            is_changed = True
        select = tree_of(f'SELECT run_id FROM runs AS "{place.alias}" WHERE true')  # noqa: S608 - no quote is in it
        select["statements"][0]["node"]["where_clause"] = place.term
        selects.append(text_of(select))
    return text_of(tree) if is_changed else statement.text, selects


def _own_names(tree: Node) -> Iterator[str]:
    for node in nodes(tree):
        yield from (str(entry["key"]).lower() for entry in (node.get("cte_map") or {}).get("map", []))


def _places(tree: Node) -> Iterator[_Place]:
    """Every place that reads the points. One that no SELECT has in its FROM is there too, without a term."""
    seen: set[int] = set()
    for select in nodes(tree):
        if select.get("type") != "SELECT_NODE":
            continue
        for table in _joined(select.get("from_table") or {}):
            if _reads_points(table):
                seen.add(id(table))
                alias = str(table.get("alias") or table["table_name"])
                terms = [term for term in _terms(select.get("where_clause")) if _is_of_run_id(term, alias)]
                is_plain = terms and '"' not in alias and not table.get("column_name_alias")
                yield _Place(terms[0] if is_plain else None, alias)
    if any(_reads_points(node) and id(node) not in seen for node in nodes(tree)):
        yield _Place(None, "")


def _reads_points(node: Node) -> bool:
    return node.get("type") == "BASE_TABLE" and str(node["table_name"]).lower() == POINTS


def _joined(table: Node) -> Iterator[Node]:
    """The tables of a FROM."""
    if table.get("type") == "JOIN":
        yield from _joined(table["left"])
        yield from _joined(table["right"])
    else:
        yield table


def _terms(where: Node | None) -> Iterator[Node]:
    """The conditions that must all hold."""
    if where is None:
        return
    if where.get("type") == "CONJUNCTION_AND":
        for child in where["children"]:
            yield from _terms(child)
    else:
        yield where


def _is_of_run_id(term: Node, alias: str) -> bool:
    if term.get("class") == "SUBQUERY":
        plain = term.get("subquery_type") == "ANY" and term.get("comparison_type") == "COMPARE_EQUAL"
        reads_points = any(_reads_points(node) for node in nodes(term["subquery"]))
        return plain and not reads_points and _is_run_id(term["child"], alias)
    expressions = [node for node in nodes(term) if "class" in node]
    columns = [node for node in expressions if node["class"] == "COLUMN_REF"]
    return (
        bool(columns)
        and {str(node["type"]) for node in expressions} <= _PLAIN
        and all(_is_run_id(column, alias) for column in columns)
    )


def _is_run_id(column: Node, alias: str) -> bool:
    names = [str(name).lower() for name in column.get("column_names", ())]
    return names in (["run_id"], [alias.lower(), "run_id"])

"""One SELECT, as somebody wrote it: checked, with the tables it names, and cut at its closing semicolon."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cloudtrack.errors import InvalidInput, PermissionDenied

Node = dict[str, Any]
"""A node of DuckDB's tree of a statement."""

_QUERIES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
"""The queries that only read. A WITH clause may also have an INSERT or a COPY TO."""
_TABLE_FUNCTIONS = {"generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"}
"""What may stand for a table. Others read files, or run SQL that they are given as text."""
_ONLY_READS = "this SQL only reads: give one SELECT (or DESCRIBE, SHOW TABLES, SUMMARIZE)"


@dataclass(frozen=True)
class Statement:
    """A statement that reads."""

    text: str
    tree: Node

    @property
    def tables(self) -> set[str]:
        """The names of tables in it, in lower case; also those of its own WITH clauses."""
        return {str(node["table_name"]).lower() for node in nodes(self.tree) if node.get("type") == "BASE_TABLE"}

    @property
    def columns(self) -> set[str]:
        """The names of columns in it, without those of tables before them."""
        return {str(node["column_names"][-1]) for node in nodes(self.tree) if node.get("type") == "COLUMN_REF"}

    @property
    def shows_tables(self) -> bool:
        """Whether it is SHOW TABLES, DESCRIBE or SUMMARIZE."""
        return any(node.get("type") == "SHOW_REF" for node in nodes(self.tree))

    @property
    def reads_rows(self) -> bool:
        """Whether it looks at rows: DESCRIBE does not."""
        return not any(node.get("show_type") == "DESCRIBE" for node in nodes(self.tree))


def parse_statement(text: str) -> Statement:
    """Raises InvalidInput for what is not one SELECT, and PermissionDenied where it reads files."""
    try:
        tree = tree_of(text)
    except RecursionError as error:
        raise InvalidInput("the SQL is nested too deeply") from error
    if tree.get("error"):
        if tree.get("error_type") == "not implemented":
            raise InvalidInput(_ONLY_READS)
        raise InvalidInput(f"the SQL is wrong: {' '.join(str(tree.get('error_message')).split())}")
    if len(tree["statements"]) != 1:
        raise InvalidInput(f"give one SELECT; this SQL has {len(tree['statements'])} statements")
    _check(tree)
    return Statement(_without_semicolon(text), tree)


def tree_of(text: str) -> Node:
    """What DuckDB reads a text as."""
    tree: Node = json.loads(_ask("SELECT json_serialize_sql(?)", text))
    return tree


def text_of(tree: Node) -> str:
    """The SQL that a tree stands for."""
    return _ask("SELECT json_deserialize_sql(?::JSON)", json.dumps(tree))


def nodes(tree: Any) -> Iterator[Node]:
    """All nodes of a tree."""
    left = [tree]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            yield item
            left += item.values()
        elif isinstance(item, list):
            left += item


def _check(tree: Node) -> None:
    for node in nodes(tree):
        kind = str(node.get("type"))
        if kind.endswith("_NODE") and kind not in _QUERIES:
            raise InvalidInput(_ONLY_READS)
        if kind == "TABLE_FUNCTION" and str(node["function"]["function_name"]).lower() not in _TABLE_FUNCTIONS:
            raise PermissionDenied(
                f"SQL reads the tables of this store, and no files: {node['function']['function_name']}() is not for it"
            )


def _ask(question: str, text: str) -> str:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        return str(connection.execute(question, [text]).fetchone()[0])


def _without_semicolon(text: str) -> str:
    import duckdb

    code = text.encode()
    end = next((start for start, _ in duckdb.tokenize(text) if code[start : start + 1] == b";"), len(code))
    return code[:end].decode()

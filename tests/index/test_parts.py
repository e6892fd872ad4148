"""The files of a part, and that SQL over them means what the comparisons mean."""

from __future__ import annotations

import io
import math
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.index import engine
from cloudtrack.index.blocks import Blocks, write_blocks
from cloudtrack.index.columns import MOST_COLUMNS, common_columns
from cloudtrack.index.part_files import PartFiles, merge_parts, write_part
from cloudtrack.index.ranking import Ranking, Term, key_of, token_of
from cloudtrack.index.row import Row
from cloudtrack.search.filters import parse_filter
from cloudtrack.search.sql import condition
from tests.index.things import SCHEMA, TYPES
from tests.thoroughness import examples

text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)
number = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 0.5, 1.0])
key = st.sampled_from(["a", "A", "b", 'q"uote', "it's", "x y", "é", "c.d"])
values = st.dictionaries(st.tuples(st.sampled_from(["params", "tags"]), key).map(".".join), text, max_size=4).flatmap(
    lambda texts: st.dictionaries(key.map("metrics.{}".format), number, max_size=3).flatmap(
        lambda numbers: st.fixed_dictionaries(
            {
                "attributes.name": text,
                "attributes.time": st.none() | st.integers(0, 3),
                "datasets.name": st.none() | st.lists(text, min_size=1, max_size=2),
            }
        ).map(lambda rest: {**texts, **numbers, **rest})
    )
)
quick = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def part(rows: list[dict[str, Any]], folder: Path, name: str = "p") -> PartFiles:
    made = [Row(f"{name}{number}", number + 1, row, f"text {name}{number}") for number, row in enumerate(rows)]
    return write_part(made, folder / f"{name}.parquet", folder / f"{name}.entities", SCHEMA)


def read_back(files: PartFiles, columns: list[str]) -> list[list[Any]]:
    shown = ", ".join(files.columns.sql(column) for column in columns)
    found = engine.fetch(f"SELECT {shown} FROM {files.source} ORDER BY file_row_number")
    return [list(row) for row in found]


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return one == other


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=70), st.data())
@quick
def test_texts_are_read_by_number(tmp_path: Path, texts: list[str], data: st.DataObject) -> None:
    path = tmp_path / "blocks"
    with path.open("wb") as stream:
        assert write_blocks(texts, stream) == len(texts)
    blocks = Blocks(path)
    assert list(blocks) == texts
    if texts:
        numbers = data.draw(st.lists(st.integers(0, len(texts) - 1)))
        assert blocks.read(numbers) == [texts[number] for number in numbers]


def test_a_file_that_is_cut_short_is_found_out(tmp_path: Path) -> None:
    stream = io.BytesIO()
    write_blocks([f"text {number}" for number in range(100)], stream)
    whole = stream.getvalue()
    for size in (0, 5, 30, len(whole) - 1):
        (tmp_path / "cut").write_bytes(whole[:size])
        with pytest.raises(CorruptData):
            Blocks(tmp_path / "cut").read([99])


@given(st.lists(values, min_size=1, max_size=8))
@quick
def test_a_part_holds_what_was_written(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    columns = sorted({column for row in rows for column in row} | {"params.none", "metrics.none"})
    for row, found in zip(rows, read_back(part(rows, tmp_path), columns), strict=True):
        for column, value in zip(columns, found, strict=True):
            assert same(row.get(column), value), column


@given(st.lists(values, min_size=1, max_size=6), st.lists(values, min_size=1, max_size=6), st.data())
@quick
def test_a_merge_keeps_all_live_rows(
    tmp_path: Path, one: list[dict[str, Any]], two: list[dict[str, Any]], data: st.DataObject
) -> None:
    dead = sorted(data.draw(st.sets(st.integers(0, len(one) - 1))))
    sources = [(part(one, tmp_path, "a"), dead), (part(two, tmp_path, "b"), [])]
    merged = merge_parts(sources, tmp_path / "m.parquet", tmp_path / "m.entities", SCHEMA)
    live = [(f"text a{n}", row) for n, row in enumerate(one) if n not in dead]
    live += [(f"text b{n}", row) for n, row in enumerate(two)]
    columns = sorted({column for row in one + two for column in row})
    assert list(merged.entities) == [shown for shown, _ in live]
    for (_, row), found in zip(live, read_back(merged, columns), strict=True):
        for column, value in zip(columns, found, strict=True):
            assert same(row.get(column), value), column
    assert merged.find(["b0", "none"]) == {"b0": (len(one) - len(dead), 1)}


def test_rare_columns_share_one_and_are_found_all_the_same(tmp_path: Path) -> None:
    rows = [{f"metrics.m{number}": float(number), "metrics.common": 1.0} for number in range(3000)]
    files = part(rows, tmp_path)
    assert len(files.columns.own) <= 100
    assert "metrics.common" in files.columns.own
    for number in (0, 1234, 2999):
        column = files.columns.sql(f"metrics.m{number}")
        found = engine.fetch(f"SELECT file_row_number FROM {files.source} WHERE {column} = {number}")
        assert found == [(number,)]


def test_no_part_has_more_columns_than_the_limit() -> None:
    counts = {f"metrics.m{number}": 1000 for number in range(12_000)}
    assert len(common_columns(counts, 1000)) == MOST_COLUMNS
    assert common_columns({"params.LR": 5, "params.lr": 9}, 10) == ["params.lr"]


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


NUMBERS = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 0.5, 1.0, -1e300]
TEXTS = [
    "",
    "a",
    "A",
    "ab",
    "aB",
    "b a",
    "a%",
    "a_",
    "é",
    "É",
    "İ",
    "iß",
    "Σς",
    "a\nb",
    "\\",
    "\\d",
    "it's",
    '"a"',
    "0",
    "日",
]
POOLS: dict[str, list[Any]] = {
    **{f"metrics.{name}": NUMBERS for name in ("a", "A", "a.min", "a@min", "A@count")},
    **dict.fromkeys(("params.a", "params.A", "tags.x y", "tags.b", "attributes.name"), TEXTS),
    "attributes.time": [0, 1, 2],
    "metrics.many": [[], [0.5], [1.0, float("nan")], [float("nan")], [-1e300, 2.0, float("inf")]],
    "datasets.name": [[], ["a"], ["A", "ab"], ["", "a%"], ["it's", "\\", '"a"']],
}


def random_rows(count: int) -> list[dict[str, Any]]:
    """Rows of which each has about two thirds of the columns."""
    dice = random.Random(1)
    return [
        {name: dice.choice(pool) for name, pool in POOLS.items() if name == "attributes.name" or dice.random() < 0.66}
        for _ in range(count)
    ]


no = st.sampled_from(["", "NOT "])
value = st.sampled_from(TEXTS) | st.text("aA%_éİς\\'", max_size=3)
pieces = st.sampled_from(
    ["a", "A", "b+", ".", "[^a]", "\\d", "\\s*", "^", "$", "\\b", "(a|é)", "_?", "\\\\", "\\W{1,2}"]
)
limit = st.sampled_from(["0.5", "1", "0", "-1e300", "inf", "-inf", "2"])
text_name = st.sampled_from(["params.a", "params.`A`", 'tags."x y"', "tags.b", "params.none", "name", "datasets.name"])
number_name = st.sampled_from(
    ["metrics.a", "metrics.`A`", "metrics.a.min", "metrics.A.count", "metrics.none.max", "metrics.many", "time"]
)
comparison = st.one_of(
    st.builds("{} {} {}".format, number_name, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), limit),
    st.builds("{} {}BETWEEN {} AND {}".format, number_name, no, limit, limit),
    st.builds("{} {} {}".format, text_name, st.sampled_from(["=", "!="]), value.map(quoted)),
    st.builds("{} {}{} {}".format, text_name, no, st.sampled_from(["LIKE", "ILIKE"]), value.map(quoted)),
    st.builds("{} {}RLIKE {}".format, text_name, no, st.lists(pieces, max_size=4).map("".join).map(quoted)),
    st.builds("{} {}IN ({}, {})".format, text_name, no, value.map(quoted), value.map(quoted)),
    st.builds("{} IS {}NULL".format, text_name | number_name, no),
)
filters = st.recursive(
    comparison,
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("NOT {}".format, inner),
        st.builds("NOT ({})".format, inner),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module", params=["own", "shared"])
def many(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PartFiles:
    """A part of many rows, with columns of its own or with all of them in the shared one."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "shared":
            patch.setattr("cloudtrack.index.columns.MOST_COLUMNS", 0)
        files = part(random_rows(400), tmp_path_factory.mktemp("many"))
        assert bool(files.columns.own) == (request.param == "own")
        return files


def test_the_shared_column_keeps_every_letter_of_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudtrack.index.columns.MOST_COLUMNS", 0)
    rows = [{"datasets.name": ["é", "a\nb", 'a"b', "a\\b", "a, b", "[", ""]}]
    assert read_back(part(rows, tmp_path), ["datasets.name"]) == [[rows[0]["datasets.name"]]]


def test_lists_keep_every_value_when_a_merge_moves_them_to_the_shared_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"datasets.name": ["a, b", "'", '"', "[x]", "NULL", "\\"], "metrics.many": [0.1, math.inf, -1e300]}
    files = part([values], tmp_path)
    assert set(values) <= files.columns.own
    monkeypatch.setattr("cloudtrack.index.columns.MOST_COLUMNS", 0)
    merged = merge_parts([(files, [])], tmp_path / "m.parquet", tmp_path / "m.entities", SCHEMA)
    assert not merged.columns.own
    assert read_back(merged, [*values]) == [[*values.values()]]


@given(filters)
@settings(parent=quick, max_examples=examples(400))
@example("metrics.a > 0")
@example("metrics.a >= -inf")
@example("metrics.a != 0.5")
@example("name ILIKE 'i'")
@example("name ILIKE '%Σ'")
@example("NOT datasets.name = 'a'")
def test_sql_says_of_each_row_what_the_expression_says(many: PartFiles, text: str) -> None:
    rows = random_rows(400)
    expression = parse_filter(text, TYPES)

    def column(kind: str, name: str) -> tuple[str, type]:
        full = f"{kind}.{name}"
        types: dict[str, Any] = {
            "VARCHAR": str,
            "DOUBLE": float,
            "BIGINT": float,
            "VARCHAR[]": list[str],
            "DOUBLE[]": list[float],
        }
        return many.columns.sql(full), types[SCHEMA.type_of(full)]

    where, parameters = condition(expression, column)
    said = engine.fetch(f"SELECT {where} FROM {many.source} ORDER BY file_row_number", parameters)

    def lookup(row: dict[str, Any]) -> Any:
        def value(kind: str, name: str) -> Any:
            there = row.get(f"{kind}.{name}")
            return tuple(there) if isinstance(there, list) else there

        return value

    expected = [expression.truth(lookup(row)) for row in rows]
    wrong = [row for row, (truth,), wanted in zip(rows, said, expected, strict=True) if truth is not wanted]
    assert not wrong, (expression, wrong[0])
    found = engine.fetch(f"SELECT file_row_number FROM {many.source} WHERE {where}", parameters)
    assert sorted(number for (number,) in found) == [n for n, row in enumerate(rows) if expression.holds(lookup(row))]


plain = st.text("aAb0%_ \\éÉ\n'", max_size=4)
plain_values = st.fixed_dictionaries(
    {"attributes.name": plain},
    optional={
        "params.a": plain,
        "params.A": plain,
        "metrics.a": st.sampled_from(NUMBERS) | number,
        "metrics.A": number,
        "attributes.time": st.integers(0, 3),
    },
)


@given(st.lists(plain_values, min_size=1, max_size=8), st.booleans(), st.booleans(), st.data())
@quick
def test_sql_orders_as_keys_do_and_goes_on_after_any(
    tmp_path: Path, rows: list[dict[str, Any]], down: bool, text_down: bool, data: st.DataObject
) -> None:
    files = part(rows, tmp_path)
    ranking = Ranking([Term("metrics.a", down, True), Term("params.a", text_down, False)])
    names = ["k0", "k1", "k2", "k3", "id"]
    pairs = ranking.sql_keys([files.columns.sql(term.column) for term in ranking.terms])
    shown = ", ".join(f"{pair} AS {name}" for pair, name in zip([*pairs, "id"], names, strict=True))
    keys = [ranking.key(row, f"p{number}") for number, row in enumerate(rows)]
    expected = sorted(keys, key=ranking.sort_key)
    query = f"SELECT * FROM (SELECT {shown} FROM {files.source})"
    order = f" ORDER BY {ranking.sql_order(names)}"
    assert [list(row) for row in engine.fetch(query + order)] == expected
    after = data.draw(st.sampled_from(expected))
    where, parameters = ranking.sql_after(names, after)
    rest = [list(row) for row in engine.fetch(f"{query} WHERE {where}{order}", parameters)]
    assert rest == expected[expected.index(after) + 1 :]
    assert [item for item in expected if ranking.is_after(item, after)] == rest
    assert key_of(token_of(after, "question"), "question", ranking) == after


def test_a_token_of_another_search_is_refused() -> None:
    ranking = Ranking([Term("metrics.a", True, True)])
    token = token_of([0, 0.5, "id"], "one")
    for bad in ("nonsense", token[:-4], token_of([0, "x", "id"], "one"), token_of([0, 0.5], "one"), "e30=", "WzFd"):
        with pytest.raises(InvalidInput):
            key_of(bad, "one", ranking)
    with pytest.raises(InvalidInput, match="another search"):
        key_of(token, "two", ranking)
    assert key_of("", "one", ranking) is None

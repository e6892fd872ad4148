"""Run tables over HTTP: what is in them, that they are what a search finds, and what is new in them."""

from __future__ import annotations

import base64
import json
import math
import random
import uuid
import zlib
from dataclasses import replace
from typing import Any

import numpy
import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.entities.dataset import Dataset, DatasetInput
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import Metric
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.tracking.documents import RunDocument, Summary
from cloudtrack.tracking.run_source import run_row
from cloudtrack.tracking.table_columns import significant
from cloudtrack.tracking.table_cursor import read_cursor
from tests.api.sending import ask, get
from tests.api.tables import Page, ids_of, rows_of, table
from tests.storage.lossy import CountingStore
from tests.thoroughness import examples

STATES = {"active": ViewType.ACTIVE_ONLY, "deleted": ViewType.DELETED_ONLY, "all": ViewType.ALL}
ALWAYS = {
    "attributes.experiment_id",
    "attributes.run_name",
    "attributes.status",
    "attributes.start_time",
    "attributes.end_time",
    "attributes.user_id",
    "attributes.lifecycle_stage",
    "tags.mlflow.parentRunId",
    "tags.mlflow.source.name",
    "tags.mlflow.runColor",
    "tags.mlflow.source.git.commit",
    "tags.mlflow.note.content",
}


@pytest.fixture
def client(store_url: str) -> Client:
    return Client(store_url)


@pytest.fixture
def app(client: Client) -> App:
    return App(client)


@pytest.fixture
def experiment_id(client: Client) -> str:
    return client.experiments.create("sweep")


def add_run(client: Client, experiment_id: str, number: int, *, ended: bool = True, **more: Any) -> str:
    """A run with two params, two metrics and a tag, made from its number."""
    run_id = client.runs.create(
        experiment_id, run_name=f"run-{number}", start_time=1000 * number, user_id="ann"
    ).info.run_id
    params = {"lr": str(number / 10), "model": ("tree", "forest")[number % 2], **more.get("params", {})}
    points = [Metric("val/acc", value, 1, step) for step, value in enumerate([number / 7, number / 9])]
    client.runs.log_batch(
        run_id,
        params=params,
        metrics=[*points, *(Metric(key, value, 1) for key, value in more.get("metrics", {}).items())],
        tags={"team": f"t{number % 3}", **more.get("tags", {})},
    )
    if ended:
        client.runs.update(run_id, status=("FINISHED", "FAILED")[number % 2], end_time=1000 * number + 500)
    return run_id


def mixed(client: Client, experiment_id: str) -> list[str]:
    """Runs of which some are in a part, some have changed since, some are new, some are running, and some deleted."""
    made = [add_run(client, experiment_id, number) for number in range(12)]
    client.run_index.compact(experiment_id)
    client.runs.log_batch(made[1], metrics=[Metric("val/acc", 0.5, 2, 2)])
    client.runs.delete(made[2])
    made += [add_run(client, experiment_id, number) for number in range(12, 18)]
    client.run_index.compact(experiment_id)
    client.runs.delete(made[13])
    client.runs.log_batch(made[14], tags={"team": "new", "only here": "x"})
    odd = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf, "tiny": 1.23456789e-300, "third": 1 / 3}
    made.append(add_run(client, experiment_id, 18, metrics=odd, params={"Model": "CASE"}))
    client.runs.log_inputs(made[-1], [DatasetInput(Dataset("iris", "1", "local", "{}"))])
    made.append(add_run(client, experiment_id, 19, ended=False, tags={"mlflow.note.content": "words " * 10_000}))
    return made


# What is in it


def test_a_table_has_the_runs_in_columns_newest_first(app: App, client: Client, experiment_id: str) -> None:
    made = mixed(client, experiment_id)
    columns = ["metrics.val/acc", "metrics.val/acc@max", "params.model", "tags.only here", "params.lr", "metrics.none"]
    found = table(app, experiment_id, columns=columns)
    rows = rows_of(found)
    assert set(found["columns"]) == {*ALWAYS, *columns}
    assert (found["rows"], found["total"], found["truncated"], found["delta"]) == (18, 18, False, False)
    assert [*rows] == [run for run in reversed(made) if run not in (made[2], made[13])]
    assert rows[made[1]] == {
        "attributes.experiment_id": experiment_id,
        "attributes.run_name": "run-1",
        "attributes.status": "FAILED",
        "attributes.start_time": 1000,
        "attributes.end_time": 1500,
        "attributes.user_id": "ann",
        "attributes.lifecycle_stage": "active",
        "metrics.val/acc": 0.5,
        "metrics.val/acc@max": 0.5,
        "params.model": "forest",
        "params.lr": "0.1",
    }
    assert rows[made[14]]["tags.only here"] == "x"
    assert rows[made[19]]["tags.mlflow.note.content"] is True
    assert "attributes.end_time" not in rows[made[19]]


def test_states_are_the_trash_what_is_not_in_it_and_all(app: App, client: Client, experiment_id: str) -> None:
    made = mixed(client, experiment_id)
    assert {*ids_of(table(app, experiment_id, state="deleted"))} == {made[2], made[13]}
    assert {*ids_of(table(app, experiment_id, state="all"))} == {*made}


def test_numbers_have_six_digits_and_what_is_no_number_is_said(app: App, client: Client, experiment_id: str) -> None:
    made = mixed(client, experiment_id)
    keys = ["nan", "inf", "-inf", "tiny", "third"]
    cells = rows_of(table(app, experiment_id, columns=[f"metrics.{key}" for key in keys]))[made[18]]
    assert [cells[f"metrics.{key}"] for key in keys] == ["NaN", "Infinity", "-Infinity", 1.23457e-300, 0.333333]


def test_rounding_keeps_six_digits_of_any_number() -> None:
    made = random.Random(1)
    values = numpy.array([made.choice((-1, 1)) * made.random() * 10 ** made.randrange(-308, 308) for _ in range(5000)])
    values = numpy.concatenate([values, [0.0, 1.0, 999999.5, 0.1 + 0.2, 123456789.0, 1e15, 5e-324]])
    rounded = significant(values)
    assert all(float(f"{value:.5e}") == value for value in rounded.tolist())
    assert numpy.allclose(rounded, values, rtol=5.1e-6, atol=0)


def test_a_long_text_is_cut_and_says_so(app: App, client: Client, experiment_id: str) -> None:
    run_id = add_run(client, experiment_id, 1, params={"long": "é" * 1001, "fits": "é" * 1000})
    cells = rows_of(table(app, experiment_id, columns=["params.long", "params.fits"]))[run_id]
    assert (cells["params.long"], cells["params.fits"]) == ("é" * 1000 + "…", "é" * 1000)


def test_the_catalogue_has_all_columns_of_the_matched_runs(app: App, client: Client, experiment_id: str) -> None:
    mixed(client, experiment_id)
    found = table(app, experiment_id, columns=["params.lr"])
    catalogue = {one.pop("name"): one for one in found["catalogue"]}
    assert found["catalogue_total"] == len(catalogue)
    assert catalogue["params.lr"] == {"kind": "number", "count": 18, "distinct": 18, "min": 0.0, "max": 1.9}
    assert catalogue["params.model"] == {"kind": "text", "count": 18, "distinct": 2}
    only = catalogue["params.Model"].pop("only")
    assert catalogue["params.Model"] == {"kind": "text", "count": 1, "distinct": 1}
    assert isinstance(only, str)
    assert catalogue["metrics.nan"] == {"kind": "number", "count": 1, "distinct": 1}
    assert catalogue["metrics.inf"]["max"] == "Infinity"
    assert catalogue["attributes.start_time"] == {"kind": "time", "count": 18, "distinct": 18, "min": 0, "max": 19000}
    assert not [name for name in catalogue if "@" in name or name.startswith("datasets.")]
    narrowed = table(app, experiment_id, columns=["params.lr"], filter="params.model = 'tree'")["catalogue"]
    assert next(one for one in narrowed if one["name"] == "params.model")["distinct"] == 1


def test_twelve_thousand_columns_are_listed_and_those_shown_are_sent(
    app: App, client: Client, experiment_id: str
) -> None:
    rows = []
    for run in range(120):
        summaries = {f"m{100 * run + key}": summary(float(key)) for key in range(100)}
        document = RunDocument(run_id=f"{run:032x}", experiment_id=experiment_id, status="FINISHED", metrics=summaries)
        rows.append(run_row(document))
    rebuild = client.run_index.rebuilding(experiment_id)
    rebuild.add(rows)
    rebuild.commit()
    found = table(app, experiment_id, columns=["metrics.m7", "metrics.m11999"])
    listed = {one["name"] for one in found["catalogue"]}
    assert {f"metrics.m{number}" for number in range(12_000)} <= listed
    assert len(found["columns"]) == len(ALWAYS) + 2
    assert rows_of(found)[f"{119:032x}"]["metrics.m11999"] == 99.0


def summary(value: float) -> Summary:
    return Summary(value=value, step=0, timestamp=1, min=value, min_step=0, max=value, max_step=0, mean=value, count=1)


def test_the_table_chooses_params_that_vary_then_metrics_and_the_primary_one(
    app: App, client: Client, experiment_id: str
) -> None:
    tag = json.dumps({"key": "loss", "direction": "min"})
    client.experiments.set_tag(experiment_id, "cloudtrack.primary_metric", tag)
    for number in range(4):
        metrics = {"loss": 1.0, **{f"m{key:02}": 1.0 for key in range(20)}}
        params = {"same": "x"} | ({"rare": str(number)} if number < 2 else {})
        add_run(client, experiment_id, number, params=params, metrics=metrics)
    chosen = [name for name in table(app, experiment_id)["columns"] if name not in ALWAYS]
    metrics = [f"metrics.m{key:02}" for key in range(11)]
    assert chosen == ["params.lr", "params.model", "params.rare", *metrics, "metrics.loss"]
    more = table(app, experiment_id, columns=["auto", "params.same"])["columns"]
    assert [name for name in more if name not in ALWAYS] == [*chosen, "params.same"]


def test_several_experiments_are_one_table(app: App, client: Client, experiment_id: str) -> None:
    other = client.experiments.create("other")
    runs = {add_run(client, which, number): which for number, which in enumerate([experiment_id, other, experiment_id])}
    client.run_index.compact(experiment_id)
    answer = get(app, "runs/table", experiment_ids=[other, experiment_id, other, "none"])
    rows = rows_of(answer.json())
    assert {run: cells["attributes.experiment_id"] for run, cells in rows.items()} == runs


def test_an_answer_has_less_than_5_megabytes_and_says_what_is_missing(
    app: App, client: Client, experiment_id: str
) -> None:
    rows = [
        run_row(
            RunDocument(
                run_id=f"{run:032x}",
                experiment_id=experiment_id,
                status="FINISHED",
                start_time=run,
                params={f"p{key}": f"{run:060}" for key in range(10)},
            )
        )
        for run in range(9000)
    ]
    rebuild = client.run_index.rebuilding(experiment_id)
    rebuild.add(rows)
    rebuild.commit()
    answer = get(app, "runs/table", experiment_ids=[experiment_id])
    found = answer.json()
    assert 4_000_000 < len(answer.whole_body()) < 5_000_000
    assert (found["truncated"], found["total"]) == (True, 9000)
    assert ids_of(found) == [f"{run:032x}" for run in range(8999, 8999 - found["rows"], -1)]


# It is what a search finds


def random_filter(made: random.Random, depth: int = 0) -> str:
    if depth < 2 and made.random() < 0.5:
        parts = [random_filter(made, depth + 1) for _ in range(2)]
        return f"({made.choice(('', 'NOT '))}({made.choice((' AND ', ' OR ')).join(parts)}))"
    number = made.choice(["0.5", "1", "0.9", "2.1", "-1", "1000", "1e-310"])
    text = made.choice(["'tree'", "'forest'", "'t1'", "'new'", "'%o%'", "'0.1'", "'FAILED'", "'iris'"])
    sign = made.choice(["=", "!=", "<", "<=", ">", ">="])
    metric = made.choice(["val/acc", "val/acc.min", "val/acc.count", "nan", "inf", "third", "none"])
    key = made.choice(
        ["params.model", "params.Model", "params.lr", "tags.team", 'tags."only here"', "attributes.status"]
    )
    return made.choice(
        [
            f'metrics."{metric}" {sign} {number}',
            f'metrics."{metric}" BETWEEN 0.1 AND {number}',
            f"{key} {made.choice(['=', '!=', 'LIKE', 'ILIKE', 'NOT LIKE'])} {text}",
            f"{key} {made.choice(['IN', 'NOT IN'])} ({text}, 'tree')",
            f"{key} IS {made.choice(['', 'NOT '])}NULL",
            f"attributes.start_time {sign} {made.randrange(20) * 1000}",
            f"datasets.name {made.choice(['=', '!='])} {text}",
        ]
    )


@pytest.mark.slow
def test_rows_are_those_of_a_search_for_any_filter(app: App, client: Client, experiment_id: str) -> None:
    mixed(client, experiment_id)
    made = random.Random(7)
    sizes = set()
    for _ in range(examples(400)):
        text, state = random_filter(made), made.choice([*STATES])
        expected = client.runs.search([experiment_id], text, view_type=STATES[state], max_results=1000)
        found = table(app, experiment_id, filter=text, state=state, columns=["params.lr"])
        assert ids_of(found) == [run.info.run_id for run in expected], text
        assert found["total"] == len(expected), text
        sizes.add(len(expected))
    assert len(sizes) > 10


def test_cells_are_those_of_the_runs(app: App, client: Client, experiment_id: str) -> None:
    mixed(client, experiment_id)
    names = [one["name"] for one in table(app, experiment_id)["catalogue"]]
    rows = rows_of(table(app, experiment_id, columns=names))
    for run in client.runs.search([experiment_id]):
        cells = {name: value for name, value in rows[run.info.run_id].items() if not name.startswith("attributes.")}
        expected: dict[str, Any] = {f"params.{key}": value for key, value in run.data.params.items()}
        expected |= {f"tags.{key}": key == "mlflow.note.content" or value for key, value in run.data.tags.items()}
        expected |= {f"metrics.{key}": as_sent(value) for key, value in run.data.metrics.items()}
        assert cells == expected


def as_sent(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    return float(f"{value:.6g}") if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


# What is new in it


def test_a_page_that_polls_has_what_a_new_page_has(app: App, client: Client, experiment_id: str) -> None:
    for filter_string in ("", "params.model = 'tree' AND attributes.status != 'FAILED'"):
        made = random.Random(3)
        runs: list[str] = []
        query = {
            "experiment_ids": [experiment_id],
            "filter": filter_string,
            "columns": ["metrics.val/acc", "tags.team"],
        }
        page = Page(app, query)
        for number in range(examples(160)):
            for _ in range(made.randrange(3)):
                change(client, experiment_id, made, runs, number)
            page.poll()
            fresh = Page(app, query)
            fresh.poll()
            assert page.rows == fresh.rows, number
            assert page.poll() == 304
        assert page.deltas > 5


def change(client: Client, experiment_id: str, made: random.Random, runs: list[str], number: int) -> None:
    run_id = made.choice(runs) if runs else ""
    is_active = bool(run_id) and client.runs.get(run_id).info.lifecycle_stage == "active"
    kind = made.choice(["new", "metric", "end", "delete", "restore", "tag", "compact"])
    if kind == "new" or not runs:
        runs.append(add_run(client, experiment_id, number, ended=made.random() < 0.5))
    elif kind == "compact":
        client.run_index.compact(experiment_id)
    elif kind == "restore":
        client.runs.restore(run_id)
    elif not is_active:
        return
    elif kind == "metric":
        client.runs.log_batch(run_id, metrics=[Metric("val/acc", number / 3, 5, number)])
    elif kind == "tag":
        client.runs.log_batch(run_id, tags={"team": str(number)})
    elif kind == "end":
        client.runs.update(run_id, status=made.choice(["FINISHED", "FAILED"]))
    else:
        client.runs.delete(run_id)


def test_what_changed_comes_alone_and_what_left_is_named(app: App, client: Client, experiment_id: str) -> None:
    made = mixed(client, experiment_id)
    before = table(app, experiment_id, columns=["metrics.val/acc"])
    client.runs.log_batch(made[5], metrics=[Metric("val/acc", 9.0, 3, 3), Metric("later", 1.0, 3)])
    client.runs.delete(made[6])
    new = add_run(client, experiment_id, 30)
    after = table(app, experiment_id, columns=["metrics.val/acc"], since=before["cursor"])
    assert (after["delta"], after["removed"], after["total"]) == (True, [made[6]], 18)
    assert {run: cells["metrics.val/acc"] for run, cells in rows_of(after).items()} == {new: 3.33333, made[5]: 9.0}
    assert "metrics.later" in {one["name"] for one in after["catalogue"]}


def test_compaction_changes_no_row(app: App, client: Client, experiment_id: str) -> None:
    made = mixed(client, experiment_id)
    before = table(app, experiment_id)
    assert client.run_index.compact(experiment_id).folded
    after = table(app, experiment_id, since=before["cursor"])
    assert after["delta"]
    assert {run: rows_of(before)[run] for run in ids_of(after)} == rows_of(after)
    assert made[0] not in ids_of(after)


def test_a_cursor_of_another_question_or_none_of_ours_gives_the_whole_table(
    app: App, client: Client, experiment_id: str
) -> None:
    mixed(client, experiment_id)
    cursor = table(app, experiment_id)["cursor"]
    for query in ({"filter": "params.lr = '1.0'"}, {"state": "all"}, {"columns": ["params.lr"]}):
        assert not table(app, experiment_id, since=cursor, **query)["delta"], query
    known = read_cursor(cursor, json_question(cursor))
    assert known is not None
    forged = replace(known, columns=["x.y", "'"]).text()
    for text in ("x", "=" * 10, forged, cursor[:-8], cursor[:20], "a" * 7000, "é"):
        assert table(app, experiment_id, since=text)["rows"] == 18, text


def json_question(cursor: str) -> str:
    """The question that a cursor is of."""
    question: str = json.loads(zlib.decompress(base64.urlsafe_b64decode(cursor)))[0]
    return question


def test_a_rebuilt_index_of_many_runs_gives_the_whole_table(app: App, client: Client, experiment_id: str) -> None:
    rows = [
        run_row(RunDocument(run_id=f"{run:032x}", experiment_id=experiment_id, status="FINISHED", start_time=run))
        for run in range(1500)
    ]
    cursors = []
    for _ in range(2):
        rebuild = client.run_index.rebuilding(experiment_id)
        rebuild.add(rows)
        rebuild.commit()
        found = table(app, experiment_id, since=cursors[-1] if cursors else "")
        assert (found["delta"], found["rows"]) == (False, 1500)
        cursors.append(found["cursor"])
    assert cursors[0] != cursors[1]


def test_changes_too_large_for_an_answer_give_the_whole_table(app: App, client: Client, experiment_id: str) -> None:
    cursor = ""
    for word in ("a", "b"):
        texts = {f"p{key}": word * 900 for key in range(10)}
        rebuild = client.run_index.rebuilding(experiment_id)
        rows = []
        for run in range(900):
            params = {key: f"{run} {text}" for key, text in texts.items()}
            document = RunDocument(
                run_id=f"{run:032x}", experiment_id=experiment_id, status="FINISHED", start_time=run, params=params
            )
            rows.append(run_row(document))
        rebuild.add(rows)
        rebuild.commit()
        answer = get(app, "runs/table", experiment_ids=[experiment_id], since=cursor)
        found = answer.json()
        assert (found["delta"], found["truncated"], found["total"]) == (False, True, 900)
        assert len(answer.whole_body()) < 5_000_000
        cursor = found["cursor"]


def test_a_poll_of_nothing_new_reads_two_objects_and_the_running_runs() -> None:
    store = CountingStore(MemoryStore(uuid.uuid4().hex))
    client = Client(store)
    experiment_id = client.experiments.create("e")
    running = 3
    for number in range(9):
        add_run(client, experiment_id, number, ended=number >= running)
    client.run_index.compact(experiment_id)
    query = {"experiment_ids": [experiment_id], "columns": ["auto"]}
    app = App(client)
    page = Page(app, query)
    assert page.poll() == 200
    store.counts.clear()
    assert page.poll() == 304
    assert store.counts == {"list": 1, "get": 1 + running}


def test_a_heartbeat_is_nothing_new(app: App, client: Client, experiment_id: str) -> None:
    run_id = add_run(client, experiment_id, 1, ended=False)
    page = Page(app, {"experiment_ids": [experiment_id]})
    page.poll()
    before = client.store.get(f"runs/{run_id}/run.json").etag
    client.runs.commits.commit(run_id, "writer", [], heartbeat=True)
    assert client.store.get(f"runs/{run_id}/run.json").etag != before
    assert page.poll() == 304


# Who, and what not


def test_experiments_that_one_may_not_read_are_left_out(client: Client, experiment_id: str) -> None:
    hidden = client.experiments.create("hidden")
    mine, _ = (add_run(client, which, 1) for which in (experiment_id, hidden))
    access = Access(client.store)
    access.grant("reader", Resource.EXPERIMENT, experiment_id, Permission.READ)
    app = App(client, access=access)
    target = f"/api/2.0/cloudtrack/runs/table?experiment_ids={experiment_id}&experiment_ids={hidden}"
    found = ask(app, "GET", target, principal=Principal("reader")).json()
    assert (ids_of(found), found["total"]) == ([mine], 1)
    nothing = ask(app, "GET", target, principal=Principal("stranger")).json()
    assert (nothing["ids"], nothing["total"], nothing["catalogue"]) == ("", 0, [])


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({}, "experiment_ids"),
        ({"experiment_ids": "../x"}, "experiment id"),
        ({"experiment_ids": [str(number) for number in range(101)]}, "experiment_ids"),
        ({"experiment_ids": "0", "state": "gone"}, "active, deleted, all"),
        ({"experiment_ids": "0", "columns": "loss"}, "'loss' is no column"),
        ({"experiment_ids": "0", "columns": "metrics."}, "'metrics.' is no column"),
        ({"experiment_ids": "0", "columns": "datasets.name"}, "no column"),
        ({"experiment_ids": "0", "filter": "metrics.loss ="}, "column 15"),
    ],
)
def test_what_makes_no_sense_is_refused(app: App, query: dict[str, Any], text: str) -> None:
    answer = get(app, "runs/table", **query)
    assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert text in answer.json()["message"]

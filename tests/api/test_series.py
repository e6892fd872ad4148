"""Histories over HTTP: MLflow's three ways to ask for one, and charts of many at once."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

import numpy
import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.api.message import Response
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.tracking.metric_columns import MetricColumns
from cloudtrack.tracking.metrics import Metrics
from tests.api.sending import ask

POINTS = 6000


@pytest.fixture
def client(store_url: str) -> Client:
    return Client(store_url)


@pytest.fixture
def app(client: Client) -> App:
    return App(client)


@pytest.fixture
def run_id(client: Client) -> str:
    """A run with one long metric, of falling times, and one with values that no line can show."""
    run_id = client.runs.create("0").info.run_id
    for start in range(0, POINTS, 2500):
        steps = range(start, min(POINTS, start + 2500))
        client.runs.log_batch(run_id, metrics=[Metric("loss", step / 4, 100_000 - step, step) for step in steps])
    odd = [math.nan, 1.0, math.inf, -math.inf, 2.0, math.nan]
    client.runs.log_batch(run_id, metrics=[Metric("odd", value, 200_000, step) for step, value in enumerate(odd)])
    return run_id


def get(app: App, path: str, headers: dict[str, str] | None = None, **query: Any) -> Response:
    return ask(app, "GET", f"/api/2.0/{path}?{urlencode(query, doseq=True)}", headers=headers)


def series(app: App, **query: Any) -> list[dict[str, Any]]:
    answer = get(app, "cloudtrack/metrics/series", **query)
    assert answer.status == 200, answer.json()
    return answer.json()["series"]


# MLflow's


def test_pages_of_a_history_are_by_time_and_make_it_whole(app: App, run_id: str) -> None:
    found, token = [], None
    while token != "":
        page = {"page_token": token} if token else {}
        answer = get(
            app, "mlflow/metrics/get-history", run_id=run_id, metric_key="loss", max_results=1700, **page
        ).json()
        found.append(answer["metrics"])
        token = answer.get("next_page_token", "")
    assert [len(page) for page in found] == [1700, 1700, 1700, 900]
    whole = get(app, "mlflow/metrics/get-history", run_id=run_id, metric_key="loss").json()["metrics"]
    assert whole == [point for page in found for point in page]
    assert [point["step"] for point in whole] == list(range(POINTS))[::-1]
    assert whole[0] == {"key": "loss", "value": (POINTS - 1) / 4, "timestamp": 100_001 - POINTS, "step": POINTS - 1}


def test_a_page_is_as_many_objects_as_it_has_points(
    app: App, client: Client, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    points = MetricColumns.points

    def watched(self: MetricColumns, run: str, key: str) -> Any:
        made.append(len(self))
        return points(self, run, key)

    million = numpy.arange(1_000_000)
    long = MetricColumns(million, million, million.astype(numpy.float64))
    monkeypatch.setattr(MetricColumns, "points", watched)
    monkeypatch.setattr(Metrics, "columns", lambda self, run, key: long)
    get(app, "mlflow/metrics/get-history", run_id=run_id, metric_key="loss", max_results=10)
    get(app, "mlflow/metrics/get-history-bulk-interval", run_ids=[run_id], metric_key="loss", max_results=320)
    get(app, "mlflow/metrics/get-history-bulk", run_id=[run_id], metric_key="loss", max_results=50)
    assert made == [10, 320, 50]


def test_an_interval_is_sampled_run_by_run_first_and_last_kept(app: App, client: Client, run_id: str) -> None:
    short = client.runs.create("0").info.run_id
    client.runs.log_batch(short, metrics=[Metric("loss", 1.0, 1, step) for step in range(3)])
    path = "mlflow/metrics/get-history-bulk-interval"
    found = get(app, path, run_ids=[run_id, short], metric_key="loss").json()["metrics"]
    steps = [point["step"] for point in found if point["run_id"] == run_id]
    assert (len(steps), steps[0], steps[-1]) == (2500, 0, POINTS - 1)
    assert steps == sorted(set(steps))
    assert [point["step"] for point in found if point["run_id"] == short] == [0, 1, 2]
    window = {"start_step": 100, "end_step": 119, "max_results": 5}
    found = get(app, path, run_ids=[run_id], metric_key="loss", **window).json()["metrics"]
    assert [point["step"] for point in found] == [100, 104, 108, 112, 119]


def test_histories_in_bulk_are_run_by_run_up_to_so_many_points(app: App, client: Client, run_id: str) -> None:
    other = client.runs.create("0").info.run_id
    client.runs.log_batch(other, metrics=[Metric("loss", 1.0, 1, step) for step in range(40)])
    first, second = sorted([run_id, other])
    sizes = {run_id: POINTS, other: 40}
    for most in (30, 50, 6030):
        query = {"run_id": [run_id, other], "metric_key": "loss", "max_results": most}
        found = get(app, "mlflow/metrics/get-history-bulk", **query).json()["metrics"]
        expected = [(first, step) for step in range(sizes[first])] + [(second, step) for step in range(sizes[second])]
        assert [(point["run_id"], point["step"]) for point in found] == expected[:most]


# Charts


def test_a_series_is_in_columns_of_one_length(app: App, run_id: str) -> None:
    (found,) = series(app, run_ids=[run_id], keys=["loss"], buckets=100)
    rows = {name: column for name, column in found.items() if isinstance(column, list)}
    assert set(rows) == {"x", "last", "first", "min", "max", "count"}
    assert {len(column) for column in rows.values()} == {100}
    assert (found["run_id"], found["key"], found["raw"], found["exact"]) == (run_id, "loss", POINTS, False)
    assert (found["x"][0], found["x"][-1], found["max"][-1]) == (0, POINTS - 1, (POINTS - 1) / 4)
    assert sum(found["count"]) == POINTS


def test_a_series_that_is_exact_or_of_points_has_no_buckets(app: App, run_id: str) -> None:
    query = {"run_ids": [run_id], "keys": ["loss"], "from": 10, "to": 12}
    assert series(app, **query) == [
        {"run_id": run_id, "key": "loss", "raw": 3, "exact": True, "x": [10, 11, 12], "last": [2.5, 2.75, 3.0]}
    ]
    (found,) = series(app, run_ids=[run_id], keys=["loss"], method="lttb", buckets=50)
    assert len(found["x"]) == 50
    assert "min" not in found


def test_where_a_line_has_no_value_is_said_beside_it(app: App, run_id: str) -> None:
    (found,) = series(app, run_ids=[run_id], keys=["odd"], x="relative")
    began = 200_000 - (100_001 - POINTS)
    assert found == {
        "run_id": run_id,
        "key": "odd",
        "raw": 6,
        "exact": True,
        "x": [began, began],
        "last": [1.0, 2.0],
        "nan": {"count": 2, "x": [began, began]},
        "inf": {"count": 1, "x": [began]},
        "-inf": {"count": 1, "x": [began]},
    }


def test_series_come_run_by_run_in_the_order_asked_for(app: App, client: Client, run_id: str) -> None:
    other = client.runs.create("0").info.run_id
    found = series(app, run_ids=[other, run_id, other], keys=["odd", "loss", "odd"])
    assert [(one["run_id"], one["key"]) for one in found] == [
        (run, key) for run in (other, run_id) for key in ("odd", "loss")
    ]
    assert found[0] == {"run_id": other, "key": "odd", "raw": 0, "exact": True, "x": [], "last": []}


@pytest.mark.slow
def test_100_series_are_less_than_5_megabytes(app: App, client: Client) -> None:
    run_id = client.runs.create("0").info.run_id
    keys = [f"m{key}" for key in range(100)]
    values = [-1.2345678901234567e-300, math.nan, math.inf, -math.inf]
    for start in range(0, 2400, 24):
        steps = range(start, start + 24)
        client.runs.log_batch(
            run_id,
            metrics=[Metric(key, values[step % 4], 10**12 + 1000 * step, step) for key in keys for step in steps],
        )
    query = {"run_ids": [run_id], "keys": keys, "x": "time", "buckets": 10_000}
    answer = get(app, "cloudtrack/metrics/series", **query)
    assert len(answer.whole_body()) < 5_000_000
    assert {len(one["x"]) for one in answer.json()["series"]} == {300}


def test_an_answer_that_the_client_has_is_not_sent_again(app: App, client: Client, run_id: str) -> None:
    path, query = "cloudtrack/metrics/series", {"run_ids": [run_id], "keys": ["loss", "odd"]}
    first = get(app, path, **query)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    assert first.headers["cache-control"] == "no-cache"
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = get(app, path, {"if-none-match": known}, **query)
        assert (again.status, again.whole_body(), again.headers["etag"]) == (304, b"", tag), known
    client.runs.log_batch(run_id, metrics=[Metric("elsewhere", 1.0, 1)], tags={"a": "b"})
    assert get(app, path, {"if-none-match": tag}, **query).status == 304
    client.runs.log_batch(run_id, metrics=[Metric("odd", 1.0, 1)])
    assert get(app, path, {"if-none-match": tag}, **query).status == 200
    assert get(app, path, {"if-none-match": tag}, **query, x="time").status == 200


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"keys": "m"}, "run_ids"),
        ({"run_ids": "r"}, "keys"),
        ({"run_ids": [f"r{n}" for n in range(11)], "keys": [f"k{n}" for n in range(10)]}, "110 series"),
        ({"run_ids": [f"r{n}" for n in range(101)], "keys": "m"}, "run_ids"),
        ({"run_ids": "r", "keys": [f"k{n}" for n in range(101)]}, "keys"),
        ({"run_ids": "r", "keys": "m", "x": "epoch"}, "step, time, relative"),
        ({"run_ids": "r", "keys": "m", "method": "mean"}, "minmax, lttb"),
        ({"run_ids": "r", "keys": "m", "buckets": "many"}, "buckets"),
        ({"run_ids": "r", "keys": "m", "buckets": 1}, "from 3"),
        ({"run_ids": "r", "keys": "m", "from": 2, "to": 1}, "after its end"),
        ({"run_ids": "r", "keys": "m", "from": 2**63}, "from"),
        ({"run_ids": "r", "keys": "../m"}, "metric key"),
        ({"run_ids": "../r", "keys": "m"}, "run id"),
    ],
)
def test_what_makes_no_sense_is_refused(app: App, query: dict[str, Any], text: str) -> None:
    answer = get(app, "cloudtrack/metrics/series", **query)
    assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert text in answer.json()["message"]


def test_an_unknown_run_is_not_found(app: App, run_id: str) -> None:
    answer = get(app, "cloudtrack/metrics/series", run_ids=[run_id, "0" * 32], keys="loss")
    assert (answer.status, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_chart_needs_read_on_each_of_its_runs(client: Client, run_id: str) -> None:
    hidden = client.runs.create(client.experiments.create("hidden")).info.run_id
    access = Access(client.store)
    access.grant("reader", Resource.EXPERIMENT, "0", Permission.READ)
    app = App(client, access=access)

    def status(*run_ids: str) -> int:
        query = urlencode({"run_ids": run_ids, "keys": "loss"}, doseq=True)
        target = f"/ajax-api/2.0/cloudtrack/metrics/series?{query}"
        return ask(app, "GET", target, principal=Principal("reader")).status

    assert (status(run_id), status(run_id, hidden), status(hidden)) == (200, 404, 404)

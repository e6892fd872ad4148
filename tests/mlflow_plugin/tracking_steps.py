"""Experiments, runs, metrics, searches."""

import math
import time

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType


def experiments(notes):
    client = MlflowClient()
    notes.call("default", client.get_experiment, "0")
    first = mlflow.create_experiment("one", tags={"team": "a"})
    notes.name(first, "experiment one")
    time.sleep(0.002)
    second = client.create_experiment("two")
    notes.name(second, "experiment two")
    for title, name in (("a name twice", "one"), ("an empty name", ""), ("None", None)):
        notes.call(f"create with {title}", client.create_experiment, name)
    notes.call("get", client.get_experiment, first)
    notes.call("get none", client.get_experiment, "123456789")
    notes.call("by name", client.get_experiment_by_name, "one")
    notes.call("by no name", client.get_experiment_by_name, "none")
    client.set_experiment_tag(first, "k", "v")
    notes.call("delete tag", client.delete_experiment_tag, first, "team")
    notes.call("delete no tag", client.delete_experiment_tag, first, "team")
    client.rename_experiment(first, "renamed")
    notes.call("renamed", client.get_experiment, first)
    notes.call("rename to a name there is", client.rename_experiment, first, "two")
    client.delete_experiment(second)
    notes.call("delete again", client.delete_experiment, second)
    notes.call("rename a deleted one", client.rename_experiment, second, "three")
    notes.call("deleted by name", client.get_experiment_by_name, "two")
    notes.call("a run in a deleted one", client.create_run, second)
    notes.call("create with a deleted name", client.create_experiment, "two")
    for view in (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL):
        found = client.search_experiments(view_type=view, order_by=["name ASC"])
        notes.note(f"experiments, view {view}", [item.name for item in found])
    client.restore_experiment(second)
    notes.call("restore again", client.restore_experiment, second)
    for text in ("name = 'two'", "name ILIKE 'RE%'", "tags.k = 'v'", "tags.k IS NULL", "nonsense", "name > 'a'"):
        found = notes.call(f"experiments where {text}", client.search_experiments, filter_string=text)
        notes.note("named", sorted(item.name for item in found or []))
    page = client.search_experiments(max_results=1, order_by=["name ASC"])
    notes.note("first page", [page[0].name, bool(page.token)])
    page = client.search_experiments(max_results=1, order_by=["name ASC"], page_token=page.token)
    notes.note("second page", [page[0].name, bool(page.token)])
    notes.call("no results asked for", client.search_experiments, max_results=0)
    notes.call("too many", client.search_experiments, max_results=50_001)
    notes.call("a bad token", client.search_experiments, page_token="???")
    return first


def runs(notes, experiment_id):
    client = MlflowClient()
    mlflow.set_experiment(experiment_id=experiment_id)
    with mlflow.start_run(run_name="parent", tags={"kind": "a"}, description="of runs") as parent:
        mlflow.log_params({"lr": 0.1, "depth": 3, "text": "é 'quoted'"})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step, timestamp=1000 + step)
        mlflow.log_metrics({"acc": 0.5, "nan": math.nan, "big": math.inf, "small": -math.inf}, step=2, timestamp=9)
        for child in range(3):
            with mlflow.start_run(nested=True, run_name=f"child {child}"):
                mlflow.log_metric("score", child)
                mlflow.log_param("child", child)
            time.sleep(0.002)
    run_id = parent.info.run_id
    run = notes.call("run", client.get_run, run_id)
    notes.note("kinds", [type(run.info.end_time).__name__, type(run.data.metrics["acc"]).__name__, run.info.status])
    for key in ("loss", "nan", "big", "small", "none"):
        notes.call(f"history of {key}", client.get_metric_history, run_id, key)
    store = client._tracking_client.store
    page = store.get_metric_history(run_id, "loss", max_results=3)
    notes.note("history page", [[point.value for point in page], bool(page.token)])
    page = store.get_metric_history(run_id, "loss", max_results=3, page_token=page.token)
    notes.note("last page", [[point.value for point in page], bool(page.token)])
    children = client.search_runs(
        [experiment_id], f"tags.mlflow.parentRunId = '{run_id}'", order_by=["metrics.score DESC"]
    )
    notes.note("children", [[item.info.run_name, item.data.metrics] for item in children])
    child_ids = [item.info.run_id for item in children]
    bulk = store.get_metric_history_bulk([*child_ids, run_id], "score", 10)
    notes.note("bulk", sorted([point.key, point.value] for point in bulk))
    many = store.get_metric_history_bulk_interval([run_id], "loss", 3, None, None)
    notes.note("interval", [[point.step, point.value] for point in many])
    with mlflow.start_run(run_id=run_id):
        mlflow.log_metric("again", 1)
        notes.call("while it runs", lambda: client.get_run(run_id).info.status)
    client.log_metric(run_id, "after", 2.0)
    notes.call("and after", lambda: client.get_run(run_id).data.metrics)
    notes.call("a param changed", client.log_param, run_id, "lr", "0.2")
    notes.call("a param the same", client.log_param, run_id, "lr", "0.1")
    for key in ("", "a/../b", "/a", "a" * 251, "a\nb", "ok- _./b"):
        notes.call(f"param {key[:9]!r}", client.log_param, run_id, key, "1")
        notes.call(f"metric {key[:9]!r}", client.log_metric, run_id, key, 1.0)
        notes.call(f"tag {key[:9]!r}", client.set_tag, run_id, key, "1")
    for title, value in (("words", "abc"), ("None", None), ("a number as text", "1.5")):
        notes.call(f"a metric that is {title}", client.log_metric, run_id, "odd", value)
    notes.call("a long param", client.log_param, run_id, "long", "x" * 7000)
    notes.note("cut", len(client.get_run(run_id).data.params.get("long", "")))
    client.set_tag(run_id, "gone", "1")
    notes.call("delete tag", client.delete_tag, run_id, "gone")
    notes.call("delete it again", client.delete_tag, run_id, "gone")
    client.update_run(run_id, name="renamed", status="FAILED")
    notes.call(
        "renamed", lambda: [client.get_run(run_id).info.run_name, client.get_run(run_id).data.tags["mlflow.runName"]]
    )
    client.set_tag(run_id, "mlflow.runName", "by its tag")
    notes.call("by its tag", lambda: client.get_run(run_id).info.run_name)
    notes.call("no run", client.get_run, "0" * 32)
    notes.call("a metric of no run", client.log_metric, "0" * 32, "m", 1)
    notes.call("a history of no run", client.get_metric_history, "0" * 32, "m")
    notes.call("a run in no experiment", client.create_run, "987654321")
    mlflow.delete_run(child_ids[0])
    notes.call("deleted", lambda: client.get_run(child_ids[0]).info.lifecycle_stage)
    notes.call("delete again", client.delete_run, child_ids[0])
    notes.call("a metric of a deleted run", client.log_metric, child_ids[0], "m", 1)
    notes.call("a param of a deleted run", client.log_param, child_ids[0], "m", 1)
    notes.call("end a deleted run", client.set_terminated, child_ids[0])
    client.restore_run(child_ids[0])
    return run_id


def batches(notes, experiment_id):
    client = MlflowClient()
    run_id = client.create_run(experiment_id, start_time=5, tags={"a": "b"}, run_name="batches").info.run_id
    metrics = [Metric("m", float(step % 7), 10 + step, step) for step in range(600)]
    client.log_batch(run_id, metrics, [Param(f"p{n}", str(n)) for n in range(90)], [RunTag("t", "1")])
    client.log_batch(run_id, [Metric("m", 1.0, 10, 3), Metric("m", 1.0, 10, 3)])
    notes.note("points", len(client.get_metric_history(run_id, "m")))
    notes.note("last", client.get_run(run_id).data.metrics)
    notes.call("a param twice", client.log_batch, run_id, params=[Param("x", "1"), Param("x", "2")])
    notes.call("a param changed", client.log_batch, run_id, [Metric("not", 1.0, 1, 1)], [Param("p1", "other")])
    notes.note(
        "nothing of it", [client.get_run(run_id).data.params["p1"], "not" in client.get_run(run_id).data.metrics]
    )
    notes.call("too many metrics", client.log_batch, run_id, [Metric("z", 1.0, 1, 1)] * 1001)
    notes.call("too many params", client.log_batch, run_id, params=[Param(f"q{n}", "1") for n in range(101)])
    notes.call("a bad metric", client.log_batch, run_id, [Metric("z", "abc", 1, 1)])
    notes.call("asynchronous", lambda: client.log_batch(run_id, [Metric("a", 3.0, 1, 1)], synchronous=False).wait())
    notes.note("it is there", client.get_run(run_id).data.metrics["a"])
    notes.call("ends", client.set_terminated, run_id, "KILLED", 77)
    run = client.get_run(run_id)
    notes.note("ended", [run.info.status, run.info.start_time, run.info.end_time, run.data.tags["t"]])


def searches(notes, experiment_id):
    client = MlflowClient()
    fresh = client.create_experiment("searched")
    notes.name(fresh, "experiment searched")
    for number in range(7):
        run = client.create_run(
            fresh, start_time=1000 + number, run_name=f"run {number}", tags={"odd": str(number % 2)}
        )
        if number != 3:
            client.log_metric(run.info.run_id, "score", math.nan if number == 5 else float(number * 3 % 5))
        client.log_param(run.info.run_id, "p", "abc"[number % 3])
        client.set_terminated(run.info.run_id, "FINISHED" if number % 3 else "FAILED")
    filters = [
        "", "metrics.score > 1", "metrics.score != 1", "params.p = 'a' and tags.odd = '0'", "params.p LIKE 'B'",
        "params.p ILIKE 'B'", "tags.`odd` != '1'", "status = 'FAILED'", "attributes.start_time > 1002",
        "run_name LIKE 'run %'", "tags.none IS NULL", "params.p IS NOT NULL", "run_id IN ('a', 'b')",
        "metrics.score = 'a'",
        "params.p = 1", "nonsense", "a.b = 1", "params.p = 'a' or params.p = 'b'", "metrics.score", "end_time < 5",
    ]  # fmt: skip
    for text in filters:
        notes.call(f"runs where {text}", lambda text=text: [r.info.run_name for r in client.search_runs([fresh], text)])
    orders = [
        "metrics.score DESC",
        "metrics.score ASC",
        "params.p",
        "attributes.start_time ASC",
        "run_name DESC",
        "tags.odd",
    ]
    for order in orders:
        pages, token = [], None
        for _ in range(9):
            page = client.search_runs(
                [fresh],
                order_by=[order, "run_id"] if "time" in order else [order, "start_time ASC"],
                max_results=3,
                page_token=token,
            )
            pages.append([item.info.run_name for item in page])
            token = page.token
            if not token:
                break
        notes.note(f"pages by {order}", pages)
    notes.call("order by nonsense", client.search_runs, [fresh], order_by=["nonsense"])
    notes.call("no results asked for", client.search_runs, [fresh], max_results=0)
    notes.call("too many", client.search_runs, [fresh], max_results=50_001)
    notes.call("a bad token", client.search_runs, [fresh], page_token="???")
    notes.call("of no experiments", client.search_runs, [])
    notes.call("of an experiment that is none", client.search_runs, ["123"])
    frame = mlflow.search_runs([fresh], order_by=["start_time ASC"])
    notes.note("columns", sorted(frame.columns))
    notes.note("scores", list(frame["metrics.score"]))
    client.delete_experiment(fresh)
    notes.note("deleted with it", len(client.search_runs([fresh], run_view_type=ViewType.DELETED_ONLY)))
    client.restore_experiment(fresh)
    notes.note("restored with it", len(client.search_runs([fresh])))
    notes.note("elsewhere", len(client.search_runs([experiment_id])))

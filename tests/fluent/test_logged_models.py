"""Logged models through the functions of scripts, and through ``MlflowClient``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest
from sklearn.linear_model import LinearRegression

import cloudtrack as ct
from cloudtrack.client import connect
from cloudtrack.entities import LoggedModelInput, LoggedModelOutput, Metric
from cloudtrack.errors import InvalidInput, NotFound, StateError
from tests.conftest import SLOW_SERVER
from tests.scripts import run_script

pytestmark = pytest.mark.parametrize("store_url", SLOW_SERVER, indirect=True)
NOWHERE = "m-" + "0" * 32


@pytest.fixture(autouse=True)
def _store(store_url: str) -> Iterator[None]:
    ct.set_tracking_uri(store_url)
    yield
    ct.clear_active_model()
    while ct.active_run():
        ct.end_run()


def line(slope: float = 2) -> LinearRegression:
    return LinearRegression().fit([[0.0], [1.0]], [0.0, slope])


def points(model_id: str) -> dict[tuple[str, str | None], float]:
    """The metrics of a logged model by key and dataset."""
    return {(point.key, point.dataset_name): point.value for point in ct.get_logged_model(model_id).metrics}


def test_an_external_model_is_ready_and_takes_what_is_logged() -> None:
    experiment = ct.set_experiment("agents")
    with ct.start_run() as run:
        model = ct.create_external_model("agent", tags={"n": 1}, params={"temperature": 0.5}, model_type="agent")
    assert (model.status, model.name, model.model_type) == ("READY", "agent", "agent")
    assert (model.experiment_id, model.source_run_id) == (experiment.experiment_id, run.info.run_id)
    assert (model.params, model.tags["n"]) == ({"temperature": "0.5"}, "1")
    ct.log_model_params({"top": 3}, model.model_id)
    ct.set_logged_model_tags(model.model_id, {"k": 5, "n": 2})
    ct.delete_logged_model_tag(model.model_id, "k")
    found = ct.get_logged_model(model.model_id)
    assert (found.params["top"], found.tags["n"], "k" in found.tags) == ("3", "2", False)
    with pytest.raises(InvalidInput, match="written once"):
        ct.log_model_params({"top": 4}, model.model_id)
    with pytest.raises(NotFound):
        ct.delete_logged_model_tag(model.model_id, "k")
    elsewhere = ct.create_external_model(experiment_id="0")
    assert (elsewhere.experiment_id, elsewhere.source_run_id) == ("0", "")


def test_a_model_that_waits_is_filled_by_log_model() -> None:
    waiting = ct.initialize_logged_model("line", params={"a": 1}, model_type="regressor")
    assert waiting.status == "PENDING"
    with ct.start_run() as run:
        info = ct.sklearn.log_model(
            line(), name="other", model_id=waiting.model_id, params={"b": 2}, tags={"t": 3}, step=4
        )
    model = ct.get_logged_model(waiting.model_id)
    assert (model.status, model.name, model.params, model.tags["t"]) == ("READY", "line", {"a": "1", "b": "2"}, "3")
    assert (info.model_id, info.name, info.params) == (waiting.model_id, "line", {"a": "1", "b": "2"})
    assert ct.get_run(run.info.run_id).outputs.model_outputs == [LoggedModelOutput(waiting.model_id, 4)]
    assert float(ct.sklearn.load_model(info.model_uri).coef_[0]) == pytest.approx(2)
    with pytest.raises(StateError, match="has its files already"):
        ct.sklearn.log_model(line(), model_id=waiting.model_id)
    with pytest.raises(NotFound):
        ct.sklearn.log_model(line(), model_id=NOWHERE)


def test_only_models_with_files_are_among_those_of_the_run() -> None:
    with ct.start_run() as run:
        waiting, external, filled = (
            ct.initialize_logged_model("waiting"),
            ct.create_external_model("external"),
            ct.create_external_model("filled"),
        )
        ct.sklearn.log_model(line(), model_id=filled.model_id)
    assert {waiting.source_run_id, external.source_run_id, filled.source_run_id} == {run.info.run_id}
    assert [info.path for info in ct.artifacts.list_artifacts(run_id=run.info.run_id)] == ["filled"]
    assert float(ct.sklearn.load_model(f"runs:/{run.info.run_id}/filled").coef_[0]) == pytest.approx(2)


def test_a_model_whose_files_never_came_can_be_tried_again() -> None:
    model = ct.initialize_logged_model()
    assert ct.finalize_logged_model(model.model_id, "FAILED").status == "FAILED"
    ct.sklearn.log_model(line(), model_id=model.model_id)
    assert ct.get_logged_model(model.model_id).status == "READY"
    with pytest.raises(InvalidInput, match="BORED"):
        ct.finalize_logged_model(model.model_id, "BORED")


def test_the_last_model_is_the_one_made_last() -> None:
    made = [ct.initialize_logged_model("a").model_id]
    assert _last() == made[-1]
    made.append(ct.create_external_model("b").model_id)
    assert _last() == made[-1]
    info = ct.sklearn.log_model(line(), name="c")
    assert _last() == info.model_id
    ct.sklearn.log_model(line(), model_id=made[0])
    assert _last() == made[0]


def test_a_metric_of_a_model_is_on_the_run_and_on_the_model() -> None:
    wine = ct.data.from_numpy(numpy.arange(4.0), name="wine")
    with ct.start_run() as run:
        model_id = ct.create_external_model().model_id
        ct.log_metric("acc", 0.5, step=3, timestamp=7, model_id=model_id)
        ct.log_metrics({"acc": 0.75, "loss": 0.1}, step=1, model_id=model_id, dataset=wine)
        ct.log_metric("acc", float("nan"), step=2, model_id=model_id)  # before the one of step 3
        ct.log_metric("nan", float("nan"), model_id=model_id)
        ct.log_metric("plain", 1.0, dataset=wine)
    found = points(model_id)
    assert numpy.isnan(found.pop(("nan", None)))
    assert found == {("acc", None): 0.5, ("acc", "wine"): 0.75, ("loss", "wine"): 0.1}
    first = next(point for point in ct.get_logged_model(model_id).metrics if point.timestamp == 7)
    assert first == Metric("acc", 0.5, 7, 3, model_id, None, None, run.info.run_id)
    stored = ct.get_run(run.info.run_id)
    assert {"acc": 0.5, "loss": 0.1, "plain": 1.0}.items() <= stored.data.metrics.items()
    assert len(ct.MlflowClient().get_metric_history(run.info.run_id, "acc")) == 3
    (use,) = stored.inputs.dataset_inputs
    assert (use.dataset.name, use.dataset.digest) == ("wine", wine.digest)
    assert stored.inputs.model_inputs == [LoggedModelInput(model_id)]


def test_metrics_of_the_run_at_the_step_of_a_model_and_after_it_go_to_the_models_of_that_run_alone() -> None:
    with ct.start_run() as run:
        ct.log_metric("before", 1)
        ct.log_metric("epochs", 1, step=0)
        ct.log_metric("epochs", 2, step=1)
        first = ct.sklearn.log_model(line(), name="first").model_id
        ct.log_metric("one", 1)
        with ct.start_run(nested=True):
            ct.log_metric("childs", 1)
        second = ct.sklearn.log_model(line(), name="second", step=1).model_id
        ct.log_metric("both", 2)
        ct.log_metric("named", 3, model_id=first)
    assert points(first) == {("before", None): 1, ("one", None): 1, ("both", None): 2, ("named", None): 3}
    assert points(second) == {("epochs", None): 2, ("both", None): 2}
    assert ct.get_run(run.info.run_id).inputs.model_inputs == []


def test_what_is_logged_goes_to_the_active_model_of_its_thread() -> None:
    with ct.start_run() as run, ct.set_active_model(name="agent") as active:
        made = ct.sklearn.log_model(line(), name="line").model_id
        assert ct.get_active_model_id() == active.model_id
        ct.log_metric("acc", 0.5)
        ct.MlflowClient().log_metric(run.info.run_id, "auc", 0.75)
        ct.log_model_params({"p": 1})
        in_thread: list[str | None] = []
        thread = threading.Thread(target=lambda: in_thread.append(ct.get_active_model_id()))
        thread.start()
        thread.join()
        with ct.set_active_model(model_id=made):
            ct.log_metric("inner", 1)
        assert ct.get_active_model_id() == active.model_id
    assert (in_thread, ct.get_active_model_id()) == ([None], None)
    assert points(active.model_id) == {("acc", None): 0.5, ("auc", None): 0.75}
    assert ct.get_logged_model(active.model_id).params == {"p": "1"}
    assert points(made) == {("inner", None): 1}


def test_a_model_becomes_active_by_name_or_id() -> None:
    name = "a \\"
    older, newer = ct.create_external_model(name), ct.create_external_model(name)
    assert older.model_id != newer.model_id
    newest = max((older, newer), key=lambda model: (model.creation_timestamp, -int(model.model_id[2:], 16)))
    assert ct.set_active_model(name=name).model_id == newest.model_id
    assert ct.set_active_model(model_id=older.model_id).name == name
    made = ct.set_active_model(name="new")
    assert (made.name, made.status, ct.get_active_model_id()) == ("new", "READY", made.model_id)
    with pytest.raises(InvalidInput, match="not 'x'"):
        ct.set_active_model(name="x", model_id=older.model_id)
    with pytest.raises(NotFound):
        ct.set_active_model(model_id=NOWHERE)
    with pytest.raises(InvalidInput, match="a name or a model_id"):
        ct.set_active_model()
    assert ct.get_active_model_id() == made.model_id
    ct.clear_active_model()
    assert ct.get_active_model_id() is None
    with pytest.raises(InvalidInput, match="takes a model_id"):
        ct.log_model_params({"p": 1})


def test_the_environment_names_an_active_model(store_url: str, tmp_path: Path) -> None:
    model_id = ct.create_external_model().model_id
    done = run_script(
        "import cloudtrack as ct\nct.log_metric('acc', 0.5)",
        store=store_url,
        folder=tmp_path,
        MLFLOW_ACTIVE_MODEL_ID=model_id,
    )
    assert done.returncode == 0, done.stderr
    assert points(model_id) == {("acc", None): 0.5}


def test_a_process_that_is_killed_loses_no_metric_of_a_model(store_url: str, tmp_path: Path) -> None:
    model_id = ct.create_external_model().model_id
    done = run_script(
        f"""
        import os, time
        import cloudtrack as ct

        ct.log_metric("acc", 0.5, step=1, model_id={model_id!r})
        time.sleep(0.5)  # the spool is written ten times a second
        os._exit(9)
        """,
        store=store_url,
        folder=tmp_path,
    )
    assert done.returncode == 9, done.stderr
    client = connect(store_url)
    client.sync()
    assert client.sync().delivered == []
    assert points(model_id) == {("acc", None): 0.5}


def test_a_model_that_is_not_there_costs_a_warning_and_no_metric(caplog: pytest.LogCaptureFixture) -> None:
    with ct.start_run() as run:
        for step in range(3):
            ct.log_metric("acc", 0.5, step=step, model_id=NOWHERE)
            ct.flush()
    assert caplog.text.count(NOWHERE) == caplog.text.count("kept on the run alone") + 1 == 2
    assert len(ct.MlflowClient().get_metric_history(run.info.run_id, "acc")) == 3
    with pytest.raises(InvalidInput, match="nonsense"):
        ct.log_metric("acc", 0.5, model_id="nonsense")
    with pytest.raises(NotFound):
        ct.MlflowClient().log_metric(run.info.run_id, "other", 0.5, model_id=NOWHERE)
    assert "other" not in ct.get_run(run.info.run_id).data.metrics


def test_inputs_may_be_models_and_places_may_be_empty() -> None:
    wine = ct.data.from_numpy(numpy.arange(4.0), name="wine")
    models = [ct.create_external_model().model_id for _ in range(3)]
    with ct.start_run() as run:
        ct.log_input(model=LoggedModelInput(models[0]))
        ct.log_inputs([wine, None], ["train", None], [None, None], [None, LoggedModelInput(models[1])])
        ct.log_inputs()
        ct.MlflowClient().log_inputs(run.info.run_id, models=[LoggedModelInput(models[2])])
        ct.MlflowClient().log_outputs(run.info.run_id, [LoggedModelOutput(models[0], 2)])
    stored = ct.get_run(run.info.run_id)
    assert [item.model_id for item in stored.inputs.model_inputs] == models
    assert [use.tags[0].value for use in stored.inputs.dataset_inputs] == ["train"]
    assert stored.outputs.model_outputs == [LoggedModelOutput(models[0], 2)]


def test_models_are_searched_as_a_table_or_a_list() -> None:
    wine = ct.data.from_numpy(numpy.arange(4.0), name="wine")
    with ct.start_run():
        for name, acc in (("a", 0.1), ("b", 0.9), ("c", 0.5)):
            model_id = ct.create_external_model(name, params={"kind": name}).model_id
            ct.log_metric("acc", acc, model_id=model_id, dataset=wine if name != "c" else None)
    best = {"field_name": "metrics.acc", "ascending": False}
    assert _names(order_by=[best]) == ["b", "c", "a"]
    assert _names(order_by=[{**best, "dataset_name": "wine"}], max_results=2) == ["b", "a"]
    assert _names("metrics.acc > 0.2", datasets=[{"dataset_name": "wine", "dataset_digest": wine.digest}]) == ["b"]
    assert _names("params.kind = 'a'", experiment_ids=["0"]) == ["a"]
    table = ct.search_logged_models(order_by=[best])
    assert list(table["name"]) == ["b", "c", "a"]
    assert table["params"][0] == {"kind": "b"}
    assert table["metrics"][0][0].dataset_name == "wine"
    empty = ct.search_logged_models(filter_string="name = 'none'")
    assert (len(empty), list(empty.columns)) == (0, list(table.columns))
    for arguments in ({"order_by": ["name"]}, {"order_by": [{"field": "x"}]}, {"datasets": [{"dataset_digest": "x"}]}):
        with pytest.raises(InvalidInput, match="each is a dictionary with"):
            ct.search_logged_models(**arguments)  # type: ignore[arg-type]  # the point of it
    with pytest.raises(InvalidInput, match="output_format"):
        ct.search_logged_models(output_format="arrow")


def test_the_clients_methods_do_the_same(tmp_path: Path) -> None:
    client = ct.MlflowClient()
    run_id = client.create_run("0").info.run_id
    model = client.create_logged_model("0", "m", run_id, {"t": 1}, {"p": 2}, "kind")
    assert (model.status, model.source_run_id, model.params, model.tags) == ("PENDING", run_id, {"p": "2"}, {"t": "1"})
    model_id = model.model_id
    client.set_logged_model_tags(model_id, {"u": 3})
    client.delete_logged_model_tag(model_id, "t")
    client.log_model_params(model_id, {"q": 4})
    client.log_metric(run_id, "acc", 0.5, 1, 2, dataset_name="wine", dataset_digest="abc", model_id=model_id)
    client.log_batch(run_id, [Metric("loss", 0.25, 1, model_id=model_id), Metric("runs", 1.0, 1)])
    found = client.get_logged_model(model_id)
    assert (found.tags, found.params) == ({"u": "3"}, {"p": "2", "q": "4"})
    assert set(found.metrics) == {
        Metric("acc", 0.5, 1, 2, model_id, "wine", "abc", run_id),
        Metric("loss", 0.25, 1, 0, model_id, None, None, run_id),
    }
    assert client.get_run(run_id).data.metrics == {"acc": 0.5, "loss": 0.25, "runs": 1.0}
    with pytest.raises(InvalidInput, match="dataset_digest"):
        client.log_metric(run_id, "acc", 0.5, dataset_name="wine")
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "e" / "a.txt").write_text("a")
    client.log_model_artifact(model_id, str(tmp_path / "d" / "e" / "a.txt"))
    client.log_model_artifacts(model_id, str(tmp_path / "d"), "sub")
    assert [info.path for info in client.list_logged_model_artifacts(model_id)] == ["a.txt", "sub"]
    assert [info.path for info in client.list_logged_model_artifacts(model_id, "sub/e")] == ["sub/e/a.txt"]
    for call in (client.list_logged_model_artifacts, client.get_logged_model):
        with pytest.raises(NotFound):
            call(NOWHERE)
    assert client.finalize_logged_model(model_id, "READY").status == "READY"
    other = client.create_logged_model("0", "other").model_id
    page = client.search_logged_models(["0"], max_results=1, order_by=[{"field_name": "name"}])
    rest = client.search_logged_models(["0"], order_by=[{"field_name": "name"}], page_token=page.token)
    assert [item.model_id for item in [*page, *rest]] == [model_id, other]
    client.delete_logged_model(other)
    with pytest.raises(NotFound):
        client.get_logged_model(other)


def _last() -> str:
    model = ct.last_logged_model()
    assert model is not None
    return model.model_id


def _names(filter_string: str | None = None, **arguments: object) -> list[str]:
    found = ct.search_logged_models(filter_string=filter_string, output_format="list", **arguments)  # type: ignore[arg-type]
    return [model.name for model in found]


def test_a_model_has_the_params_that_its_run_had_when_it_was_made() -> None:
    with ct.start_run():
        ct.log_params({"depth": 3, "lr": 0.1})
        made = ct.sklearn.log_model(line(), name="m", params={"lr": 0.5})
        ct.log_param("later", 1)
    assert ct.get_logged_model(made.model_id).params == {"depth": "3", "lr": "0.5"}

"""The interface of scripts, name by name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy
import pandas
import pytest

import cloudtrack as ct
from cloudtrack.errors import AlreadyExists, InvalidInput, NotFound, StateError
from tests.conftest import BOTH_MODES
from tests.scripts import run_script

pytestmark = pytest.mark.parametrize("store_url", BOTH_MODES, indirect=True)


@pytest.fixture(autouse=True)
def _store(store_url: str) -> Iterator[None]:
    ct.set_tracking_uri(store_url)
    yield
    while ct.active_run():
        ct.end_run()


def test_the_quickstart_works() -> None:
    ct.set_experiment("first")
    with ct.start_run(run_name="one", description="why", tags={"a": 1}) as run:
        assert ct.active_run() is run
        assert ct.log_param("depth", 3) == 3
        ct.log_params({"lr": 0.1, "model": "tree"})
        for step in range(3):
            ct.log_metric("loss", 1 / (step + 1), step=step)
        ct.log_metrics({"acc": numpy.float32(0.5), "nan": math.nan}, step=2)
        ct.set_tag("team", "x")
        ct.set_tags({"n": 5})
    assert ct.active_run() is None
    found = ct.get_run(run.info.run_id)
    assert found.data.params == {"depth": "3", "lr": "0.1", "model": "tree"}
    assert found.data.metrics["loss"] == pytest.approx(1 / 3)
    assert math.isnan(found.data.metrics["nan"])
    assert found.data.tags["team"] == "x"
    assert found.data.tags["mlflow.note.content"] == "why"
    assert (found.info.status, found.info.run_name) == ("FINISHED", "one")
    last = ct.last_active_run()
    assert last is not None
    assert last.info.run_id == run.info.run_id
    experiment = ct.get_experiment_by_name("first")
    assert experiment is not None
    assert found.info.experiment_id == experiment.experiment_id


def test_a_run_starts_by_itself_and_nests_only_when_told() -> None:
    ct.log_metric("m", 1)
    outer = ct.active_run()
    assert outer is not None
    with pytest.raises(StateError, match="nested"):
        ct.start_run()
    with ct.start_run(nested=True) as child:
        ct.log_metric("c", 1)
    parent = ct.get_parent_run(child.info.run_id)
    assert parent is not None
    assert parent.info.run_id == outer.info.run_id
    ct.end_run("KILLED")
    assert ct.get_run(outer.info.run_id).info.status == "KILLED"
    assert ct.get_run(child.info.run_id).info.status == "FINISHED"


def test_an_exception_fails_the_run_and_its_open_children() -> None:
    run = ct.start_run()
    with pytest.raises(ZeroDivisionError), run:
        _start_child_and_fail()
    child = ct.search_runs(filter_string=f"tags.mlflow.parentRunId = '{run.info.run_id}'", output_format="list")[0]
    assert ct.get_run(run.info.run_id).info.status == "FAILED"
    assert ct.get_run(child.info.run_id).info.status == "FAILED"
    assert ct.active_run() is None


def _start_child_and_fail() -> None:
    ct.start_run(nested=True)
    raise ZeroDivisionError


def test_a_run_is_resumed_by_id_and_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with ct.start_run() as run:
        ct.log_metric("m", 1, step=1)
    with ct.start_run(run_id=run.info.run_id, run_name="again"):
        ct.log_metric("m", 2, step=2)
    found = ct.get_run(run.info.run_id)
    assert found.info.run_name == "again"
    assert [p.value for p in ct.MlflowClient().get_metric_history(run.info.run_id, "m")] == [1.0, 2.0]
    with pytest.raises(NotFound, match="nope"):
        ct.start_run(run_id="nope")


def test_the_environment_names_store_experiment_and_run(tmp_path: Path) -> None:
    body = """
    import cloudtrack as ct
    with ct.start_run() as run:
        ct.log_metric("m", 1)
    print(run.info.run_id, ct.get_experiment(run.info.experiment_id).name)
    """
    store = (tmp_path / "env").as_uri()
    first = run_script(
        body, store=store, folder=tmp_path, CLOUDTRACK_EXPERIMENT="ours", MLFLOW_EXPERIMENT_NAME="theirs"
    )
    run_id, name = first.stdout.split()
    assert name == "ours"
    again = run_script(body, store="", folder=tmp_path, MLFLOW_TRACKING_URI=store, MLFLOW_RUN_ID=run_id)
    assert again.stdout.split() == [run_id, "ours"]


def test_files_of_every_kind_are_logged(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("a")
    with ct.start_run() as run:
        ct.log_artifact(tmp_path / "in" / "a.txt", "files")
        ct.log_artifacts(tmp_path / "in", "folder")
        ct.log_text("text", "notes/n.txt")
        ct.log_dict({"a": 1}, "d.json")
        ct.log_image(numpy.zeros((4, 4, 3), dtype=numpy.uint8), "i.png")
        ct.log_image(numpy.ones((4, 4)), key="series", step=3)
        ct.log_table({"q": ["a", "b"], "n": [1, 2]}, "t.json")
        ct.log_table(pandas.DataFrame({"q": ["c"], "n": [3]}), "t.json")
        uri = ct.get_artifact_uri("files")
    files = ct.artifacts.list_artifacts(run_id=run.info.run_id)
    assert {info.path for info in files} == {"files", "folder", "notes", "d.json", "i.png", "images", "t.json"}
    assert uri.endswith(f"runs/{run.info.run_id}/artifacts/files")
    local = Path(ct.artifacts.download_artifacts(f"runs:/{run.info.run_id}/files/a.txt", dst_path=tmp_path / "out"))
    assert local.read_text() == "a"
    assert Path(ct.artifacts.download_artifacts(uri, dst_path=tmp_path / "uri")).name == "files"
    assert ct.artifacts.load_text(f"runs:/{run.info.run_id}/notes/n.txt") == "text"
    assert ct.artifacts.load_dict(f"runs:/{run.info.run_id}/d.json") == {"a": 1}
    assert ct.artifacts.load_image(f"runs:/{run.info.run_id}/i.png").size == (4, 4)
    table = ct.load_table("t.json", run_ids=[run.info.run_id], extra_columns=["run_id"])
    assert table["q"].tolist() == ["a", "b", "c"]
    assert set(table["run_id"]) == {run.info.run_id}


def test_figures_are_logged() -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure = pyplot.figure()
    with ct.start_run() as run:
        ct.log_figure(figure, "plots/f.png")
        with pytest.raises(InvalidInput, match="figure"):
            ct.log_figure("no figure", "f.png")
    pyplot.close(figure)
    body = ct.MlflowClient().download_artifacts(run.info.run_id, "plots/f.png")
    assert Path(body).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "image", [numpy.full((2, 2), 2.0), numpy.full((2, 2), 300), numpy.zeros(3), numpy.zeros((2, 2), dtype="complex")]
)
def test_images_out_of_range_are_refused(image: numpy.ndarray) -> None:
    with ct.start_run(), pytest.raises(InvalidInput):
        ct.log_image(image, "i.png")


def test_datasets_have_the_same_digest_for_the_same_content() -> None:
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    one, two = ct.data.from_pandas(frame, name="d"), ct.data.from_pandas(frame.copy(), name="d")
    other = ct.data.from_pandas(frame.assign(a=[1, 3]), name="d")
    assert one.digest == two.digest != other.digest
    array = ct.data.from_numpy(numpy.zeros((2, 2)), targets=numpy.zeros(2), name="n")
    with ct.start_run() as run:
        ct.log_input(one, context="train")
        ct.log_input(array)
    names = {use.dataset.name: use for use in ct.get_run(run.info.run_id).inputs.dataset_inputs}
    assert set(names) == {"d", "n"}
    assert [(tag.key, tag.value) for tag in names["d"].tags] == [("mlflow.data.context", "train")]


def test_searches_give_frames_and_lists() -> None:
    ct.set_experiment("search")
    for number in range(4):
        with ct.start_run(run_name=f"r{number}"):
            ct.log_param("kind", "even" if number % 2 == 0 else "odd")
            ct.log_metric("loss", number if number else math.nan)
    frame = ct.search_runs(filter_string="metrics.loss >= 1", order_by=["metrics.loss DESC"])
    assert frame["metrics.loss"].tolist() == [3.0, 2.0, 1.0]
    assert set(frame.columns) >= {"run_id", "status", "start_time", "params.kind", "tags.mlflow.runName"}
    runs = ct.search_runs(filter_string="params.kind = 'even'", output_format="list", order_by=["metrics.loss ASC"])
    assert [run.info.run_name for run in runs] == ["r2", "r0"]
    page = ct.MlflowClient().search_runs([runs[0].info.experiment_id], max_results=3)
    assert len(page) == 3
    rest = ct.MlflowClient().search_runs([runs[0].info.experiment_id], max_results=3, page_token=page.token)
    assert len(rest) == 1
    assert not rest.token
    assert len(ct.search_runs(search_all_experiments=True)) == 4
    with pytest.raises(NotFound, match="nope"):
        ct.search_runs(experiment_names=["nope"])
    with pytest.raises(InvalidInput, match="column"):
        ct.search_runs(filter_string="metrics.loss >")


def test_experiments_are_managed_by_name_and_id() -> None:
    made = ct.create_experiment("e", tags={"a": "b"})
    with pytest.raises(AlreadyExists):
        ct.create_experiment("e")
    assert ct.set_experiment(experiment_id=made).name == "e"
    ct.set_experiment_tag("k", "v")
    assert ct.get_experiment(made).tags == {"a": "b", "k": "v"}
    assert [item.name for item in ct.search_experiments(filter_string="tags.k = 'v'")] == ["e"]
    assert {item.name for item in ct.search_experiments()} == {"e", "Default"}
    ct.delete_experiment(made)
    with pytest.raises(StateError, match="deleted"):
        ct.set_experiment("e")
    ct.MlflowClient().restore_experiment(made)
    ct.MlflowClient().rename_experiment(made, "f")
    assert ct.set_experiment("f").experiment_id == made
    with pytest.raises(InvalidInput):
        ct.set_experiment()


def test_mistakes_get_one_clear_line() -> None:
    with ct.start_run():
        ct.log_param("a", 1)
        for mistake, said in (
            (lambda: ct.log_param("a", 2), "written once"),
            (lambda: ct.log_metric("m", "high"), "not a number"),
            (lambda: ct.log_metric("m", None), "not a number"),  # type: ignore[arg-type]
            (lambda: ct.log_metric("m", 1, step=1.5), "whole number"),  # type: ignore[arg-type]
            (lambda: ct.log_metric("m", 1, step=2**63), "64 bits"),
            (lambda: ct.log_metric("m", 1, timestamp=-1), "1970"),
            (lambda: ct.log_metric("../m", 1), "path"),
            (lambda: ct.log_metric("m" * 10_000, 1), "250"),
            (lambda: ct.log_param("p\x00", 1), "not allowed"),
            (lambda: ct.set_tag("t", "x" * 70_000), "65536"),
            (lambda: ct.end_run("DONE"), "FINISHED"),
        ):
            with pytest.raises(InvalidInput) as caught:
                mistake()
            assert said in str(caught.value)
            assert "\n" not in str(caught.value)


def test_synchronous_logging_waits_and_asynchronous_gives_a_handle() -> None:
    with ct.start_run() as run:
        assert ct.log_metric("m", 1, synchronous=True) is None
        handle = ct.log_metrics({"n": 2}, synchronous=False)
        assert handle is not None
        handle.wait()
        other = ct.connect(ct.get_tracking_uri(), spool_dir="elsewhere")
        assert other.runs.get(run.info.run_id).data.metrics == {"m": 1.0, "n": 2.0}


def test_files_are_logged_only_to_runs_that_exist() -> None:
    with pytest.raises(NotFound, match="0000"):
        ct.log_text("x", "a.txt", run_id="0" * 32)


def test_mlflow_exception_catches_ours() -> None:
    with pytest.raises(ct.MlflowException):
        ct.get_run("nope")
    with pytest.raises(ct.exceptions.MlflowException):
        ct.get_experiment("4711")

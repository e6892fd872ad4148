"""A model that a run logs is a logged model, and is found under the run too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LinearRegression

import cloudtrack as ct
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.fluent import session
from tests.cli.commands import cloudtrack
from tests.conftest import SLOW_SERVER

pytestmark = pytest.mark.parametrize("store_url", SLOW_SERVER, indirect=True)


@pytest.fixture(autouse=True)
def _in_force(store_url: str) -> None:
    ct.set_tracking_uri(store_url)


def line(slope: float) -> LinearRegression:
    return LinearRegression().fit([[0.0], [1.0]], [0.0, slope])


def slope_at(uri: str) -> float:
    return float(ct.sklearn.load_model(uri).coef_[0])


def test_a_model_is_ready_with_its_params_and_the_run_names_it() -> None:
    with ct.start_run() as run:
        info = ct.sklearn.log_model(
            line(2), name="line", params={"degree": 1}, tags={"team": "a"}, model_type="regressor", step=7
        )
    client = session.client()
    model = client.logged_models.get(info.model_id)
    assert (model.name, model.status, model.model_type, model.source_run_id) == (
        "line",
        "READY",
        "regressor",
        run.info.run_id,
    )
    assert (model.params, model.tags) == ({"degree": "1"}, {"team": "a"})
    outputs = client.runs.get(run.info.run_id).outputs.model_outputs
    assert [(output.model_id, output.step) for output in outputs] == [(info.model_id, 7)]
    assert info.model_uri == f"models:/{info.model_id}"
    assert ct.models.Model.load(client.download_model(info.model_uri, Path("copy"))).model_id == info.model_id


def test_its_files_are_among_those_of_the_run() -> None:
    with ct.start_run() as run:
        ct.log_text("x", "notes/a.txt")
        ct.sklearn.log_model(line(2), name="line")
    run_id = run.info.run_id
    assert [info.path for info in ct.artifacts.list_artifacts(run_id=run_id)] == ["line", "notes"]
    inside = [info.path for info in ct.artifacts.list_artifacts(f"runs:/{run_id}/line")]
    assert {"line/MLmodel", "line/model.pkl", "line/requirements.txt"} <= set(inside)
    assert "sklearn" in ct.artifacts.load_text(f"runs:/{run_id}/line/MLmodel")
    for path in ("", "line", "line/MLmodel"):
        target = Path(f"to-{len(path)}")
        target.mkdir()
        ct.artifacts.download_artifacts(run_id=run_id, artifact_path=path, dst_path=target)
        assert (target / "line" / "MLmodel").is_file()
        assert (target / "notes" / "a.txt").is_file() == (path == "")
    with pytest.raises(NotFound):
        ct.artifacts.load_text(f"runs:/{run_id}/line/nothing")
    with pytest.raises(NotFound):
        ct.artifacts.download_artifacts(run_id=run_id, artifact_path="other", dst_path=".")


def test_of_models_with_one_name_the_run_shows_the_newest_and_each_stays() -> None:
    with ct.start_run() as run:
        infos = [ct.sklearn.log_model(line(slope), name="line", step=slope) for slope in (1, 2, 3)]
    assert slope_at(f"runs:/{run.info.run_id}/line") == pytest.approx(3)
    assert [slope_at(info.model_uri) for info in infos] == pytest.approx([1, 2, 3])


def test_a_model_in_the_artifacts_of_the_run_goes_before(tmp_path: Path) -> None:
    ct.sklearn.save_model(line(5), tmp_path / "m")
    with ct.start_run() as run:
        ct.sklearn.log_model(line(1), name="line")
        ct.log_artifacts(str(tmp_path / "m"), "line")
    assert slope_at(f"runs:/{run.info.run_id}/line") == pytest.approx(5)


def test_a_model_that_could_not_be_saved_is_shown_nowhere() -> None:
    with ct.start_run() as run, pytest.raises(InvalidInput, match="serialization_format"):
        ct.sklearn.log_model(line(1), name="line", serialization_format="jpeg")
    client = session.client()
    (model,) = client.logged_models.list([run.info.experiment_id])
    assert model.status == "FAILED"
    assert ct.artifacts.list_artifacts(run_id=run.info.run_id) == []
    with pytest.raises(NotFound, match="no artifact"):
        ct.sklearn.load_model(f"runs:/{run.info.run_id}/line")


def test_a_registered_version_names_the_logged_model() -> None:
    with ct.start_run() as run:
        info = ct.sklearn.log_model(line(4), name="line", registered_model_name="lines")
    again = ct.register_model(f"runs:/{run.info.run_id}/line", "lines")
    assert (again.version, again.source, again.model_id) == (2, info.model_uri, info.model_id)
    assert slope_at("models:/lines/2") == pytest.approx(4)


@pytest.mark.slow
def test_the_command_line_lists_it(store_url: str, tmp_path: Path) -> None:
    with ct.start_run() as run:
        ct.sklearn.log_model(line(4), name="line")

    def said(*arguments: Any) -> str:
        done = cloudtrack("artifacts", *map(str, arguments), store=store_url)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    assert "line/" in said("list", run.info.run_id)
    said("download", run.info.run_id, "line", "--to", tmp_path / "here")
    assert (tmp_path / "here" / "line" / "MLmodel").is_file()

"""Small things that programs written for MLflow do with what it gives them."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy
import pytest

import cloudtrack as ct
from cloudtrack import errors
from cloudtrack.api.errors import STATUS
from cloudtrack.entities import Experiment, Run
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.run import RunData, RunInfo
from tests.conftest import BOTH_MODES


def _kinds() -> list[type[errors.CloudtrackError]]:
    found = (getattr(errors, name) for name in vars(errors))
    return [each for each in found if isinstance(each, type) and issubclass(each, errors.CloudtrackError)]


def test_every_error_has_the_status_that_a_server_answers_it_with() -> None:
    for kind in _kinds():
        assert kind("it failed").get_http_status_code() == STATUS[kind.error_code]


def test_the_status_of_an_error_is_mlflows(store_url: str) -> None:
    ct.set_tracking_uri(store_url)
    with pytest.raises(ct.MlflowException) as missing:
        ct.get_run("0" * 32)
    ct.create_experiment("twice")
    with pytest.raises(ct.MlflowException) as taken:
        ct.create_experiment("twice")
    assert [each.value.get_http_status_code() for each in (missing, taken)] == [404, 400]


@pytest.mark.parametrize("entity", [Experiment("1", "shop", tags={"team": "ml"}), Run(RunInfo("r", "1"), RunData())])
def test_vars_of_an_entity_are_its_fields(entity: Any) -> None:
    assert vars(entity) == dict(entity)
    vars(entity)["name"] = "another"
    assert vars(entity) == dict(entity), "they are no way to change it"
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        entity.note = "nothing can be added"
    assert copy.copy(entity) == pickle.loads(pickle.dumps(entity)) == entity


def test_an_image_is_made_of_an_array_a_file_or_lists_and_logged(tmp_path: Path) -> None:
    ct.set_tracking_uri(f"memory://{tmp_path}")
    array = numpy.arange(4 * 6 * 3, dtype=numpy.uint8).reshape(4, 6, 3)
    image = ct.Image(array)
    image.save(tmp_path / "picture.png")
    for same in (image, ct.Image(str(tmp_path / "picture.png")), ct.Image(image.to_list()), ct.Image(image.to_pil())):
        assert (same.to_array() == array).all()
    assert image.resize((3, 2)).to_array().shape == (2, 3, 3)
    with ct.start_run() as run:
        ct.log_image(image, "there.png")
    ct.MlflowClient().log_image(run.info.run_id, image, key="series", step=1)
    assert (numpy.asarray(ct.artifacts.load_image(f"runs:/{run.info.run_id}/there.png")) == array).all()
    for wrong in (str(tmp_path), numpy.zeros(3), [[-1]]):
        with pytest.raises(errors.InvalidInput):
            ct.Image(wrong)


def test_the_doctor_says_what_a_report_needs_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "hidden-token")
    ct.set_tracking_uri("s3://bucket/team?profile=hidden-profile")
    ct.doctor()
    said = capsys.readouterr().out
    assert ct.__version__ == ct.version.VERSION
    assert f"cloudtrack: {ct.__version__} in " in said
    assert "Store: s3://bucket/team\n" in said
    assert "MLFLOW_TRACKING_TOKEN" in said
    assert "hidden" not in said


@pytest.mark.parametrize("store_url", BOTH_MODES, indirect=True)
def test_a_version_is_made_of_the_underlying_uri_of_a_runs_model(store_url: str) -> None:
    from cloudtrack.store.artifact.runs_artifact_repo import RunsArtifactRepository  # type: ignore[import-not-found]

    ct.set_tracking_uri(store_url)
    with ct.start_run() as run:
        info = ct.pyfunc.log_model(name="same", python_model=len)
    underlying = RunsArtifactRepository.get_underlying_uri(f"runs:/{run.info.run_id}/same")
    client = ct.MlflowClient()
    client.create_registered_model("same")
    assert underlying == info.model_uri
    assert client.create_model_version("same", underlying).model_id == info.model_id
    with pytest.raises(errors.InvalidInput, match="no URI of a run"):
        RunsArtifactRepository.get_underlying_uri("models:/same/1")


@pytest.mark.parametrize("store_url", BOTH_MODES, indirect=True)
def test_the_model_file_is_loaded_from_a_uri(store_url: str, tmp_path: Path) -> None:
    ct.set_tracking_uri(store_url)
    with ct.start_run() as run:
        info = ct.pyfunc.log_model(name="same", python_model=len, metadata={"a": "b"}, registered_model_name="same")
    for uri in (info.model_uri, f"runs:/{run.info.run_id}/same", "models:/same/1"):
        model = ct.models.Model.load(uri)
        assert (model.metadata, model.run_id, model.get_model_info().model_uri) == (
            {"a": "b"},
            info.run_id,
            info.model_uri,
        )
    with pytest.raises(errors.NotFound):
        ct.models.Model.load("models:/same/2")
    ct.pyfunc.save_model(tmp_path / "saved", python_model=len)
    saved = ct.models.Model.load((tmp_path / "saved").as_uri())
    assert saved.get_model_info().model_uri == ""


def test_a_page_is_made_a_plain_list() -> None:
    page = PagedList([1, 2], "more")
    assert (page.to_list(), type(page.to_list()), page.token) == ([1, 2], list, "more")

"""What ``save_model`` and ``log_model`` take beside the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from sklearn.linear_model import LinearRegression

import cloudtrack as ct
from cloudtrack.errors import InvalidInput, NotFound, PermissionDenied
from cloudtrack.flavors.pyfunc import PythonModel, PythonModelContext
from cloudtrack.models.model_file import Model
from tests.conftest import BOTH_MODES

LINE = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])


class Greeter(PythonModel):
    """Greets as its settings say."""

    def load_context(self, context: PythonModelContext) -> None:
        self.at_load = dict(context.model_config)

    def predict(self, context: PythonModelContext, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return [f"{self.at_load.get('greeting')} {context.model_config.get('greeting')} {item}" for item in model_input]


class Own:
    """A type that skops does not know."""


def greeted(model: Any) -> list[str]:
    said: list[str] = model.predict(["you"])
    return said


def test_extra_files_travel_with_the_model(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("read me")
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "deep" / "a.csv").write_text("1")
    extra = [str(tmp_path / "notes.txt"), tmp_path / "data"]
    model = ct.sklearn.save_model(LINE, "m", extra_files=extra)
    assert model.flavors["sklearn"]["extra_files"] == [{"path": "extra_files/notes.txt"}, {"path": "extra_files/data"}]
    assert "extra_files" not in model.flavors["python_function"]
    assert Path("m/extra_files/notes.txt").read_text() == "read me"
    assert Path("m/extra_files/data/deep/a.csv").read_text() == "1"
    assert ct.sklearn.load_model("m").predict([[2.0]]).tolist() == pytest.approx([4.0])
    greeter = ct.pyfunc.save_model("g", python_model=Greeter(), extra_files=extra)
    assert greeter.flavors["python_function"]["extra_files"] == model.flavors["sklearn"]["extra_files"]


@pytest.mark.parametrize(
    ("extra", "error", "said"),
    [
        (["nothing.txt"], NotFound, "nothing.txt"),
        ("notes.txt", InvalidInput, "it is a list of paths"),
        (["a/notes.txt", "b/notes.txt"], InvalidInput, "two paths for extra_files are named 'notes.txt'"),
    ],
)
def test_extra_files_that_cannot_be_are_refused(extra: Any, error: type[Exception], said: str) -> None:
    for folder in ("a", "b", "."):
        Path(folder).mkdir(exist_ok=True)
        Path(folder, "notes.txt").write_text("x")
    with pytest.raises(error, match=said):
        ct.sklearn.save_model(LINE, "m", extra_files=extra)
    assert not Path("m").exists()


def test_settings_travel_in_mlmodel_and_are_overridden_where_it_is_loaded(caplog: pytest.LogCaptureFixture) -> None:
    model = ct.pyfunc.save_model("m", python_model=Greeter(), model_config={"greeting": "hi", "deep": {"a": [1]}})
    assert yaml.safe_load(Path("m/MLmodel").read_text())["flavors"]["python_function"]["config"] == {
        "greeting": "hi",
        "deep": {"a": [1]},
    }
    assert model.flavors["python_function"]["config"]["greeting"] == "hi"
    loaded = ct.pyfunc.load_model("m", trust=True)
    assert greeted(loaded) == ["hi hi you"]
    assert loaded.model_config == {"greeting": "hi", "deep": {"a": [1]}}
    Path("other.yml").write_text("greeting: ho\ndeep: {b: 1}\n")
    for given in ({"greeting": "ho", "deep": {"b": 1}}, "other.yml", Path("other.yml")):
        other = ct.pyfunc.load_model("m", model_config=given, trust=True)
        assert greeted(other) == ["ho ho you"]
        assert other.model_config["deep"] == {"b": 1}
    assert not caplog.records
    ct.pyfunc.load_model("m", model_config={"greeting": "ho", "new": 1}, trust=True)
    assert "has no new, ignored; it knows deep, greeting" in caplog.text


def test_a_model_without_settings_has_empty_ones(caplog: pytest.LogCaptureFixture) -> None:
    ct.pyfunc.save_model("m", python_model=Greeter())
    assert "config" not in Model.load("m").flavors["python_function"]
    loaded = ct.pyfunc.load_model("m", model_config={"greeting": "ho"}, trust=True)
    assert greeted(loaded) == ["None None you"]
    assert "it was saved without model_config" in caplog.text


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("nothing.yml", "is no file"),
        ([1], "is a list"),
        ({1: 2}, "texts as keys"),
        ({"k": object()}, "JSON cannot say"),
        ("list.yml", "is a list"),
        ("bad.yml", "not plain YAML"),
    ],
)
def test_settings_that_cannot_be_kept_are_refused(config: Any, said: str) -> None:
    Path("list.yml").write_text("- 1\n")
    Path("bad.yml").write_text("a: !!python/name:os.system\n")
    with pytest.raises(InvalidInput, match=said):
        ct.pyfunc.save_model("m", python_model=Greeter(), model_config=config)
    assert not Path("m").exists()


@pytest.mark.parametrize("store_url", BOTH_MODES, indirect=True)
def test_a_logged_model_carries_both(store_url: str) -> None:
    ct.set_tracking_uri(store_url)
    Path("notes.txt").write_text("read me")
    with ct.start_run():
        info = ct.pyfunc.log_model(
            name="m", python_model=Greeter(), model_config={"greeting": "hi"}, extra_files=["notes.txt"]
        )
    loaded = ct.pyfunc.load_model(info.model_uri, model_config={"greeting": "ho"}, trust=True)
    assert greeted(loaded) == ["ho ho you"]
    assert "extra_files/notes.txt" in [
        item.path for item in ct.MlflowClient().list_logged_model_artifacts(info.model_id or "", "extra_files")
    ]


def test_an_estimator_is_kept_with_skops() -> None:
    model = ct.sklearn.save_model(LINE, "m", serialization_format="skops", skops_trusted_types=["a.B"])
    assert model.flavors["sklearn"]["pickled_model"] == "model.skops"
    assert model.flavors["sklearn"]["skops_trusted_types"] == ["a.B"]
    assert "skops" in Path("m/requirements.txt").read_text()
    assert "cloudpickle" not in Path("m/requirements.txt").read_text()
    for load in (ct.sklearn.load_model, ct.pyfunc.load_model):
        assert load("m").predict([[2.0]]).tolist() == pytest.approx([4.0])
    with pytest.raises(InvalidInput, match="skops_trusted_types is for"):
        ct.sklearn.save_model(LINE, "n", skops_trusted_types=["a.B"])


def test_a_model_of_skops_does_not_vouch_for_its_types() -> None:
    estimator = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
    estimator.own = Own()
    named = f"{Own.__module__}.{Own.__qualname__}"
    ct.sklearn.save_model(estimator, "m", serialization_format="skops", skops_trusted_types=[named])
    with pytest.raises(PermissionDenied, match="skops does not know"):
        ct.sklearn.load_model("m")
    assert ct.sklearn.load_model("m", trust=True).predict([[2.0]]).tolist() == pytest.approx([4.0])


def test_an_argument_that_nobody_knows_is_an_error(store_url: str) -> None:
    ct.set_tracking_uri(store_url)
    with ct.start_run(), pytest.raises(InvalidInput, match="no argument 'colour'"):
        ct.sklearn.log_model(LINE, name="m", colour="red")  # type: ignore[call-arg]  # the point of it
    with pytest.raises(InvalidInput, match="no argument 'colour'"):
        ct.sklearn.save_model(LINE, "m", colour="red")  # type: ignore[call-arg]  # the point of it


def test_arguments_of_other_places_are_refused_with_the_reason(store_url: str) -> None:
    ct.set_tracking_uri(store_url)
    with pytest.raises(InvalidInput, match="Databricks"):
        ct.register_model("runs:/x/m", "m", env_pack="databricks_model_serving")
    with ct.start_run() as run:
        ct.log_text("x", "a.txt")
    with pytest.raises(InvalidInput, match="the model registry is part of the store"):
        ct.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="a.txt", registry_uri="http://elsewhere")
    ct.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="a.txt", registry_uri=store_url)

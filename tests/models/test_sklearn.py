"""scikit-learn models: saved, logged, registered, loaded, predicting the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy
import pandas
import pytest
import yaml
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import cloudtrack as ct
from cloudtrack.errors import AlreadyExists, CorruptData, InvalidInput, NotFound, PermissionDenied
from cloudtrack.models.model_file import Model
from tests.conftest import SLOW_SERVER

X, Y = load_iris(return_X_y=True, as_frame=True)
MODELS = {
    "linear": LinearRegression().fit(X, Y),
    "logistic": LogisticRegression(max_iter=1000).fit(X, Y),
    "forest": RandomForestClassifier(5, random_state=1).fit(X, Y),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y),
    "arrays": LogisticRegression(max_iter=1000).fit(X.to_numpy(), Y.to_numpy()),
}


@pytest.fixture(autouse=True)
def _store(store_url: str) -> Iterator[None]:
    ct.set_tracking_uri(store_url)
    yield
    while ct.active_run():
        ct.end_run()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("form", ["cloudpickle", "pickle"])
def test_a_saved_model_predicts_the_same_wherever_its_folder_goes(name: str, form: str, tmp_path: Path) -> None:
    model = MODELS[name]
    data = X.to_numpy() if name == "arrays" else X
    ct.sklearn.save_model(
        model,
        tmp_path / "m",
        serialization_format=form,
        signature=ct.models.infer_signature(data, model.predict(data)),
        input_example=data[:2],
    )
    shutil.move(tmp_path / "m", tmp_path / "elsewhere")
    loaded = ct.sklearn.load_model(str(tmp_path / "elsewhere"))
    assert numpy.array_equal(loaded.predict(data), model.predict(data))
    function = ct.pyfunc.load_model(str(tmp_path / "elsewhere"))
    assert numpy.array_equal(function.predict(data), model.predict(data))
    files = {path.name for path in (tmp_path / "elsewhere").iterdir()}
    assert files == {
        "MLmodel",
        "model.pkl",
        "conda.yaml",
        "python_env.yaml",
        "requirements.txt",
        "input_example.json",
        "serving_input_example.json",
    }
    text = b"".join(path.read_bytes() for path in (tmp_path / "elsewhere").iterdir() if path.name != "model.pkl")
    assert str(tmp_path).encode() not in text


def test_requirements_are_what_the_model_imports_pinned(tmp_path: Path) -> None:
    ct.sklearn.save_model(MODELS["forest"], tmp_path / "m", input_example=X.head(1))
    lines = (tmp_path / "m" / "requirements.txt").read_text().splitlines()
    assert {line.partition("==")[0] for line in lines} >= {"scikit-learn", "numpy", "cloudpickle", "pandas"}
    assert all("==" in line for line in lines)
    assert lines == sorted(lines)
    conda = yaml.safe_load((tmp_path / "m" / "conda.yaml").read_text())
    assert conda["dependencies"][-1] == {"pip": lines}
    ct.sklearn.save_model(
        MODELS["forest"], tmp_path / "n", pip_requirements=["scikit-learn==1.0"], extra_pip_requirements=["mine"]
    )
    assert (tmp_path / "n" / "requirements.txt").read_text() == "scikit-learn==1.0\nmine\n"
    with pytest.raises(InvalidInput, match="not both"):
        ct.sklearn.save_model(MODELS["forest"], tmp_path / "o", conda_env={}, pip_requirements=[])
    assert not (tmp_path / "o").exists()


def test_the_same_model_saved_twice_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        identity = Model(utc_time_created="2026-01-01 00:00:00.000", model_uuid="0" * 32)
        ct.sklearn.save_model(MODELS["logistic"], tmp_path / name, mlflow_model=identity, input_example=X.head(1))
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


@pytest.mark.parametrize("store_url", ["folder", "server", "moto-obstore"], indirect=True)
def test_a_registered_model_is_loaded_by_every_kind_of_uri() -> None:
    with ct.start_run() as run:
        info = ct.sklearn.log_model(
            MODELS["forest"],
            name="model",
            signature=ct.models.infer_signature(X),
            input_example=X.head(2),
            registered_model_name="iris",
        )
    assert (info.model_uri, info.registered_model_version) == (f"models:/{info.model_id}", 1)
    version = ct.register_model(info.model_uri, "iris", tags={"k": "v"})
    assert (version.version, version.run_id, version.model_id) == (2, run.info.run_id, info.model_id)
    assert version.tags == {"k": "v"}
    client = ct.MlflowClient()
    client.transition_model_version_stage("iris", 1, "Production")
    client.set_registered_model_alias("iris", "champion", 2)
    expected = MODELS["forest"].predict(X)
    for uri in (
        info.model_uri,
        f"runs:/{run.info.run_id}/model",
        "models:/iris/1",
        "models:/iris/Production",
        "models:/iris/production",
        "models:/iris@champion",
        "models:/iris/latest",
    ):
        assert numpy.array_equal(ct.pyfunc.load_model(uri).predict(X), expected), uri
        assert numpy.array_equal(ct.sklearn.load_model(uri).predict(X), expected), uri
    loaded = ct.pyfunc.load_model("models:/iris/1")
    assert loaded.metadata.run_id == run.info.run_id
    assert loaded.metadata.signature == info.signature
    assert type(loaded.unwrap_python_model()).__name__ == "RandomForestClassifier"


@pytest.mark.parametrize("store_url", SLOW_SERVER, indirect=True)
@pytest.mark.parametrize(
    ("uri", "error", "said"),
    [
        ("models:/nope/1", NotFound, "nope"),
        ("models:/iris/9", NotFound, "9"),
        ("models:/iris@boss", NotFound, "boss"),
        ("models:/iris/Staging", NotFound, "Staging"),
        ("models:/iris/Canary", InvalidInput, "Canary"),
        ("models:/iris", InvalidInput, "no model URI"),
        ("runs:/nothing", InvalidInput, "no model URI"),
        ("runs:/" + "0" * 32 + "/model", NotFound, "no run"),
        ("ftp:/x/y", InvalidInput, "no model URI"),
        ("runs:/" + "0" * 32 + "/../../x", InvalidInput, "path"),
        ("/no/such/folder", NotFound, "MLmodel"),
    ],
)
def test_a_uri_that_leads_nowhere_says_why(uri: str, error: type[Exception], said: str) -> None:
    with ct.start_run():
        ct.sklearn.log_model(MODELS["linear"], name="model", registered_model_name="iris")
    with pytest.raises(error, match=said):
        ct.pyfunc.load_model(uri)


@pytest.mark.parametrize("store_url", SLOW_SERVER, indirect=True)
def test_only_a_model_is_registered() -> None:
    with ct.start_run() as run:
        ct.log_text("x", "model/readme.txt")
    with pytest.raises(NotFound, match="MLmodel"):
        ct.register_model(f"runs:/{run.info.run_id}/model", "m")
    with pytest.raises(NotFound):
        ct.MlflowClient().get_registered_model("m")


def test_a_folder_in_use_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "precious").write_text("x")
    with pytest.raises(AlreadyExists):
        ct.sklearn.save_model(MODELS["linear"], tmp_path / "m")
    assert [path.name for path in (tmp_path / "m").iterdir()] == ["precious"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flavors: !!python/object/apply:os.system ['touch owned']", "not plain YAML"),
        ("- a list", "no flavors"),
        ('flavors: {}\nsignature: {inputs: \'[{"type": "martian"}]\'}', "martian"),
        ("flavors: {}\nsignature: {inputs: 'not json'}", "JSON"),
        ("\x00", "not plain YAML"),
    ],
)
def test_a_bad_mlmodel_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "MLmodel").write_text(text)
    with pytest.raises(CorruptData, match=said):
        ct.pyfunc.load_model(str(tmp_path))
    assert not Path("owned").exists()


def test_a_model_without_the_flavor_asked_for_is_named(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {spark: {}}")
    with pytest.raises(InvalidInput, match="'sklearn'; it has spark"):
        ct.sklearn.load_model(str(tmp_path))
    (tmp_path / "MLmodel").write_text("flavors: {python_function: {loader_module: os.path}}")
    with pytest.raises(InvalidInput, match=r"os\.path"):
        ct.pyfunc.load_model(str(tmp_path))
    (tmp_path / "MLmodel").write_text("flavors: {sklearn: {pickled_model: ../../etc/passwd}}")
    with pytest.raises(InvalidInput, match="outside its folder"):
        ct.sklearn.load_model(str(tmp_path))


class Doubler(ct.pyfunc.PythonModel):
    """Multiplies by what its artifact says."""

    def load_context(self, context: ct.pyfunc.PythonModelContext) -> None:
        self.factor = int(Path(context.artifacts["factor"]).read_text())

    def predict(self, context: object, model_input: pandas.DataFrame, params: dict | None = None) -> pandas.DataFrame:
        return model_input * self.factor + (params or {}).get("plus", 0)


@pytest.mark.parametrize("store_url", SLOW_SERVER, indirect=True)
def test_python_models_carry_their_artifacts_and_params(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "factor.txt").write_text("3")
    frame = pandas.DataFrame({"a": [1.0, 2.0]})
    with ct.start_run() as run:
        ct.pyfunc.log_model(
            name="m",
            python_model=Doubler(),
            artifacts={"factor": str(tmp_path / "factor.txt")},
            signature=ct.models.infer_signature(frame, frame, params={"plus": 0}),
        )
        ct.pyfunc.log_model(name="f", python_model=lambda data: data + 1)
    (tmp_path / "factor.txt").unlink()
    model = ct.pyfunc.load_model(f"runs:/{run.info.run_id}/m", trust=True)
    assert model.predict(frame)["a"].tolist() == [3.0, 6.0]
    assert model.predict(frame, params={"plus": 1})["a"].tolist() == [4.0, 7.0]
    assert model.predict(frame, params={"minus": 1})["a"].tolist() == [3.0, 6.0]
    assert "params ['minus'] are ignored: the model's signature has ['plus']" in caplog.text
    with pytest.raises(InvalidInput, match="'plus'"):
        model.predict(frame, params={"plus": "much"})
    function = ct.pyfunc.load_model(f"runs:/{run.info.run_id}/f", trust=True)
    assert function.predict(frame)["a"].tolist() == [2.0, 3.0]


def test_a_model_cannot_vouch_for_its_own_types_and_code(tmp_path: Path) -> None:
    from sklearn.preprocessing import FunctionTransformer
    from skops import io

    ct.sklearn.save_model(MODELS["linear"], tmp_path / "m")
    io.dump(FunctionTransformer(shout), tmp_path / "m" / "model.skops")
    content = yaml.safe_load((tmp_path / "m" / "MLmodel").read_text())
    content["flavors"]["sklearn"] |= {"pickled_model": "model.skops", "skops_trusted_types": [f"{__name__}.shout"]}
    (tmp_path / "m" / "MLmodel").write_text(yaml.safe_dump(content))
    with pytest.raises(PermissionDenied, match="shout"):
        ct.sklearn.load_model(str(tmp_path / "m"))
    assert ct.sklearn.load_model(str(tmp_path / "m"), trust=True).func is shout
    (tmp_path / "own.py").write_text("x = 1\n")
    ct.sklearn.save_model(MODELS["linear"], tmp_path / "with_code", code_paths=[str(tmp_path / "own.py")])
    for load in (ct.sklearn.load_model, ct.pyfunc.load_model):
        with pytest.raises(PermissionDenied, match="code that the model brings"):
            load(str(tmp_path / "with_code"), trust=False)
        load(str(tmp_path / "with_code"), trust=True)


def shout(text: object) -> object:
    return text

"""What every flavor promises, as tests over cases: models go both ways between cloudtrack and the real MLflow.

A test file makes its cases and names one class::

    class TestXgboost(Conformance):
        cases = [Case("classifier", "xgboost", train, X, lambda model, data: model.predict(data))]

Frameworks clash in one process, so each test file runs in its own. Without MLflow the tests that need it are
skipped.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy
import pandas
import pytest
import yaml

import cloudtrack as ct
from cloudtrack.config import TRUST_MODELS
from cloudtrack.errors import AlreadyExists, InvalidInput
from cloudtrack.models.model_file import Model
from tests.flavors import written_by_mlflow2


@dataclass(frozen=True)
class Case:
    """A model of a flavor. ``flavor`` names the module, here and in MLflow; ``distribution`` what pip installs."""

    id: str
    flavor: str
    train: Callable[[], Any]
    """Makes the model; quick, and the same each time."""
    data: Any
    """What ``pyfunc`` predicts for; the input example too."""
    predict: Callable[[Any, Any], Any]
    """What ``pyfunc`` is to give for the data, by the framework's own means."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of ``save_model``, the same here and in MLflow."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Of prediction."""
    distribution: str = ""
    """The flavor's name where it is empty."""
    tolerance: float = 0.0
    """Relative; for frameworks that do not give the same bits twice."""
    trusted: bool = False
    """Its files run code, so that it loads only where models are trusted."""
    same_class: bool = True
    """It comes back as an object of its own class; not what was traced or exported."""

    @property
    def ours(self) -> ModuleType:
        """The flavor of cloudtrack."""
        return importlib.import_module(f"cloudtrack.flavors.{self.flavor}")

    @property
    def theirs(self) -> Any:
        """The flavor of MLflow."""
        return pytest.importorskip(f"mlflow.{self.flavor}", reason="MLflow is not installed")

    def check(self, loaded: Any, model: Any, predictions: Any) -> None:
        """What was loaded is the model that was saved."""
        assert not self.same_class or type(loaded) is type(model)
        assert_same(self.predict(loaded, self.data), predictions, self.tolerance)


@dataclass(frozen=True)
class Saved:
    """A model folder, and what its model predicted before it was saved."""

    folder: Path
    predictions: Any
    signature: Any


class Conformance:
    """The tests; a subclass has the cases."""

    cases: ClassVar[list[Case]]
    pytestmark = pytest.mark.flavors

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run each test for each case."""
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", self.cases, ids=[case.id for case in self.cases], scope="class")

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, case: Case) -> Any:
        return case.train()

    @pytest.fixture(scope="class")
    @classmethod
    def ours(cls, case: Case, model: Any, tmp_path_factory: pytest.TempPathFactory) -> Saved:
        """Saved by cloudtrack."""
        folder = tmp_path_factory.mktemp("ours") / "model"
        predictions = case.predict(model, case.data)
        signature = ct.models.infer_signature(case.data, predictions, params=dict(case.params) or None)
        case.ours.save_model(model, folder, signature=signature, input_example=case.data, **case.options)
        return Saved(folder, predictions, signature)

    @pytest.fixture(scope="class")
    @classmethod
    def theirs(cls, case: Case, model: Any, tmp_path_factory: pytest.TempPathFactory) -> Saved:
        """Saved by MLflow."""
        folder = tmp_path_factory.mktemp("theirs") / "model"
        predictions = case.predict(model, case.data)
        infer = pytest.importorskip("mlflow.models", reason="MLflow is not installed").infer_signature
        signature = infer(case.data, predictions, params=dict(case.params) or None)
        case.theirs.save_model(
            model,
            str(folder),
            signature=signature,
            input_example=case.data,
            pip_requirements=["named-by-the-test==1.0"],  # to find them itself takes MLflow a process of its own
            **case.options,
        )
        return Saved(folder, predictions, signature)

    @pytest.fixture(autouse=True)
    def _trust(self, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(TRUST_MODELS, "1" if case.trusted else "0")  # "0": else MLflow's own word would be ours

    @pytest.fixture
    def run_id(self, make_url: Callable[[str], str]) -> Iterator[str]:
        """An active run on a new folder store."""
        ct.set_tracking_uri(make_url("folder"))
        with ct.start_run() as run:
            yield run.info.run_id

    def test_our_folder_loads_as_the_frameworks_own_model(self, case: Case, model: Any, ours: Saved) -> None:
        case.check(case.ours.load_model(str(ours.folder)), model, ours.predictions)

    def test_our_folder_predicts_as_a_function(self, case: Case, ours: Saved) -> None:
        function = ct.pyfunc.load_model(str(ours.folder))
        assert_same(function.predict(case.data, params=case.params), ours.predictions, case.tolerance)

    def test_mlflow_loads_our_folder(self, case: Case, model: Any, ours: Saved) -> None:
        case.check(case.theirs.load_model(str(ours.folder)), model, ours.predictions)

    def test_a_folder_of_mlflow_loads_here(self, case: Case, model: Any, theirs: Saved) -> None:
        case.check(case.ours.load_model(str(theirs.folder)), model, theirs.predictions)

    @pytest.mark.parametrize("whose", ["ours", "theirs"])
    def test_both_predict_the_same_as_functions(self, case: Case, whose: str, request: pytest.FixtureRequest) -> None:
        saved: Saved = request.getfixturevalue(whose)
        theirs = _mlflow_pyfunc().load_model(str(saved.folder)).predict(case.data, params=dict(case.params))
        function = ct.pyfunc.load_model(str(saved.folder)).predict(case.data, params=case.params)
        assert type(function) is type(theirs)
        assert_same(function, theirs, case.tolerance)
        assert_same(theirs, saved.predictions, case.tolerance)

    def test_mlmodel_has_the_keys_that_mlflow_writes(self, ours: Saved, theirs: Saved) -> None:
        assert _flavors(ours.folder) == _flavors(theirs.folder)

    def test_mlflow_finds_our_signature_example_and_requirements(self, case: Case, ours: Saved) -> None:
        found = pytest.importorskip("mlflow.models").Model.load(str(ours.folder))
        assert _json(found.signature) == _json(ours.signature)
        assert type(found.load_input_example(str(ours.folder))) is type(case.data)
        requirements = _mlflow_pyfunc().get_model_dependencies(str(ours.folder))
        assert set(_requirements(ours.folder)) <= set(Path(requirements).read_text().splitlines())

    def test_we_find_the_signature_and_example_of_mlflow(self, theirs: Saved) -> None:
        found = Model.load(theirs.folder)
        assert _json(found.signature) == _json(theirs.signature)
        assert found.saved_input_example_info is not None
        assert (theirs.folder / found.saved_input_example_info["artifact_path"]).is_file()

    def test_the_folder_can_be_moved_and_names_its_framework(self, case: Case, ours: Saved) -> None:
        texts = _scalars(yaml.safe_load((ours.folder / "MLmodel").read_text()))
        assert not [text for text in texts if os.path.isabs(text)]
        name = case.distribution or case.flavor
        assert f"{name}=={metadata.version(name)}" in _requirements(ours.folder)

    def test_a_logged_model_is_loaded_from_its_run(self, case: Case, model: Any, ours: Saved, run_id: str) -> None:
        info = case.ours.log_model(model, name="model", signature=ours.signature, **case.options)
        for uri in (f"runs:/{run_id}/model", info.model_uri):
            assert_same(case.predict(case.ours.load_model(uri), case.data), ours.predictions, case.tolerance)
            function = ct.pyfunc.load_model(uri)
            assert_same(function.predict(case.data, params=case.params), ours.predictions, case.tolerance)

    def test_a_folder_in_use_stays_as_it_is(self, case: Case, model: Any, tmp_path: Path) -> None:
        folder = tmp_path / "models" / "used"
        folder.mkdir(parents=True)
        (folder / "precious").write_text("x")
        with pytest.raises(AlreadyExists, match="used"):
            case.ours.save_model(model, folder, **case.options)
        assert [path.name for path in folder.parent.rglob("*")] == ["used", "precious"]

    def test_a_model_of_another_kind_is_refused_and_leaves_nothing(self, case: Case, tmp_path: Path) -> None:
        (tmp_path / "models").mkdir()
        with pytest.raises(InvalidInput, match="Unknown"):
            case.ours.save_model(Unknown(), tmp_path / "models" / "m", **case.options)
        assert list((tmp_path / "models").iterdir()) == []


class Unknown:
    """No framework's model."""


MLFLOW2 = os.environ.get("CLOUDTRACK_MLFLOW2_FLAVORS_PYTHON", "")


class WrittenByMlflow2:
    """A folder that MLflow 2 wrote loads here, and predicts what it predicted there.

    Runs where CLOUDTRACK_MLFLOW2_FLAVORS_PYTHON names an interpreter with MLflow 2 and the frameworks, as ``make
    test-flavors`` does.
    """

    flavor: ClassVar[str]
    """MLflow's name."""
    tolerance: ClassVar[float] = 0.0
    trusted: ClassVar[bool] = False
    pytestmark = [
        pytest.mark.flavors,
        pytest.mark.skipif(not MLFLOW2, reason="CLOUDTRACK_MLFLOW2_FLAVORS_PYTHON names no interpreter with MLflow 2"),
    ]

    @pytest.fixture(scope="class")
    @classmethod
    def written(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("mlflow2")
        command = [MLFLOW2, written_by_mlflow2.__file__, cls.flavor, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == 0, done.stderr[-3000:]
        return folder

    def test_a_folder_of_mlflow_2_loads_here(self, written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(TRUST_MODELS, "1" if self.trusted else "0")
        folder, said = written / "model", json.loads((written / "said.json").read_text())
        assert str(Model.load(folder).mlflow_version).startswith("2.")
        predictions = ct.pyfunc.load_model(str(folder)).predict(written_by_mlflow2.EXAMPLES[self.flavor].data)
        assert_same(written_by_mlflow2.plain(predictions), said["predictions"], self.tolerance)
        if self.flavor != "pyfunc":
            loaded = importlib.import_module(f"cloudtrack.flavors.{self.flavor}").load_model(str(folder))
            assert type(loaded).__qualname__ == said["class"]


def _mlflow_pyfunc() -> Any:
    return pytest.importorskip("mlflow.pyfunc", reason="MLflow is not installed")


def assert_same(found: Any, expected: Any, tolerance: float = 0.0) -> None:
    """Equal values in equal structure: tables, arrays, dictionaries, lists. The tolerance is for floats alone."""
    if isinstance(expected, Mapping):
        assert list(found) == list(expected)
        for key, value in expected.items():
            assert_same(found[key], value, tolerance)
    elif isinstance(expected, pandas.DataFrame):
        assert list(found.columns) == list(expected.columns)
        for column in expected.columns:
            assert_same(found[column], expected[column], tolerance)
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other, tolerance)
    elif tolerance and _array(expected).dtype.kind in "fc":
        numpy.testing.assert_allclose(_array(found), _array(expected), rtol=tolerance, atol=tolerance)
    else:
        numpy.testing.assert_array_equal(_array(found), _array(expected), strict=True)


def _array(values: Any) -> Any:
    array = values.to_numpy() if hasattr(values, "to_numpy") else numpy.asarray(values)
    return array.astype("datetime64[ns]") if array.dtype.kind == "M" else array  # MLflow makes all times ns


def _flavors(folder: Path) -> dict[str, dict[str, Any]]:
    """What ``MLmodel`` says of flavors. A key without a value is as good as none, for MLflow writes some and not all;
    the order of a list is not held, for MLflow makes some from sets.
    """
    flavors = yaml.safe_load((folder / "MLmodel").read_text())["flavors"]
    return {
        name: {
            key: sorted(value, key=str) if isinstance(value, list) else value
            for key, value in entry.items()
            if value is not None
        }
        for name, entry in flavors.items()
    }


def _requirements(folder: Path) -> list[str]:
    return (folder / "requirements.txt").read_text().splitlines()


def _json(signature: Any) -> Any:
    return {part: text and yaml.safe_load(text) for part, text in signature.to_dict().items()}


def _scalars(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        for item in content:
            yield from _scalars(item)
    elif isinstance(content, str):
        yield content

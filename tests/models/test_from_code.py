"""Models that are code: a file that hands one to ``set_model``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

import cloudtrack as ct
from cloudtrack.errors import InvalidInput, NotFound, PermissionDenied
from cloudtrack.models.model_file import Model

_CODE = """
import cloudtrack as ct
from cloudtrack.models import ModelConfig, set_model

settings = ModelConfig(development_config={"factor": 1})
set_model(lambda values: [settings.get("factor") * value for value in values])
"""


def _saved(folder: Path) -> Path:
    code = folder / "double.py"
    code.write_text(_CODE)
    ct.pyfunc.save_model(folder / "model", python_model=str(code), model_config={"factor": 2})
    code.unlink()
    return folder / "model"


def test_the_code_is_kept_and_run_with_the_settings(tmp_path: Path) -> None:
    model = _saved(tmp_path)
    assert not list(model.rglob("*.pkl"))
    assert ct.pyfunc.load_model(str(model), trust=True).predict([1, 2]) == [2, 4]
    assert ct.pyfunc.load_model(str(model), trust=True, model_config={"factor": 5}).predict([1]) == [5]


def test_what_runs_leaves_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    model = _saved(tmp_path)
    files = sorted(tmp_path.rglob("*"))
    assert ct.pyfunc.load_model(str(model), trust=True).predict([1]) == [2]
    assert sorted(tmp_path.rglob("*")) == files
    assert not list(tmp_path.rglob("*.pyc"))
    assert not sys.dont_write_bytecode


def test_code_runs_only_where_it_is_trusted(tmp_path: Path) -> None:
    model = _saved(tmp_path)
    with pytest.raises(PermissionDenied, match=r"double\.py is code"):
        ct.pyfunc.load_model(str(model))


def test_what_mlflow_writes_is_found_by_its_name(tmp_path: Path) -> None:
    model = _saved(tmp_path)
    content = yaml.safe_load((model / "MLmodel").read_text())
    content["flavors"]["python_function"]["model_code_path"] = "/elsewhere/double.py"
    (model / "MLmodel").write_text(yaml.safe_dump(content))
    assert ct.pyfunc.load_model(str(model), trust=True).predict([3]) == [6]


@pytest.mark.parametrize(
    ("code", "why"),
    [("x = 1", "makes no model"), ("from cloudtrack.models import set_model\nset_model(3)", "python_model is")],
)
def test_code_that_makes_no_model_is_refused_when_it_is_logged(code: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(code)
    with pytest.raises(InvalidInput, match=why):
        ct.pyfunc.save_model(tmp_path / "model", python_model=tmp_path / "bad.py")
    assert not (tmp_path / "model").exists()
    with pytest.raises(NotFound, match=r"missing\.py"):
        ct.pyfunc.save_model(tmp_path / "model", python_model="missing.py")


def test_a_setting_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "asks.py").write_text(_CODE.replace('settings.get("factor")', 'settings.get("other")'))
    ct.pyfunc.save_model(tmp_path / "model", python_model=tmp_path / "asks.py")
    with pytest.raises(InvalidInput, match="no setting 'other'"):
        ct.pyfunc.load_model(str(tmp_path / "model"), trust=True).predict([1])


def test_a_saved_model_is_given_another_signature(tmp_path: Path) -> None:
    model = _saved(tmp_path)
    signature = ct.models.infer_signature([1, 2], [2, 4])
    ct.models.set_signature(str(model), signature)
    assert Model.load(model).signature == signature
    assert ct.models.get_model_info(str(model)).signature == signature

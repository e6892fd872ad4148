"""What a model needs, found among what is installed."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import sklearn
from sklearn.linear_model import LinearRegression

import cloudtrack as ct
from cloudtrack.mlflow_names import FLAVORS
from cloudtrack.models.environment import pinned
from cloudtrack.plain_yaml import read_yaml


def test_what_is_installed_meanwhile_is_pinned_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    assert pinned({"fetched_late"}) == []
    described = tmp_path / "fetched_late-1.5.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: fetched-late\nVersion: 1.5\n")
    (described / "top_level.txt").write_text("fetched_late\n")
    assert pinned({"fetched_late", "os"}) == ["fetched-late==1.5"]


def test_a_flavor_says_what_its_models_need_before_there_is_one(tmp_path: Path) -> None:
    """What it says is what a model is saved with, and makes an environment that a model can be saved with."""
    model = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    ct.sklearn.save_model(model, tmp_path / "plain")
    needed = ct.sklearn.get_default_pip_requirements(include_cloudpickle=True)
    assert (tmp_path / "plain" / "requirements.txt").read_text().splitlines() == needed
    assert f"scikit-learn=={sklearn.__version__}" in ct.sklearn.get_default_pip_requirements()

    conda = ct.sklearn.get_default_conda_env()
    ct.sklearn.save_model(model, tmp_path / "conda", conda_env=conda)
    assert read_yaml(tmp_path / "conda" / "conda.yaml", "it") == conda


@pytest.mark.parametrize("flavor", FLAVORS)
def test_every_flavor_has_default_requirements(flavor: str) -> None:
    module = importlib.import_module(f"cloudtrack.flavors.{flavor}")
    model = (None,) if flavor == "transformers" else ()
    needed = module.get_default_pip_requirements(*model)
    assert all("==" in line for line in needed), "what is not installed is left out"
    assert {"pip": needed} in module.get_default_conda_env(*model)["dependencies"]

"""Flavors are tested where all frameworks and MLflow are: ``make test-flavors``."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

collect_ignore_glob = [] if find_spec("mlflow") else ["test_*.py"]


@pytest.fixture(autouse=True, scope="module")
def _mlflow_reads_pickles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Some flavors of MLflow have no other form. It leaves folders where it runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
        patch.chdir(tmp_path_factory.mktemp("mlflow"))
        yield

"""The files of a downloaded model stay as long as the model, which may read them late, and no longer."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cloudtrack as ct
from cloudtrack.models.temporary_folders import keep_while


class Late(ct.pyfunc.PythonModel):
    """Reads its artifact at its first prediction."""

    def load_context(self, context: Any) -> None:
        self.path = context.artifacts["factor"]

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return [value * float(Path(self.path).read_text()) for value in model_input]


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def uri(make_url: Callable[[str], str], tmp_path: Path) -> str:
    """A logged model that reads late."""
    ct.set_tracking_uri(make_url("folder"))
    (tmp_path / "factor.txt").write_text("3")
    with ct.start_run():
        return ct.pyfunc.log_model(
            name="late", python_model=Late(), artifacts={"factor": tmp_path / "factor.txt"}
        ).model_uri


def folders(downloads: Path) -> list[str]:
    gc.collect()
    return os.listdir(downloads)


def test_files_are_there_until_the_model_is_gone(uri: str, downloads: Path) -> None:
    model = ct.pyfunc.load_model(uri, trust=True)
    assert len(folders(downloads)) == 1
    assert model.predict([1.0, 2.0]) == [3.0, 6.0]
    del model
    assert folders(downloads) == []


def test_files_stay_for_the_object_behind_the_function(uri: str, downloads: Path) -> None:
    inner = ct.pyfunc.load_model(uri, trust=True).unwrap_python_model()
    assert len(folders(downloads)) == 1
    assert inner.predict(None, [1.0]) == [3.0]
    del inner
    assert folders(downloads) == []


def test_a_folder_that_one_names_stays(uri: str, downloads: Path, tmp_path: Path) -> None:
    ct.pyfunc.load_model(uri, dst_path=tmp_path / "mine", trust=True)
    gc.collect()
    assert (tmp_path / "mine" / "MLmodel").is_file()
    assert folders(downloads) == []


def test_a_model_that_is_refused_leaves_no_files(uri: str, downloads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDTRACK_TRUST_MODELS", "0")
    with pytest.raises(ct.errors.PermissionDenied):
        ct.pyfunc.load_model(uri)
    assert folders(downloads) == []


def test_flavors_keep_files_too(make_url: Callable[[str], str], downloads: Path) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    ct.set_tracking_uri(make_url("folder"))
    with ct.start_run():
        info = ct.sklearn.log_model(linear.LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0]), name="line")
    model = ct.sklearn.load_model(info.model_uri)
    assert len(folders(downloads)) == 1
    assert model.predict([[3.0]]) == pytest.approx([3.0])
    del model
    assert folders(downloads) == []


@pytest.mark.parametrize("owner", ["set()", "{}"], ids=["with-weak-references", "without"])
def test_files_are_gone_when_the_process_ends_and_not_when_a_fork_does(owner: str, tmp_path: Path) -> None:
    program = f"""
        import os, pathlib, sys
        from cloudtrack.models.temporary_folders import keep_while

        folder = pathlib.Path({str(tmp_path / "kept")!r})
        folder.mkdir()
        owner = {owner}
        keep_while(owner, folder)
        if (child := os.fork()) == 0:
            del owner
            sys.exit()  # as a server's worker ends
        os.waitpid(child, 0)
        print(folder.exists())
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    assert not (tmp_path / "kept").exists()


def test_what_has_no_weak_references_keeps_its_files(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    keep_while({"task": 1}, tmp_path / "kept")
    gc.collect()
    assert (tmp_path / "kept").is_dir()

"""``infer_code_paths`` brings what a model imports of the working folder, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

import cloudtrack as ct
from cloudtrack.errors import InvalidInput
from cloudtrack.flavors.own_code import own_code

_PROGRAM = """
import cloudtrack as ct
from steps.first import double

class Doubles(ct.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return double(model_input)

ct.pyfunc.save_model("model", python_model=Doubles(), infer_code_paths=True)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a package, a module that it imports, one that nobody imports, and an environment."""
    for path, text in {
        "steps/__init__.py": "",
        "steps/first.py": "import json\nfrom numbers_of_ours import TWO\ndef double(values):\n"
        "    from . import second\n    return [TWO * value for value in values]\n",
        "steps/second.py": "import numpy\n",
        "numbers_of_ours.py": "TWO = 2\n",
        "unused.py": "",
        "broken.py": "def (",
        "train.py": _PROGRAM,
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_what_is_imported_is_found_and_what_it_imports_in_turn(folder: Path) -> None:
    ours = [str(folder / "numbers_of_ours.py"), str(folder / "steps")]
    assert own_code(["steps.first", "numpy", "json", "__main__", "nowhere"]) == ours
    assert own_code([], folder / "train.py") == ours
    assert own_code(["broken"]) == [str(folder / "broken.py")]
    assert own_code(["sklearn", "cloudtrack"]) == []


def test_what_is_installed_below_the_working_folder_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert own_code(["numpy", "json"]) == []


def test_a_model_predicts_where_its_code_is_not(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    run = partial(subprocess.run, capture_output=True, text=True, env=environment, check=False)
    made = run([sys.executable, "train.py"], cwd=folder)
    assert made.returncode == 0, made.stderr
    code = (
        f"import cloudtrack as ct; print(ct.pyfunc.load_model({str(folder / 'model')!r}, trust=True).predict([1, 2]))"
    )
    done = run([sys.executable, "-c", code], cwd=tmp_path_factory.mktemp("else"))
    assert done.stdout.strip() == "[2, 4]", done.stderr
    assert sorted(path.name for path in (folder / "model" / "code").iterdir()) == ["numbers_of_ours.py", "steps"]


def test_code_paths_are_named_or_found(folder: Path) -> None:
    with pytest.raises(InvalidInput, match="not both"):
        ct.pyfunc.save_model("model", python_model=len, infer_code_paths=True, code_paths=["unused.py"])
    ct.pyfunc.save_model("plain", python_model=len, infer_code_paths=True)
    assert not (folder / "plain" / "code").exists()

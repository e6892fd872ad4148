"""A project to sweep, and a backend that is fast."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.projects.sweeps import inline_backend

_MLPROJECT = """
name: swept
entry_points:
  main:
    parameters:
      alpha: {type: float, default: 1}
      depth: {type: int, default: 2}
      flag: {type: string, default: none}
    command: "true"
  sleep:
    parameters:
      seconds: float
    command: "sleep {seconds}"
  wait:
    parameters:
      number: int
      flag: string
    command: 'echo {number} > started; while [ ! -e {flag} ]; do sleep 0.1; done'
  read:
    parameters:
      inside: {type: path, default: inside.txt}
      outside: path
      number: int
    command: "cat {inside} {outside} > read.txt && grep -q in read.txt && grep -q out read.txt"
  train:
    parameters:
      alpha: float
    command: "python train.py {alpha}"
"""
_TRAIN = """
import sys
import cloudtrack as ct
with ct.start_run():
    ct.log_metric("loss", float(sys.argv[1]) ** 2)
    with ct.start_run(nested=True, run_name="inner"):
        ct.log_param("inner", "yes")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "MLproject").write_text(_MLPROJECT)
    (folder / "inside.txt").write_text("in\n")
    (folder / "train.py").write_text(_TRAIN)
    return folder


@pytest.fixture
def inline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a backend whose jobs are over at once."""
    inline_backend.register(tmp_path / "packages")
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    inline_backend.launched.clear()
    inline_backend.most_at_once = 0
    return "inline"

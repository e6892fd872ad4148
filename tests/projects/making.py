"""Projects for tests."""

from __future__ import annotations

from pathlib import Path

TUTORIAL = """\
name: tutorial

conda_env: conda.yaml

entry_points:
  main:
    parameters:
      alpha: {type: float, default: 0.5}
      l1_ratio: {type: float, default: 0.1}
    command: "python train.py {alpha} {l1_ratio}"
"""
CONDA = """\
name: tutorial
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
      - PACKAGE
"""
TRAIN = """\
import sys

import PACKAGE as mlflow

alpha, l1_ratio = float(sys.argv[1]), float(sys.argv[2])
with mlflow.start_run():
    mlflow.log_param("alpha", alpha)
    for step in range(3):
        mlflow.log_metric("rmse", alpha + l1_ratio / (step + 1), step=step)
    mlflow.set_tag("by", "train.py")
print("trained with", alpha, l1_ratio)
"""


def tutorial(folder: Path, package: str = "cloudtrack") -> Path:
    """A project as MLflow's tutorial describes it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"MLproject": TUTORIAL, "conda.yaml": CONDA, "train.py": TRAIN}.items():
        (folder / name).write_text(text.replace("PACKAGE", package))
    return folder


def script(folder: Path, text: str, *, command: str = "python run.py", parameters: str = "{}") -> Path:
    """A project of one script."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.py").write_text(text)
    (folder / "MLproject").write_text(
        f"name: small\nentry_points:\n  main:\n    parameters: {parameters}\n    command: |-\n      {command}\n"
    )
    return folder

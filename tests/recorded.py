"""What MLflow was recorded to answer; it holds for the pandas that it was recorded with."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[1]

with_pandas_3 = pytest.mark.skipif(
    int(metadata.version("pandas").partition(".")[0]) < 3,
    reason="MLflow's answers were recorded with pandas 3, where text has a type of its own",
)


def found_in_mlflow(python: str, module: str) -> dict[str, Any]:
    """What ``module`` finds in MLflow's environment, by the name of each case; it writes it to the file it is given."""
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    allowed = {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "true"}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "found.json"
        ran = subprocess.run(
            [python, "-m", module, str(file)],
            cwd=_ROOT,
            env={**os.environ, **quiet, **allowed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        found: dict[str, Any] = json.loads(file.read_text())
    return found


def write_golden(file: Path, found: dict[str, Any]) -> None:
    """Write what was found with a line for each case."""
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(found[name])}" for name in found)
    file.write_text(f"{{\n{lines}\n}}\n")

"""Interpreters that have MLflow, and cloudtrack with its plugin; ``make test-mlflow`` makes them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PYTHONS = {
    "mlflow-3": os.environ.get("CLOUDTRACK_MLFLOW_PLUGIN_PYTHON", ""),
    "mlflow-2": os.environ.get("CLOUDTRACK_MLFLOW2_PLUGIN_PYTHON", ""),
}
HERE = Path(__file__).parent


def python(mlflow: str = "mlflow-3") -> str:
    """The interpreter; the test is skipped where there is none."""
    if not PYTHONS[mlflow]:
        pytest.skip(f"no interpreter with {mlflow} and the plugin is named: run `make test-mlflow`")
    return PYTHONS[mlflow]


def environment(uri: str, folder: Path) -> dict[str, str]:
    """What a program of a user of MLflow finds around it."""
    return {
        **os.environ,
        "MLFLOW_TRACKING_URI": uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "CLOUDTRACK_SPOOL_DIR": str(folder / "spool"),
        "PYTHONWARNINGS": "ignore",
    }


def run_script(
    script: Path | str, *words: str, uri: str, folder: Path, mlflow: str = "mlflow-3"
) -> subprocess.CompletedProcess[str]:
    """Run a program, or code, with MLflow's stock client on a store; it must succeed."""
    code = ["-c", script] if isinstance(script, str) else [str(script)]
    done = run([python(mlflow), *code, *words], uri=uri, folder=folder)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-6000:]}"
    return done


def run(command: list[str], *, uri: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, whatever that is."""
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, timeout=900, env=environment(uri, folder)
    )

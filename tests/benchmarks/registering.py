"""Versions and stage transitions a second, by one process and by eight that contend for one model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPT = Path(__file__).with_name("registrar.py")
PROCESSES = (1, 8)
COUNT = 160
_START_S = 12.0
"""So long eight processes take to import MLflow, on two processors."""


def measure(mlflow: str) -> tuple[dict[str, float], dict[str, float]]:
    """By verb and number of processes: how many a second, ours on a folder and MLflow's on sqlite."""
    ours: dict[str, float] = {}
    theirs: dict[str, float] = {}
    for verb in ("register", "transition"):
        for processes in PROCESSES:
            name = f"{verb}, processes: {processes}, per s "
            ours[name] = _rate(sys.executable, "cloudtrack", verb, processes, start_s=2.0)
            if mlflow:
                theirs[name] = _rate(mlflow, "mlflow", verb, processes, start_s=_START_S)
    return ours, theirs


def _rate(python: str, module: str, verb: str, processes: int, *, start_s: float) -> float:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        uri = f"{folder}/store" if module == "cloudtrack" else f"sqlite:///{folder}/mlflow.db"
        command = [python, "-W", "ignore", str(SCRIPT), module, uri]
        environment = {**os.environ, "CLOUDTRACK_SPOOL_DIR": f"{folder}/spool", "MLFLOW_DISABLE_TELEMETRY": "true"}
        subprocess.run([*command, "prepare", "8", "0"], check=True, capture_output=True, cwd=folder, env=environment)
        begin = str(time.time() + start_s)
        each = COUNT // processes
        started = [
            subprocess.Popen([*command, verb, str(each), begin], stdout=subprocess.PIPE, cwd=folder, env=environment)
            for _ in range(processes)
        ]
        answers = [process.communicate()[0] for process in started]
        if any(process.returncode for process in started):
            raise SystemExit(f"{module} {verb} failed")
    times = [json.loads(answer.splitlines()[-1]) for answer in answers]
    return each * processes / (max(ended for _, ended in times) - min(began for began, _ in times))

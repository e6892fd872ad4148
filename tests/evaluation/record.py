"""Record what MLflow's evaluations give: ``python -m tests.evaluation.record``.

Needs CLOUDTRACK_MLFLOW_PYTHON, the interpreter of an environment with MLflow.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden.json"
_ROOT = Path(__file__).parents[2]


def record(python: str) -> dict[str, Any]:
    """What MLflow gives in each case, by its name."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "found.json"
        subprocess.run(
            [python, "-m", "tests.evaluation.in_mlflow", str(file)],
            cwd=_ROOT,
            env={
                **os.environ,
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "true",
                "DO_NOT_TRACK": "true",
            },
            capture_output=True,
            check=True,
        )
        found: dict[str, Any] = json.loads(file.read_text())
    return found


def main() -> None:
    """Write the golden file."""
    found = record(os.environ["CLOUDTRACK_MLFLOW_PYTHON"])
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(found[name])}" for name in found)
    GOLDEN.write_text(f"{{\n{lines}\n}}\n")
    print(f"{len(found)} cases")


if __name__ == "__main__":
    main()

"""Record what MLflow's evaluations give: ``python -m tests.evaluation.record``.

Needs CLOUDTRACK_MLFLOW_PYTHON, the interpreter of an environment with MLflow.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.recorded import found_in_mlflow, write_golden

GOLDEN = Path(__file__).parent / "golden.json"


def record(python: str) -> dict[str, Any]:
    """What MLflow gives in each case, by its name."""
    return found_in_mlflow(python, "tests.evaluation.in_mlflow")


def main() -> None:
    """Write the golden file."""
    found = record(os.environ["CLOUDTRACK_MLFLOW_PYTHON"])
    write_golden(GOLDEN, found)
    print(f"{len(found)} cases")


if __name__ == "__main__":
    main()

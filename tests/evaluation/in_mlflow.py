"""Run by MLflow's interpreter: what its evaluations give in each case, as JSON in the file that is named."""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path

from tests.evaluation.corpus import outcomes


def main(file: Path) -> None:
    """Write the outcomes."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    import mlflow

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        mlflow.set_tracking_uri(f"sqlite:///{folder}/store.db")
        mlflow.set_experiment("evaluation")
        file.write_text(json.dumps(outcomes(mlflow)))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())

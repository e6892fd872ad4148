"""One process that registers versions or moves stages, on whichever of the two libraries is named; imports no more.

``registrar.py MODULE URI VERB COUNT BEGIN``: waits until the clock says BEGIN, prints when it began and ended.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

MODEL = "m"
SOURCE = Path("source.txt")
"""In the working folder: where the model is that is registered."""


def main() -> None:
    """Do it; a process that is late begins at once."""
    module, uri, verb, count, begin = sys.argv[1:]
    track: Any = importlib.import_module(module)
    track.set_tracking_uri(uri)
    client = track.MlflowClient()
    if verb == "prepare":
        with track.start_run() as run:
            track.log_text("flavors: {python_function: {loader_module: none}}\n", "model/MLmodel")
        base = run.info.artifact_uri if module == "mlflow" else f"runs:/{run.info.run_id}"
        SOURCE.write_text(f"{base}/model {run.info.run_id}")
        client.create_registered_model(MODEL)
    source, run_id = SOURCE.read_text().split()
    if verb == "prepare":
        for _ in range(int(count)):
            client.create_model_version(MODEL, source, run_id)
        return
    client.get_registered_model(MODEL)
    time.sleep(max(0.0, float(begin) - time.time()))
    began = time.time()
    for number in range(int(count)):
        if verb == "register":
            client.create_model_version(MODEL, source, run_id)
        else:
            client.transition_model_version_stage(MODEL, str(number % 8 + 1), "Staging", archive_existing_versions=True)
    print(json.dumps([began, time.time()]))


if __name__ == "__main__":
    main()

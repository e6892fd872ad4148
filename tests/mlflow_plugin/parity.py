"""Calls of MLflow, from the first experiment to the last prompt: ``python parity.py OUT`` notes what they give.

The store is that of MLFLOW_TRACKING_URI, and is new.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.mlflow_plugin import model_steps, tracking_steps
from tests.mlflow_plugin.notes import Notes


def main(target):
    notes = Notes()
    experiment_id = tracking_steps.experiments(notes)
    tracking_steps.runs(notes, experiment_id)
    tracking_steps.batches(notes, experiment_id)
    tracking_steps.searches(notes, experiment_id)
    model_steps.files(notes)
    model_steps.datasets(notes, experiment_id)
    model_steps.autologging(notes)
    run_id, info = model_steps.logged_models(notes, experiment_id)
    model_steps.registry(notes, run_id, info)
    model_steps.prompts(notes)
    model_steps.tracing(notes)
    Path(target).write_text(json.dumps(notes.taken, indent=1))


main(sys.argv[1])

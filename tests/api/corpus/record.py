"""Record the corpus on a real MLflow server: ``python -m tests.api.corpus.record``.

Needs CLOUDTRACK_MLFLOW_PYTHON, the interpreter of an environment with MLflow.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from tests.api.corpus import SCENARIOS
from tests.api.corpus.mlflow_server import mlflow_server, send_to
from tests.api.corpus.steps import Player, Send

GOLDEN = Path(__file__).parent.parent / "golden"


def play_all(send: Send) -> dict[str, list[dict[str, Any]]]:
    """The answers of every scenario, in order."""
    return {name: play_one(send, name) for name in SCENARIOS}


def play_one(send: Send, name: str) -> list[dict[str, Any]]:
    player = Player(send)
    return [{"request": f"{step.method} {step.path}", **player.play(step)} for step in SCENARIOS[name]]


def record() -> dict[str, list[dict[str, Any]]]:
    """What MLflow answers."""
    with (
        tempfile.TemporaryDirectory() as folder,
        mlflow_server(os.environ["CLOUDTRACK_MLFLOW_PYTHON"], Path(folder)) as port,
    ):
        return play_all(send_to(port))


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for name, answers in record().items():
        lines = ",\n".join(json.dumps(answer, ensure_ascii=False, sort_keys=True) for answer in answers)
        (GOLDEN / f"{name}.json").write_text(f"[\n{lines}\n]\n")
        print(f"{name}: {len(answers)} answers")


if __name__ == "__main__":
    main()

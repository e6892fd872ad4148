"""Record the corpus on MLflow's scoring server: ``python -m tests.scoring.record [model ...]``.

Needs CLOUDTRACK_MLFLOW_PYTHON, the interpreter of an environment with MLflow.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.api.corpus.mlflow_server import send_to
from tests.scoring.corpus import CORPUS, Ask
from tests.scoring.mlflow_scoring import mlflow_scoring
from tests.scoring.models import MODELS

GOLDEN = Path(__file__).parent / "golden"


def play(send: Any, asks: list[Ask]) -> dict[str, dict[str, Any]]:
    """What a server answers, by the name of the request."""
    return {ask.name: answer_of(*send(ask.method, ask.path, ask.headers(), ask.sent())) for ask in asks}


def answer_of(status: int, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """What counts of an answer: of an error without the words."""
    found: dict[str, Any] = {"status": status, "type": headers.get("content-type")}
    try:
        content = json.loads(body)
    except ValueError:
        return {**found, "text": body.decode() if status == 200 else "(words)"}
    if status == 200:
        return {**found, "json": content}
    return {**found, "error_code": content.get("error_code")} if isinstance(content, dict) else found


def record(name: str, python: str) -> dict[str, dict[str, Any]]:
    """What MLflow answers for a model."""
    with tempfile.TemporaryDirectory() as folder:
        MODELS[name](Path(folder) / "model")
        with mlflow_scoring(python, Path(folder) / "model", Path(folder)) as port:
            return play(send_to(port), CORPUS[name])


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for name in sys.argv[1:] or CORPUS:
        found = record(name, os.environ["CLOUDTRACK_MLFLOW_PYTHON"])
        lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(found[key])}" for key in found)
        (GOLDEN / f"{name}.json").write_text(f"{{\n{lines}\n}}\n")
        print(f"{name}: {len(found)} answers", flush=True)


if __name__ == "__main__":
    main()

"""Record the corpus on a real MLflow server: ``python -m tests.search.record``.

Needs CLOUDTRACK_MLFLOW_PYTHON, the interpreter of an environment with MLflow.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.api.corpus.mlflow_server import mlflow_server, send_to
from tests.search.corpus import others, runs, understood
from tests.search.corpus.questions import Question
from tests.search.filling import Answer, Server

GOLDEN = Path(__file__).parent / "golden"


def questions() -> Iterator[tuple[str, Question]]:
    """All of them, with what they are about."""
    yield from (("runs", question) for question in runs.QUESTIONS)
    yield from ((kind, question) for kind in others.QUESTIONS for question in others.QUESTIONS[kind])
    yield from ((kind, item.question) for kind in understood.UNDERSTOOD for item in understood.UNDERSTOOD[kind])


def answers(server: Server) -> dict[str, dict[str, Answer]]:
    """What a server says to all questions, by what they are about and by the question."""
    server.fill_runs()
    found: dict[str, dict[str, Answer]] = {}
    runs_filled = [(kind, question) for kind, question in questions() if kind == "runs"]
    for kind, question in runs_filled:
        found.setdefault(kind, {})[key_of(question)] = server.runs(question)
    server.fill_others()
    for kind, question in questions():
        if kind != "runs":
            found.setdefault(kind, {})[key_of(question)] = getattr(server, kind)(question)
    return found


def key_of(question: Question) -> str:
    """A question as the golden files have it."""
    return json.dumps(asdict(question), ensure_ascii=False)


def record() -> dict[str, dict[str, Answer]]:
    """What MLflow answers."""
    with (
        tempfile.TemporaryDirectory() as folder,
        mlflow_server(os.environ["CLOUDTRACK_MLFLOW_PYTHON"], Path(folder)) as port,
    ):
        return answers(Server(send_to(port)))


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for kind, found in record().items():
        lines = ",\n".join(f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(found[key])}" for key in found)
        (GOLDEN / f"{kind}.json").write_text(f"{{\n{lines}\n}}\n")
        print(f"{kind}: {len(found)} answers")


if __name__ == "__main__":
    main()

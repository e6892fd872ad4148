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
from tests.search.corpus.others import QUESTIONS as OTHER_QUESTIONS
from tests.search.corpus.questions import Question
from tests.search.corpus.runs import QUESTIONS as RUN_QUESTIONS
from tests.search.corpus.understood import UNDERSTOOD
from tests.search.filling import Answer, Server

GOLDEN = Path(__file__).parent / "golden"
KINDS = ("runs", *OTHER_QUESTIONS)

Answers = dict[str, Answer]
"""By question, as the golden files have it."""


def questions(kind: str) -> Iterator[Question]:
    """All questions about a kind of thing."""
    yield from RUN_QUESTIONS if kind == "runs" else OTHER_QUESTIONS[kind]
    yield from (item.question for item in UNDERSTOOD[kind])


def ask(server: Server, kind: str) -> Answers:
    """What a server says to them; it must have been filled."""
    return {key_of(question): getattr(server, kind)(question) for question in questions(kind)}


def key_of(question: Question) -> str:
    """A question as the golden files have it."""
    return json.dumps(asdict(question), ensure_ascii=False)


def record() -> dict[str, Answers]:
    """What MLflow answers."""
    with (
        tempfile.TemporaryDirectory() as folder,
        mlflow_server(os.environ["CLOUDTRACK_MLFLOW_PYTHON"], Path(folder)) as port,
    ):
        server = Server(send_to(port))
        server.fill_runs()
        of_runs = ask(server, "runs")
        server.fill_others()
        return {"runs": of_runs, **{kind: ask(server, kind) for kind in OTHER_QUESTIONS}}


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for kind, found in record().items():
        lines = ",\n".join(f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(found[key])}" for key in found)
        (GOLDEN / f"{kind}.json").write_text(f"{{\n{lines}\n}}\n")
        print(f"{kind}: {len(found)} answers")


if __name__ == "__main__":
    main()

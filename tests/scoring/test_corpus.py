"""Our answers to scoring requests are those of MLflow's scoring server, which the golden files keep."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from cloudtrack.api.message import Request
from cloudtrack.models.pyfunc import load_local
from cloudtrack.models.trust import trusting
from cloudtrack.scoring.app import ScoringApp
from tests.recorded import with_pandas_3
from tests.scoring.corpus import CORPUS
from tests.scoring.differences import DIFFERENCES
from tests.scoring.models import MODELS
from tests.scoring.record import GOLDEN, play, record

FEWEST_COMPARED = 450


@cache
def golden(name: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{name}.json").read_text())


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """Our answers for a model, by the name of the request."""

    @cache
    def of(name: str) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("models") / name
        with trusting(True):
            MODELS[name](folder)
            app = ScoringApp(load_local(folder))
        return play(send_to_scoring(app), CORPUS[name])

    return of


def send_to_scoring(app: ScoringApp) -> Any:
    """A ``Send`` that calls the application."""

    def send(method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        answer = app(Request(method, target.partition("?")[0], [], headers, io.BytesIO(body), len(body)))
        return answer.status, dict(answer.headers), answer.whole_body()

    return send


def is_same(theirs: dict[str, Any], ours: dict[str, Any]) -> bool:
    """MLflow answers some mistakes without an error code: then only the status counts."""
    if theirs["status"] >= 404 and theirs["status"] != 415 and not theirs.get("error_code"):
        return ours["status"] == theirs["status"]
    return exactly(ours) == exactly(theirs)


def exactly(answer: dict[str, Any]) -> str:
    """An answer as text, so that NaN equals NaN and 1 is not 1.0."""
    return json.dumps(answer, sort_keys=True)


@with_pandas_3
@pytest.mark.parametrize("name", CORPUS)
def test_answers_are_those_of_mlflow(name: str, answers: Callable[[str], dict[str, Any]]) -> None:
    ours, theirs = answers(name), golden(name)
    assert list(ours) == list(theirs), "record anew: python -m tests.scoring.record"
    found = [
        f"{key}\n  MLflow: {exactly(theirs[key])}\n  ours:   {exactly(ours[key])}"
        for key in theirs
        if (name, key) not in DIFFERENCES and not is_same(theirs[key], ours[key])
    ]
    assert not found, "\n".join(found)


def test_an_answer_that_differs_on_purpose_is_the_one_that_is_meant(
    answers: Callable[[str], dict[str, Any]],
) -> None:
    for (name, key), difference in DIFFERENCES.items():
        ours, theirs = answers(name)[key], golden(name)[key]
        assert not is_same(theirs, ours), f"no longer needed: {name}: {key}"
        assert ours["status"] == difference.status, (name, key, ours)
        assert ours["status"] == 200 or ours.get("error_code") or ours["status"] == 415, (name, key, ours)


def test_the_corpus_is_large_and_nearly_all_of_it_is_compared() -> None:
    requests = sum(len(asks) for asks in CORPUS.values())
    assert all(len({ask.name for ask in asks}) == len(asks) for asks in CORPUS.values())
    assert requests - len(DIFFERENCES) >= FEWEST_COMPARED


@pytest.mark.mlflow
@pytest.mark.skipif(
    "CLOUDTRACK_MLFLOW_PYTHON" not in os.environ, reason="CLOUDTRACK_MLFLOW_PYTHON names no interpreter with mlflow"
)
@pytest.mark.parametrize("name", CORPUS)
def test_the_golden_files_are_what_mlflow_answers_today(name: str) -> None:
    assert exactly(record(name, os.environ["CLOUDTRACK_MLFLOW_PYTHON"])) == exactly(golden(name))

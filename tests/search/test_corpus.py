"""What our searches find is what a real MLflow server finds, which the golden files keep; and more."""

from __future__ import annotations

import itertools
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from cloudtrack import clock
from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.index.source import Found
from cloudtrack.tracking import run_index
from cloudtrack.tracking.run_source import RunSource
from tests.api.sending import send_to_app
from tests.search.corpus.others import QUESTIONS as OTHER_QUESTIONS
from tests.search.corpus.runs import QUESTIONS as RUN_QUESTIONS
from tests.search.corpus.things import RUNS
from tests.search.corpus.understood import UNDERSTOOD
from tests.search.filling import Server
from tests.search.record import GOLDEN, KINDS, Answers, ask, key_of, questions, record

FEWEST_FOR_RUNS = 200
FEWEST_FOR_OTHERS = 40


class EndedSource(RunSource):
    """Every run is taken for one that has ended, so that all of them go into parts."""

    def read(self, document_id: str, since: int = 0) -> Found | None:
        found = super().read(document_id)
        return None if found is None else replace(found, settled=True)


@cache
def golden(kind: str) -> Answers:
    return json.loads((GOLDEN / f"{kind}.json").read_text())


@pytest.fixture(scope="module")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No two things are made in one millisecond, in which "newest first" would say nothing."""
    moments = itertools.count(clock.now_ms())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now_ms", lambda: next(moments))
        patch.setenv("CLOUDTRACK_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("CLOUDTRACK_SPOOL_DIR", str(tmp_path_factory.mktemp("spool")))
        yield tmp_path_factory.mktemp("stores")


@pytest.fixture(scope="module", params=["documents", "parts"])
def runs_found(request: pytest.FixtureRequest, server_folder: Path) -> Answers:
    """Our answers about runs, read from their documents, or all of them from the parts of the index."""
    with pytest.MonkeyPatch.context() as patch:
        client = Client(f"memory://{uuid.uuid4().hex}")
        server = Server(send_to_app(App(client)))
        if request.param == "parts":
            patch.setattr(run_index, "RunSource", EndedSource)
        server.fill_runs()
        if request.param == "parts":
            assert client.run_index.compact(server.experiment_id).folded == len(RUNS)
        return ask(server, "runs")


@pytest.fixture(scope="module")
def others_found(server_folder: Path) -> dict[str, Answers]:
    """Our answers about everything else, and all the names there are under an empty question."""
    server = Server(send_to_app(App(Client(str(server_folder / "others")))))
    server.fill_others()
    return {kind: ask(server, kind) for kind in OTHER_QUESTIONS}


def differences(kind: str, asked: Iterator[str] | list[str], found: Answers) -> list[str]:
    return [
        f"{key}\n  MLflow: {golden(kind)[key]}\n  ours:   {found[key]}"
        for key in asked
        if found[key] != golden(kind)[key]
    ]


def test_runs_are_found_and_ordered_as_by_mlflow(runs_found: Answers) -> None:
    found = differences("runs", [key_of(question) for question in RUN_QUESTIONS], runs_found)
    assert not found, "\n".join(found)


def test_all_else_is_found_and_ordered_as_by_mlflow(others_found: dict[str, Answers]) -> None:
    found = [
        line
        for kind in OTHER_QUESTIONS
        for line in differences(kind, [key_of(question) for question in OTHER_QUESTIONS[kind]], others_found[kind])
    ]
    assert not found, "\n".join(found)


def test_what_mlflow_does_not_understand_is_found_as_plain_python_says(runs_found: Answers) -> None:
    newest_first = sorted(RUNS, key=lambda run: -run.start)
    for item in UNDERSTOOD["runs"]:
        key = key_of(item.question)
        holds = item.holds
        expected = 400 if holds is None else [run.name for run in sorted(filter(holds, newest_first), key=item.rank)]
        assert runs_found[key] == expected, key
        assert golden("runs")[key] != expected, f"belongs to the other questions: {key}"


@pytest.mark.parametrize("kind", list(OTHER_QUESTIONS))
def test_so_is_all_else(kind: str, others_found: dict[str, Answers]) -> None:
    unfiltered = (others_found[kind][key_of(question)] for question in questions(kind) if not question.filter)
    everything = next(found for found in unfiltered if isinstance(found, list))
    for item in UNDERSTOOD[kind]:
        key = key_of(item.question)
        found = others_found[kind][key]
        if item.holds is None:
            assert found == 400, key
        else:
            assert isinstance(found, list), key
            assert sorted(found) == sorted(filter(item.holds, everything)), key
        assert golden(kind)[key] != found, f"belongs to the other questions: {key}"


def test_the_corpus_is_large_and_no_question_is_asked_twice() -> None:
    assert len(RUN_QUESTIONS) >= FEWEST_FOR_RUNS
    assert sum(map(len, OTHER_QUESTIONS.values())) >= FEWEST_FOR_OTHERS
    for kind in KINDS:
        keys = [key_of(question) for question in questions(kind)]
        assert len(keys) == len(set(keys))
        assert sorted(keys) == sorted(golden(kind))


@pytest.mark.slow
@pytest.mark.skipif(
    "CLOUDTRACK_MLFLOW_PYTHON" not in os.environ, reason="CLOUDTRACK_MLFLOW_PYTHON names no interpreter with mlflow"
)
def test_the_golden_files_are_what_mlflow_answers_today() -> None:
    for kind, answers in record().items():
        assert answers == golden(kind)

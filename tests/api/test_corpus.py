"""Our answers to the corpus are those of a real MLflow server, which the golden files keep."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from cloudtrack import clock
from cloudtrack.api.app import App
from cloudtrack.client import Client
from tests.api.corpus import SCENARIOS
from tests.api.corpus.record import GOLDEN, play_one, record
from tests.api.corpus.steps import Step
from tests.api.sending import send_to_app

FEWEST_COMPARED = 1000
MOST_DIFFERENT = 0.12


@cache
def golden(name: str) -> list[dict[str, Any]]:
    return json.loads((GOLDEN / f"{name}.json").read_text())


@pytest.fixture(autouse=True)
def _no_two_things_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Newest first says nothing about what was made in the same millisecond; MLflow is slower than that."""
    moments = itertools.count(clock.now_ms())
    monkeypatch.setattr(clock, "now_ms", lambda: next(moments))


def play(name: str, url: str) -> Iterator[tuple[Step, dict[str, Any], dict[str, Any]]]:
    """Each step with MLflow's answer and ours."""
    ours = play_one(send_to_app(App(Client(url))), name)
    return zip(SCENARIOS[name], golden(name), ours, strict=True)


def is_same(theirs: dict[str, Any], ours: dict[str, Any]) -> bool:
    """MLflow answers some mistakes with a page instead of JSON: then only the status counts."""
    if theirs.get("error_code", "") is None:
        return ours["status"] == theirs["status"]
    return ours == theirs


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("kind", ["memory", "seaweed-obstore"])
def test_answers_are_those_of_mlflow(name: str, kind: str, make_url: Callable[[str], str]) -> None:
    found = [
        f"{step.method} {step.path} {step.query} {str(step.body if step.raw is None else step.raw)[:300]}\n"
        f"  MLflow: {theirs}\n  ours:   {ours}"
        for step, theirs, ours in play(name, make_url(kind))
        if not step.differs and not is_same(theirs, ours)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_answer_that_differs_on_purpose_is_the_one_that_is_meant(name: str, make_url: Callable[[str], str]) -> None:
    for step, theirs, ours in play(name, make_url("memory")):
        if step.differs:
            assert ours["status"] == step.status, (step, ours)
            assert ours["status"] == 200 or ours["error_code"], (step, ours)
            assert not is_same(theirs, ours), f"no longer needed: {step}"


def test_the_corpus_is_large_and_nearly_all_of_it_is_compared() -> None:
    steps = [step for name in SCENARIOS for step in SCENARIOS[name]]
    different = [step for step in steps if step.differs]
    assert len(steps) - len(different) >= FEWEST_COMPARED
    assert len(different) < MOST_DIFFERENT * len(steps)
    assert all(step.status in (200, 400, 404) for step in different)


@pytest.mark.slow
@pytest.mark.skipif(
    "CLOUDTRACK_MLFLOW_PYTHON" not in os.environ, reason="CLOUDTRACK_MLFLOW_PYTHON names no interpreter with mlflow"
)
def test_the_golden_files_are_what_mlflow_answers_today() -> None:
    for name, answers in record().items():
        assert [answer["status"] for answer in answers] == [answer["status"] for answer in golden(name)], name

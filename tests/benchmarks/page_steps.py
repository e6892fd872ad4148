"""The same journey through both pages: by addresses, in a fresh browser, until what is looked for is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.page_content import EXPERIMENT, MODEL, RUNS, SORTED_BY, VERSIONS, Content, best_run, run_name

CHARTS, DRAWN_RUNS = 4, 10
"""One chart for each metric, with a curve for each of the newest runs."""
_POLLED_MS = 100
_TOPMOST = """(name) => {
  const text = (link) => link.textContent.trim();
  const shape = (text) => text.replace(/[0-9]/g, '0');
  const runs = [...document.querySelectorAll('a')].filter((link) => shape(text(link)) === shape(name));
  const tops = runs.map((link) => link.getBoundingClientRect().top);
  return runs.length > 0 && text(runs[tops.indexOf(Math.min(...tops))]) === name;
}"""


@dataclass(frozen=True)
class Step:
    """Where to go, and a wait for what is to be seen there."""

    title: str
    address: str
    arrive: Callable[[Any], None]


def steps(content: Content) -> list[Step]:
    """Through cloudtrack's page."""
    runs = f"#/experiments/{content.experiment_id}"
    return [
        Step("experiments list, cold", "#/experiments", _has_experiment),
        Step("runs table", runs, _has_on_top(RUNS - 1)),
        Step(f"sorted by {SORTED_BY}", f"{runs}?sort=metrics.{SORTED_BY}&dir=desc", _has_on_top(best_run())),
        Step(f"charts of {DRAWN_RUNS} runs", f"{runs}?view=charts", _has_drawn(".uplot canvas", CHARTS)),
        Step("one run", f"{runs}/runs/{content.run_ids[-1]}", _has_heading),
        Step("registered model", f"#/models/{MODEL}", _has_text(f"v{VERSIONS}")),
    ]


def mlflow_steps(content: Content) -> list[Step]:
    """Through MLflow's, which writes its order into the address."""
    runs = f"#/experiments/{content.experiment_id}/runs"
    by_metric = f"{runs}?orderByKey=metrics.%60{SORTED_BY.replace('/', '%2F')}%60&orderByAsc=false"
    charts = f"{runs}?compareRunsMode=CHART&orderByKey=attributes.start_time&orderByAsc=false"
    addresses_and_arrivals = [
        ("#/experiments", _has_experiment),
        (runs, _has_on_top(RUNS - 1)),
        (by_metric, _has_on_top(best_run())),
        (charts, _has_drawn(".scatterlayer .js-line", CHARTS * DRAWN_RUNS)),
        (f"{runs}/{content.run_ids[-1]}", _has_heading),
        (f"#/models/{MODEL}", _has_text(f"Version {VERSIONS}")),
    ]
    titles = [step.title for step in steps(content)]
    return [Step(title, *where) for title, where in zip(titles, addresses_and_arrivals, strict=True)]


def _has_experiment(page: Any) -> None:
    page.get_by_role("link", name=EXPERIMENT, exact=True).first.wait_for()


def _has_on_top(number: int) -> Callable[[Any], None]:
    """The run is the highest of those in sight."""
    return lambda page: page.wait_for_function(_TOPMOST, arg=run_name(number), polling=_POLLED_MS)


def _has_drawn(marks: str, least: int) -> Callable[[Any], None]:
    shown = "([marks, least]) => document.querySelectorAll(marks).length >= least"
    return lambda page: page.wait_for_function(shown, arg=[marks, least], polling=_POLLED_MS)


def _has_heading(page: Any) -> None:
    page.get_by_role("heading", name=run_name(RUNS - 1)).first.wait_for()


def _has_text(text: str) -> Callable[[Any], None]:
    return lambda page: page.get_by_text(text, exact=True).first.wait_for()

"""More of the registry's pages: several versions side by side, the runs that used a version, what is in the trash."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.run import LoggedModelInput
from tests.e2e.conftest import Axe
from tests.e2e.filling import MODEL, fill_models
from tests.servers.cloudtrack_server import RunningServer, forked_server

READER = "score in May"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    url = str(tmp_path_factory.mktemp("models") / "store")
    fill_models(url)
    client = Client(url, user="zoe")
    run_id = client.runs.create(client.experiments.create("scoring"), run_name=READER).info.run_id
    model_id = client.model_versions.get(MODEL, 2).model_id
    assert model_id is not None
    client.runs.log_inputs(run_id, [], [LoggedModelInput(model_id)])
    client.runs.delete_experiment(client.experiments.create("old"))
    client.close()
    with forked_server(url, tmp_path_factory.mktemp("log")) as server:
        yield server


@pytest.fixture
def opened(served: RunningServer, page: Any) -> Callable[[str], Any]:
    def go(path: str) -> Any:
        page.goto(f"{served.url}/#/{path}")
        page.locator("h1").first.wait_for()
        return page

    return go


def test_a_version_leads_to_the_runs_that_used_it(opened: Callable[[str], Any]) -> None:
    page = opened(f"models/{MODEL}/versions/2/lineage")
    listed = page.get_by_label("Lineage as a list")
    listed.get_by_text("1 run:").wait_for()
    listed.get_by_role("link", name=READER).wait_for()
    reader = page.locator("[data-node^='reader']")
    assert reader.text_content() == f"{READER}run · used it"
    reader.focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.dataset.node") == "model"
    reader.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name=READER).wait_for()
    page = opened(f"models/{MODEL}/versions/1/lineage")
    page.get_by_text("no run that names the model as its input").wait_for()


def line(page: Any, key: str) -> list[str]:
    """The cells of a line of the table, without its head; empty where it has no such line."""
    cells = "rows => rows.map((row) => [...row.cells].map((cell) => cell.innerText))"
    lines = page.locator(".sheet tbody tr:not(.section)").evaluate_all(cells)
    return next(([" ".join(text.split()) for text in rest] for head, *rest in lines if head.split()[0] == key), [])


def test_three_versions_are_picked_and_stand_side_by_side(opened: Callable[[str], Any]) -> None:
    page = opened(f"models/{MODEL}")
    for version in (4, 2, 3):
        page.locator(f"[data-row='{version}'] .tick").click()
    page.get_by_text("v2, v3, v4 selected").wait_for()
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_url(re.compile(rf"#/models/{MODEL}/compare/2\.3\.4"))
    page.get_by_text("v4 is ahead in val/auc, +0.04 over v2").wait_for()
    assert line(page, "stage") == ["Production", "Staging", "None"]
    assert line(page, "aliases") == ["@champion", "@challenger", "\u2013"]
    assert line(page, "val/auc") == ["0.82", "0.84 ▲ +0.02 better", "0.86 best ▲ +0.04 better"]
    assert line(page, "C") == ["0.1", "1.0", "10.0"]
    assert line(page, "inputs") == ["2 inputs", "same", "same"]
    assert line(page, "penalty") == []
    page.get_by_role("button", name="Differences only").click()
    page.wait_for_url(re.compile("only=all"))
    assert line(page, "penalty") == ["l2", "l2", "l2"]


def test_the_baseline_is_the_first_and_versions_come_and_go(opened: Callable[[str], Any]) -> None:
    page = opened(f"models/{MODEL}/compare/1.3.4")
    page.get_by_role("button", name="Make v4 the baseline (b)").click()
    page.wait_for_url(re.compile(r"compare/4\.1\.3"))
    page.get_by_text("v4, the baseline, is ahead").wait_for()
    page.get_by_label("Add a version").select_option("2")
    page.wait_for_url(re.compile(r"compare/4\.1\.3\.2"))
    page.get_by_role("button", name="Remove v1").click()
    page.get_by_role("button", name="Remove v3").click()
    page.wait_for_url(re.compile(r"compare/4\.\.2"))
    page.get_by_role("heading", level=1, name=f"{MODEL}: v4 and v2").wait_for()


def test_the_trash_says_since_when_an_experiment_is_there(opened: Callable[[str], Any]) -> None:
    page = opened("trash")
    grid = page.get_by_role("grid", name="Deleted experiments")
    grid.get_by_role("columnheader", name="deleted").wait_for()
    assert re.search(r"old\s+(just now|\d+ (s|min) ago)", grid.get_by_role("row").filter(has_text="old").inner_text())


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_several_versions_are_accessible(opened: Callable[[str], Any], axe: Axe, theme: str) -> None:
    page = opened("settings")
    page.emulate_media(color_scheme=theme)
    for path in (f"models/{MODEL}/compare/1.2.3.4", f"models/{MODEL}/compare/1.2.3?as=rows"):
        page = opened(path)
        page.locator(".sheet .metric").first.wait_for()
        assert axe(page) == []

"""The page of a run, and the trash, in a browser."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.dataset import Dataset, DatasetInput, InputTag
from cloudtrack.entities.run import Metric
from tests.e2e.conftest import Axe
from tests.e2e.filling import HOSTILE, MODEL, fill_hostile, fill_models, fill_nested, fill_sweep
from tests.e2e.passing import pass_time, pass_time_until
from tests.e2e.watching import Watch, settle
from tests.servers.cloudtrack_server import RunningServer, forked_server

_TEN_MINUTES_MS = 600_000


@dataclass
class Site:
    """A server over a store with runs, and what is in it."""

    server: RunningServer
    client: Client
    sweep: list[str]
    fits: list[str]
    parent: str
    hostile: str

    def open(self, page: Any, path: str) -> None:
        page.goto(f"{self.server.url}/#/{path}")
        page.locator("h1").first.wait_for()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("runs")
    url = (folder / "store").as_uri()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLOUDTRACK_SPOOL_DIR", str(folder / "spool"))
        sweep = fill_sweep(url, runs=4, steps=60)
        fits, parent, hostile = fill_models(url)["runs"], fill_nested(url), fill_hostile(url)
    client = Client(url)
    with forked_server(url, folder) as server:
        yield Site(server, client, sweep, fits, parent, hostile)
    client.close()


def new_run(site: Site, name: str, **more: Any) -> str:
    experiment = site.client.experiments.get_or_create("pages").experiment_id
    return site.client.runs.create(experiment, run_name=name, **more).info.run_id


def test_the_overview_tells_what_was_logged(site: Site, page: Any) -> None:
    site.open(page, f"runs/{site.sweep[0]}")
    row = page.get_by_role("row", name=re.compile("val.acc"))
    row.locator("svg").wait_for()
    summary = site.client.runs.get(site.sweep[0]).data.summaries["val/acc"]
    assert str(summary.max_step) in row.inner_text()
    assert page.get_by_role("row", name=re.compile("optimizer")).is_visible()
    assert page.get_by_text("team: speech").is_visible()


def test_a_run_is_found_by_its_id_and_what_is_below_it(site: Site, page: Any) -> None:
    run = site.client.runs.get(site.fits[0]).info
    site.open(page, f"runs/{run.run_id}/model/MLmodel")
    page.get_by_text("artifact_path").first.wait_for()
    assert page.url.endswith(f"#/experiments/{run.experiment_id}/runs/{run.run_id}/artifacts/model/MLmodel")


def test_what_is_not_there_is_said(site: Site, page: Any, watch: Watch) -> None:
    watch.expect("404")
    site.open(page, f"runs/{'0' * 32}")
    page.get_by_text("There is no such run").wait_for()
    assert page.get_by_text("look in the trash").is_visible()


def test_a_run_is_renamed_described_and_tagged(site: Site, page: Any) -> None:
    run_id = new_run(site, "before")
    site.client.runs.update(run_id, status="FINISHED", end_time=2)
    site.open(page, f"runs/{run_id}")
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name of the run").fill("after")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="after", level=1).wait_for()
    page.get_by_role("button", name="Describe this run").click()
    page.get_by_label("Description, in Markdown").fill("It **works**.")
    page.get_by_role("button", name="Save").click()
    page.locator("section strong", has_text="works").wait_for()
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Key", exact=True).fill("owner")
    page.get_by_label("Value", exact=True).fill("ann")
    page.get_by_role("button", name="Set tag").click()
    page.get_by_text("owner: ann").wait_for()
    found = site.client.runs.get(run_id)
    assert (found.info.run_name, found.data.tags["mlflow.note.content"]) == ("after", "It **works**.")
    assert found.data.tags["owner"] == "ann"
    page.get_by_role("button", name="Remove the tag owner").click()
    page.get_by_text("owner: ann").wait_for(state="detached")
    page.keyboard.press("u")
    page.get_by_text("owner: ann").wait_for()


def test_a_running_run_is_followed_until_it_ends(site: Site, page: Any) -> None:
    run_id = new_run(site, "going on", start_time=int(time.time() * 1000))
    site.client.runs.log_batch(run_id, metrics=[Metric("loss", 0.5, int(time.time() * 1000), 0)])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "runs/page" in request.url else None)
    page.clock.install()
    site.open(page, f"runs/{run_id}")
    page.get_by_text("Live ·").wait_for()
    assert page.get_by_text("stale?").count() == 0
    site.client.runs.log_batch(run_id, metrics=[Metric("loss", 0.125, int(time.time() * 1000), 1)])
    site.client.runs.update(run_id, status="FINISHED", end_time=int(time.time() * 1000))
    pass_time(page, 8)
    pass_time_until(page, lambda: page.get_by_text("0.125").count() > 0 and page.get_by_text("finished").count() > 0)
    assert page.get_by_text("Live ·").count() == 0
    seen = len(asked)
    pass_time(page, 60)
    assert len(asked) == seen


def test_a_silent_run_is_marked(site: Site, page: Any) -> None:
    run_id = new_run(site, "silent", start_time=int(time.time() * 1000) - _TEN_MINUTES_MS - 60_000)
    site.open(page, f"runs/{run_id}")
    page.get_by_text("stale?").wait_for()
    assert page.get_by_text("No metrics yet").is_visible()
    site.client.runs.update(run_id, status="KILLED", end_time=2)


def test_previous_and_next_are_those_of_the_list(site: Site, page: Any) -> None:
    experiment = site.client.runs.get(site.sweep[0]).info.experiment_id
    by_score = sorted(site.sweep, key=lambda run: -site.client.runs.get(run).data.metrics["test/acc"])
    query = "q=attributes.run_name+!%3D+'none'&sort=metrics.test/acc&dir=desc"
    site.open(page, f"experiments/{experiment}/runs/{by_score[1]}/metrics?{query}")
    settle(page)
    page.keyboard.press("]")
    page.wait_for_url(re.compile(f"/runs/{by_score[2]}/metrics"))
    assert "sort=metrics.test/acc" in page.url
    page.get_by_role("button", name="Previous run").click()
    page.wait_for_url(re.compile(f"/runs/{by_score[1]}/metrics"))
    page.get_by_role("button", name="Previous run").click()
    page.wait_for_url(re.compile(f"/runs/{by_score[0]}/metrics"))
    page.get_by_role("button", name="Previous run").wait_for()
    page.keyboard.press("[")
    page.get_by_text("this is the first run of the list").wait_for()
    assert (
        page.get_by_role("link", name="vision/cifar-sweep").get_attribute("href")
        == f"#/experiments/{experiment}?{query}"
    )


def test_parents_and_children_are_linked(site: Site, page: Any) -> None:
    site.open(page, f"runs/{site.parent}")
    page.get_by_role("button", name="Child runs").click()
    page.get_by_role("link", name="child-1").click()
    page.get_by_role("heading", name="child-1").wait_for()
    page.get_by_role("link", name="parent", exact=True).click()
    page.get_by_role("heading", name="parent").wait_for()


def test_versions_models_and_datasets_of_a_run_are_shown(site: Site, page: Any) -> None:
    site.open(page, f"runs/{site.fits[1]}")
    page.get_by_role("link", name=f"{MODEL} v2 Production").wait_for()
    page.get_by_role("row", name=re.compile("customers training 4")).wait_for()
    page.get_by_text("ready", exact=True).wait_for()
    page.get_by_role("link", name="Activity").last.click()
    page.get_by_text("version 2: None -> Production").wait_for()


def test_a_dataset_leads_to_the_runs_that_used_it(site: Site, page: Any) -> None:
    columns = [
        {"name": "age", "type": "double", "required": True},
        {"name": "city", "type": "string", "required": False},
    ]
    dataset = Dataset(
        "visitors <b>",
        "it's 1",
        "s3",
        '{"uri": "s3://lake/visitors.parquet"}',
        json.dumps({"mlflow_colspec": columns, "num_columns": 900}),
        '{"num_rows": 1234567}',
    )
    tags = [InputTag("mlflow.data.context", "validation"), InputTag("team", "growth")]
    users = [new_run(site, f"reader {number}") for number in range(2)]
    for run_id in users:
        site.client.runs.log_inputs(run_id, [DatasetInput(dataset, tags)])
    other = new_run(site, "no reader")
    for run_id in (*users, other):
        site.client.runs.update(run_id, status="FINISHED", end_time=2)
    site.open(page, f"runs/{users[0]}")
    row = page.get_by_role("row", name="visitors <b>")
    for text in ("validation", "team: growth", "1,234,567", "s3://lake/visitors.parquet", "it's 1"):
        row.get_by_text(text, exact=True).wait_for()
    row.get_by_text("900", exact=True).click()
    row.get_by_text("string, some missing").wait_for()
    row.get_by_text("and 898 more columns").wait_for()
    row.get_by_role("link", name="runs that used it").click()
    page.get_by_role("row", name=re.compile("reader 1")).wait_for()
    assert page.get_by_role("row", name=re.compile("reader 0")).count() == 1
    assert page.get_by_role("row", name=re.compile("no reader")).count() == 0


def test_a_model_is_registered_under_a_new_and_an_existing_name(site: Site, page: Any) -> None:
    for version in ("1", "2"):
        site.open(page, f"runs/{site.fits[3]}/models")
        page.get_by_role("button", name="Register a model").click()
        page.get_by_label("Registered model").fill("fresh")
        page.get_by_role("dialog").get_by_role("button", name="Register").click()
        page.get_by_role("link", name=f"fresh v{version}").first.wait_for()
        page.get_by_role("button", name="Close").last.click()
    found = site.client.model_versions.get("fresh", "2")
    assert (found.run_id, found.model_id) == (site.fits[3], found.source.removeprefix("models:/"))


def test_the_patch_is_shown_as_a_difference(site: Site, page: Any) -> None:
    run_id = new_run(site, "patched", tags={"mlflow.source.git.commit": "0" * 40, "cloudtrack.git.dirty": "true"})
    site.client.source_files.create(run_id, "code.patch", b"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-old\n+new\n")
    site.client.runs.update(run_id, status="FINISHED", end_time=2)
    site.open(page, f"runs/{run_id}")
    page.get_by_role("button", name="Code patch").click()
    page.locator(".line.added", has_text="+new").wait_for()
    assert page.locator(".line.removed").inner_text().endswith("-old")


def test_a_run_goes_to_the_trash_and_comes_back(site: Site, page: Any) -> None:
    run_id = new_run(site, "thrown away")
    site.client.runs.update(run_id, status="FINISHED", end_time=2)
    site.open(page, f"runs/{run_id}")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Move to trash").click()
    page.get_by_text("in the trash", exact=True).wait_for()
    site.open(page, "trash")
    page.get_by_role("row", name=re.compile("thrown away")).get_by_role("button", name="Restore").click()
    page.get_by_text("thrown away restored").wait_for()
    assert site.client.runs.get(run_id).info.lifecycle_stage == "active"


def test_an_experiment_comes_back(site: Site, page: Any) -> None:
    experiment = site.client.experiments.create("a trashed one")
    site.client.runs.delete_experiment(experiment)
    site.open(page, "trash")
    page.get_by_role("row", name=re.compile("a trashed one")).get_by_role("button", name="Restore").click()
    page.get_by_text("a trashed one restored").wait_for()
    assert site.client.experiments.get(experiment).lifecycle_stage == "active"


def test_a_run_is_removed_for_good_after_its_name_was_typed(site: Site, page: Any) -> None:
    run_id = site.fits[0]
    site.client.runs.delete(run_id)
    sent: list[Any] = []

    def answer(route: Any) -> None:
        sent.append(route.request.post_data_json)
        route.fulfill(json={})

    page.route("**/cloudtrack/runs/purge", answer)
    site.open(page, "trash")
    page.get_by_role("row", name=re.compile("fit-0")).get_by_role("button", name="Remove for good").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("link", name=f"{MODEL} v1").wait_for()  # it needs the run
    assert dialog.get_by_role("button", name="Remove for good").is_disabled()
    dialog.get_by_label("Type the run's name").fill("fit-0")
    dialog.get_by_role("button", name="Remove for good").click()
    page.get_by_text("fit-0 is gone").wait_for()
    assert sent == [{"run_id": run_id, "confirm": run_id}]
    site.client.runs.restore(run_id)


def test_names_that_try_to_be_code_are_text(site: Site, page: Any) -> None:
    site.open(page, f"runs/{site.hostile}")
    page.get_by_role("row", name=re.compile("constructor")).wait_for()
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.get_by_text("__proto__: polluted").is_visible()
    assert page.evaluate("({}).polluted") is None
    assert page.locator("img[src='x']").count() == 0


@pytest.mark.slow  # make ui-test looks at each page once, in test_quality.py
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everyone_can_read_it(site: Site, page: Any, axe: Axe, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    site.open(page, f"runs/{site.fits[1]}")
    page.get_by_role("row", name=re.compile("customers")).wait_for()
    assert axe(page) == []
    page.get_by_role("button", name="More").click()
    assert axe(page) == []
    page.get_by_role("button", name="Register a model").click()
    page.get_by_label("Registered model").wait_for()
    assert axe(page) == []
    page.keyboard.press("Escape")
    for tab in ("Models", "Activity"):
        page.get_by_label("Parts of the run").get_by_role("link", name=tab).click()
        settle(page)
        assert axe(page) == []
    site.client.runs.delete(site.sweep[3])
    site.open(page, "trash")
    page.get_by_role("row", name=re.compile("sweep-03")).wait_for()
    assert axe(page) == []
    page.get_by_role("row", name=re.compile("sweep-03")).get_by_role("button", name="Remove for good").click()
    page.get_by_role("dialog").wait_for()
    assert axe(page) == []
    site.client.runs.restore(site.sweep[3])


@pytest.mark.parametrize("size", [(375, 740), (320, 600)])
def test_it_fits_small_windows(site: Site, page: Any, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    site.open(page, f"runs/{site.fits[1]}")
    page.get_by_role("row", name=re.compile("customers")).wait_for()
    assert page.evaluate("document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth")

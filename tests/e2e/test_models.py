"""The registry's pages: versions, board, timeline, requests, lineage, activity."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.tokens import Tokens
from cloudtrack.client import Client
from tests.e2e.conftest import Axe
from tests.e2e.filling import HOSTILE, MODEL, fill_models
from tests.e2e.watching import Watch, settle
from tests.servers.cloudtrack_server import RunningServer, forked_server

ExtraModel = Callable[..., str]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = str(tmp_path_factory.mktemp("models") / "store")
    fill_models(url)
    return url


@pytest.fixture(scope="module")
def served(filled: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with forked_server(filled, tmp_path_factory.mktemp("log")) as server:
        yield server


@pytest.fixture(scope="module")
def writer(filled: str) -> Iterator[Client]:
    client = Client(filled, user="zoe")
    yield client
    client.close()


@pytest.fixture
def extra(writer: Client, request: pytest.FixtureRequest) -> ExtraModel:
    """Make a model of the test's own, of versions that are copies of the filled ones."""

    def make(*stages: str, exclusive: tuple[str, ...] = (), own: tuple[str, ...] = (), name: str = "") -> str:
        name = name or request.node.name.replace("[", "-").replace("]", "")
        writer.registered_models.create(name)
        if own:
            writer.registered_models.set_stages(name, list(own), exclusive=list(exclusive))
        for number, stage in enumerate(stages, start=1):
            source = writer.model_versions.get(MODEL, number)
            writer.model_versions.create(name, f"models:/{MODEL}/{number}", run_id=source.run_id)
            if stage != "None":
                writer.stages.transition(name, number, stage)
        return name

    return make


@pytest.fixture
def opened(served: RunningServer, page: Any) -> Callable[[str], Any]:
    def go(path: str) -> Any:
        page.goto(f"{served.url}/#/{path}")
        page.locator("h1").first.wait_for()
        return page

    return go


def stages(writer: Client, name: str) -> list[str]:
    return [version.current_stage for version in reversed(writer.model_versions.list(name))]


def card(page: Any, version: int) -> Any:
    return page.locator(f"[data-version='{version}']")


def lane(page: Any, stage: str) -> Any:
    return page.locator(f"[data-stage='{stage}']")


def test_models_are_listed_with_what_is_where(opened: Callable[[str], Any]) -> None:
    page = opened("models?q=chur")
    row = page.get_by_role("row").filter(has_text=MODEL)
    row.get_by_text("@champion").wait_for()
    assert "Production" in row.inner_text()
    assert "+0.04 better" in row.inner_text()
    page.get_by_label("Find a model").fill("@challenger")
    row.wait_for()
    page.get_by_label("Find a model").fill("nothing like it")
    page.get_by_text("No model has that name").wait_for()


def test_who_put_this_in_production_is_said_without_a_click(opened: Callable[[str], Any], writer: Client) -> None:
    page = opened(f"models/{MODEL}")
    told = page.get_by_label("What is where now").locator("li").filter(has_text="Production").inner_text()
    assert "v2" in told
    assert writer.history.events(MODEL)[0].actor in told
    assert "ago" in told or "just now" in told


def test_a_version_is_moved_by_drag_and_what_was_there_is_archived_by_rule(
    opened: Callable[[str], Any], extra: ExtraModel, writer: Client
) -> None:
    name = extra("None", "Production", "None", own=("Staging", "Production"), exclusive=("Production",))
    page = opened(f"models/{name}/board")
    card(page, 3).drag_to(lane(page, "Production"))
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("v2 leaves Production and is archived").wait_for()
    assert dialog.get_by_role("row", name="val/auc").inner_text().split() == [
        "val/auc", "0.84", "0.82", "▲", "+0.02"
    ]  # fmt: skip
    dialog.get_by_role("textbox").fill("better on the slices")
    dialog.get_by_role("button", name="Move", exact=True).click()
    lane(page, "Production").locator("[data-version='3']").wait_for()
    lane(page, "Archived").locator("[data-version='2']").wait_for()
    assert stages(writer, name) == ["None", "Archived", "Production"]
    assert writer.history.events(name)[-1].comment == "better on the slices"


def test_a_version_is_moved_by_the_keyboard_alone(
    opened: Callable[[str], Any], extra: ExtraModel, writer: Client
) -> None:
    name = extra("Production", "None")
    page = opened(f"models/{name}/board")
    card(page, 2).focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.version") == "1"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("m")
    page.get_by_role("dialog").wait_for()
    assert page.evaluate("document.activeElement.value") == "Staging"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")  # to the choice whether v1 is archived
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("by keys")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    lane(page, "Production").locator("[data-version='2']").wait_for()
    assert stages(writer, name) == ["Production", "Production"]
    assert writer.history.events(name)[-1].comment == "by keys"


def test_promoting_and_rolling_back_take_three_clicks_at_most(
    opened: Callable[[str], Any], extra: ExtraModel, writer: Client
) -> None:
    name = extra("Production", "None")
    page = opened(f"models/{name}")
    page.get_by_role("button", name="Move v2").click()
    page.get_by_role("radio", name="Production").click()
    page.get_by_role("dialog").get_by_role("button", name="Move", exact=True).click()
    page.get_by_label("What is where now").get_by_text("v2").wait_for()
    assert stages(writer, name) == ["Archived", "Production"]
    page.get_by_role("button", name="Roll back Production").click()
    page.get_by_role("dialog").get_by_role("button", name="Roll back", exact=True).click()
    page.get_by_label("What is where now").get_by_text("v1").wait_for()
    assert stages(writer, name) == ["Production", "Archived"]


def test_a_move_that_somebody_forestalled_says_who_and_asks_again(
    opened: Callable[[str], Any], extra: ExtraModel, writer: Client, watch: Watch
) -> None:
    watch.expect("409")
    name = extra("Production", "None", "None")
    page = opened(f"models/{name}/board")
    card(page, 3).get_by_role("button", name="Move").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name="Production").check()
    writer.stages.transition(name, 2, "Production", archive_existing_versions=True, comment="I was faster")
    dialog.get_by_role("button", name="Move", exact=True).click()
    told = dialog.get_by_role("alert")
    told.wait_for()
    assert "v2 is there now, moved by zoe" in told.inner_text()
    assert "I was faster" in told.inner_text()
    assert "you saw v1" in told.inner_text()
    assert stages(writer, name) == ["Archived", "Production", "None"]
    dialog.get_by_role("button", name="Move anyway").click()
    lane(page, "Production").locator("[data-version='3']").wait_for()
    assert stages(writer, name) == ["Archived", "Archived", "Production"]


def test_a_version_that_somebody_moved_meanwhile_is_left_where_it_is(
    opened: Callable[[str], Any], extra: ExtraModel, writer: Client, watch: Watch
) -> None:
    watch.expect("409")
    name = extra("None")
    page = opened(f"models/{name}/versions/1")
    page.get_by_role("button", name="Move", exact=True).click()
    writer.stages.transition(name, 1, "Archived")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Move", exact=True).click()
    dialog.get_by_text("v1 has changed: None → Archived, moved by zoe").wait_for()
    dialog.get_by_role("button", name="Leave it as it is").click()
    assert stages(writer, name) == ["Archived"]


def test_aliases_tags_and_descriptions_are_changed(
    opened: Callable[[str], Any], extra: ExtraModel, writer: Client
) -> None:
    name = extra("None")
    page = opened(f"models/{name}/versions/1")
    page.get_by_role("button", name="Add alias").click()
    page.get_by_role("dialog").get_by_label("Alias").fill("champion")
    page.keyboard.press("Enter")
    page.get_by_text("@champion").first.wait_for()
    page.get_by_role("button", name="Add tag").click()
    page.get_by_role("dialog").get_by_label("Key").fill("risk")
    page.get_by_role("dialog").get_by_label("Value").fill("low")
    page.keyboard.press("Enter")
    page.get_by_text("risk: low").wait_for()
    page.get_by_role("button", name="Edit the description").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("of last winter")
    page.get_by_role("button", name="Save").click()
    page.get_by_label("About").get_by_text("of last winter").wait_for()
    version = writer.model_versions.get(name, 1)
    assert (version.aliases, version.tags, version.description) == (["champion"], {"risk": "low"}, "of last winter")
    page.get_by_role("button", name="Take the alias champion away").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Remove the tag risk").click()
    page.get_by_text("risk: low").wait_for(state="detached")
    page.get_by_role("button", name="Take the alias champion away").wait_for()
    version = writer.model_versions.get(name, 1)
    assert (version.aliases, version.tags) == (["champion"], {})


def test_the_timeline_says_what_was_in_production_at_a_moment(
    opened: Callable[[str], Any], writer: Client, extra: ExtraModel
) -> None:
    name = extra("Production")
    first_ms = writer.history.events(name)[-1].time_ms
    time.sleep(1.2)  # the field counts seconds
    writer.model_versions.create(name, f"models:/{MODEL}/2")
    writer.stages.transition(name, 2, "Production", archive_existing_versions=True, comment="a new one")
    page = opened(f"models/{name}/timeline?at={first_ms + 1}")
    told = page.get_by_role("status").filter(has_text="Production")
    assert "had v1 (from" in told.inner_text()
    page.get_by_label("Date and time").fill("2000-01-01T00:00:00")
    page.get_by_text("no version was in Production").wait_for()
    box = page.get_by_label("Timeline of 2 versions").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 14, box["y"] + box["height"] / 2)
    page.get_by_text("had v2 (since").wait_for()
    assert "a new one" in page.get_by_role("status").filter(has_text="had v2").inner_text()
    page.keyboard.press("Tab")
    page.get_by_label("Timeline of 2 versions").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.get_by_text("had v1 (from").wait_for()
    page.mouse.move(box["x"] + 100, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 60, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile("zoom="))
    page.get_by_role("button", name="Whole time").click()
    page.wait_for_url(re.compile(r"^(?!.*zoom=)"))


def test_lineage_goes_back_to_the_data_and_forth_to_other_versions(
    opened: Callable[[str], Any], writer: Client
) -> None:
    run_id = writer.model_versions.get(MODEL, 2).run_id
    page = opened(f"models/{MODEL}/versions/2/lineage")
    page.locator("[data-node='version']").focus()
    for wanted in ("model", "run"):
        page.keyboard.press("ArrowLeft")
        assert page.evaluate("document.activeElement.dataset.node") == wanted
    listed = page.get_by_label("Lineage as a list")
    assert "customers" in listed.inner_text()
    assert "training" in listed.inner_text()
    listed.get_by_role("link", name=f"{MODEL} v1").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"runs/{run_id}"))


@pytest.mark.slow
def test_the_snippets_really_load_the_model(opened: Callable[[str], Any]) -> None:
    page = opened(f"models/{MODEL}/versions/2")
    ways = page.get_by_label("Ways to load it")
    programs = []
    for way in ("this version", "by stage Production", "by alias champion", "sklearn"):
        ways.get_by_role("button", name=way).click()
        programs.append(page.get_by_label(f"snippet: {way}", exact=True).inner_text())
    assert len(set(programs)) == 4
    asked = "import pandas\nprint(list(model.predict(pandas.DataFrame({'age': [20.0, 65.0], 'visits': [1.0, 9.0]}))))"
    program = "\n".join(f"{each}\n{asked}" for each in programs)
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ, timeout=120, check=False
    )
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert len(lines) == 4
    assert len(set(lines)) == 1


def test_a_version_shows_what_the_model_is(opened: Callable[[str], Any]) -> None:
    page = opened(f"models/{MODEL}/versions/2")
    signature = page.get_by_role("region", name="Columns of the signature")
    assert "visits" in signature.inner_text()
    page.get_by_label("Input example").last.get_by_text("columns").wait_for()
    files = page.get_by_role("region", name="Files and their hashes")
    assert "MLmodel" in files.inner_text()
    assert "model.pkl" in files.inner_text()
    page.get_by_text("scikit-learn==").wait_for()
    page.get_by_text("serialization_format").first.wait_for()
    page.keyboard.press("]")
    page.wait_for_url(re.compile("versions/3"))
    page.get_by_title("Previous version").wait_for()
    page.keyboard.press("[")
    page.wait_for_url(re.compile("versions/2"))


def test_two_versions_are_compared(opened: Callable[[str], Any]) -> None:
    page = opened(f"models/{MODEL}")
    for version in (1, 3):
        page.locator(f"[data-row='{version}'] .tick").click()
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("v1 and v3 differ in params C").wait_for()
    assert page.get_by_role("row").filter(has_text="val/auc").inner_text().split() == [
        "val/auc", "0.8", "0.84", "▲", "+0.04"
    ]  # fmt: skip
    assert page.get_by_role("row").filter(has_text="model.pkl").first.inner_text().split()[1] == "changed"
    page.get_by_label("Second version").select_option("4")
    page.wait_for_url(re.compile(r"compare/1\.\.4"))


def test_the_activity_has_all_of_it_in_order(opened: Callable[[str], Any], extra: ExtraModel, writer: Client) -> None:
    name = extra("Staging")
    writer.aliases.set(name, "first", 1)
    writer.stages.transition(name, 1, "Production", comment="it is time")
    page = opened(f"activity?model={name}")
    rows = page.get_by_role("region", name="Activity").locator("tbody tr")
    rows.first.wait_for()
    told = [" ".join(text.split()) for text in rows.all_inner_texts()]
    assert len(told) == len(writer.history.events(name))
    assert "moved Staging Production it is time" in told[0]
    assert "alias set: @first v1" in told[1]
    assert "moved None Staging" in told[2]
    assert "registered" in told[3]
    assert "model created" in told[4]
    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV").click()
    lines = list(csv.DictReader(Path(saved.value.path()).read_text(encoding="utf-8").splitlines()))
    assert [line["event"] for line in lines] == ["5", "4", "3", "2", "1"]
    page.get_by_label("Action").select_option("alias_set")
    page.get_by_text("it is time").wait_for(state="detached")
    rows.first.wait_for()
    assert rows.count() == 1
    page.get_by_label("Person").fill("nobody")
    page.get_by_text("Nothing happened").wait_for()


def test_a_board_has_the_stages_of_its_model(opened: Callable[[str], Any], extra: ExtraModel, writer: Client) -> None:
    name = extra("Live", "QA", own=("Dev", "QA", "Live"), exclusive=("Live",))
    page = opened(f"models/{name}/board")
    page.locator(".lane").first.wait_for()
    lanes = page.locator(".lane").evaluate_all("all => all.map((each) => each.dataset.stage)")
    assert lanes == ["None", "Dev", "QA", "Live", "Archived"]
    card(page, 2).get_by_role("button", name="Move").click()
    assert page.get_by_role("radio", name="Live").is_checked()
    page.get_by_role("dialog").get_by_role("button", name="Move", exact=True).click()
    lane(page, "Live").locator("[data-version='2']").wait_for()
    assert stages(writer, name) == ["Archived", "Live"]


def test_comments_are_made_changed_and_taken_back(
    opened: Callable[[str], Any], extra: ExtraModel, writer: Client
) -> None:
    name = extra("None")
    page = opened(f"models/{name}/versions/1/activity")
    page.get_by_label("Say something of v1").fill("trained without March")
    page.get_by_role("button", name="Comment", exact=True).click()
    page.locator(".comments").get_by_text("trained without March").wait_for()
    page.get_by_role("button", name="Edit the comment").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("and without April")
    page.get_by_role("button", name="Save").click()
    page.locator(".comments").get_by_text("and without April").wait_for()
    page.get_by_role("button", name="Delete the comment").click()
    page.locator(".comments li").wait_for(state="detached")
    assert writer.comments.list(name) == []
    page.get_by_role("cell", name="comment removed").wait_for()


def test_versions_and_models_are_deleted_on_their_name_alone(
    opened: Callable[[str], Any], extra: ExtraModel, writer: Client
) -> None:
    name = extra("None", "None", name="to be deleted")
    page = opened(f"models/{name}/versions/1".replace(" ", "%20"))
    page.get_by_role("button", name="Actions on the version").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("textbox").fill(f"{name}/2")
    page.keyboard.press("Enter")
    assert page.get_by_role("button", name="Delete for good").get_attribute("aria-disabled") == "true"
    assert len(writer.model_versions.list(name)) == 2
    page.get_by_role("dialog").get_by_role("textbox").fill(f"{name}/1")
    page.get_by_role("button", name="Delete for good").click()
    page.locator("[data-row='2']").wait_for()
    assert [version.version for version in writer.model_versions.list(name)] == [2]
    page.get_by_role("button", name="Actions on the model").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("textbox").fill(name)
    page.get_by_role("button", name="Delete for good").click()
    page.wait_for_url(re.compile("#/models$"))
    assert name not in [model.name for model in writer.registered_models.search()]


def test_a_rule_is_told_before_the_move_and_a_move_against_it_is_refused(
    opened: Callable[[str], Any], extra: ExtraModel, writer: Client, watch: Watch
) -> None:
    watch.expect("403")
    name = extra("None")
    writer.policy.set(f"rules:\n  - models: {name}\n    stages: Production\n    require:\n      tags: [reviewed]\n")
    page = opened(f"models/{name}/board")
    page.get_by_text("Rules of the stages").click()
    page.get_by_text("a tag reviewed").wait_for()
    card(page, 1).get_by_role("button", name="Move").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name="Production").check()
    dialog.get_by_text("✗").wait_for()
    dialog.get_by_role("button", name="Move", exact=True).click()
    dialog.get_by_role("alert").get_by_text("policy.yaml does not let").wait_for()
    assert stages(writer, name) == ["None"]


def test_hostile_names_are_only_text(opened: Callable[[str], Any], extra: ExtraModel, writer: Client) -> None:
    name = extra("Staging", name=HOSTILE)
    writer.registered_models.update(name, description=HOSTILE)
    writer.stages.transition(name, 1, "Archived", comment=HOSTILE)
    page = opened("models")
    page.get_by_role("link", name=HOSTILE).click()
    page.get_by_role("link", name="Activity").last.click()
    page.get_by_role("cell", name=HOSTILE).first.wait_for()
    assert page.locator("img[src='x']").count() == 0


@pytest.mark.slow  # make ui-test looks at each page once, in test_quality.py
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everyone_can_use_the_pages(opened: Callable[[str], Any], axe: Axe, theme: str, writer: Client) -> None:
    page = opened("models")
    page.emulate_media(color_scheme=theme)
    if not writer.approvals.list(MODEL):
        writer.approvals.request(MODEL, 4, "Production", comment="please")
    places = {
        "models": ".grid-row", f"models/{MODEL}": ".grid-row", f"models/{MODEL}/board": ".card",
        f"models/{MODEL}/timeline?at={writer.history.events(MODEL)[-1].time_ms}": ".period",
        f"models/{MODEL}/activity": "tbody tr", f"models/{MODEL}/versions/4": ".request",
        f"models/{MODEL}/versions/2/lineage": ".node", f"models/{MODEL}/versions/2/activity": ".comments",
        f"models/{MODEL}/compare/1..3": "tbody tr", "requests": ".request", "requests?view=closed": "table, .empty",
        "activity": "tbody tr",
    }  # fmt: skip
    found = {}
    for path, sign in places.items():
        opened(path)
        page.locator(sign).first.wait_for(state="attached")
        settle(page)
        found[path] = axe(page)
    opened(f"models/{MODEL}/board")
    card(page, 4).get_by_role("button", name="Move").click()
    page.get_by_role("dialog").get_by_role("radio", name="Production").check()
    found["dialog"] = axe(page)
    assert {path: problems for path, problems in found.items() if problems} == {}


@pytest.fixture
def guarded(filled: str, extra: ExtraModel, start_server: Any) -> tuple[RunningServer, str, dict[str, str]]:
    """A server with logins: ann may edit, bob approves; and their tokens."""
    name = extra("Production", "Staging")
    client = Client(filled)
    access = Access(client.store)
    access.grant("ann", Resource.REGISTERED_MODEL, name, Permission.EDIT)
    access.grant("bob", Resource.REGISTERED_MODEL, name, Permission.EDIT, approver=True)
    experiment_id = client.experiments.get_by_name("tabular/churn").experiment_id
    for who in ("ann", "bob"):
        access.grant(who, Resource.EXPERIMENT, experiment_id, Permission.READ)
    tokens = {who: Tokens(client.store).create(who)[0] for who in ("ann", "bob")}
    return start_server(filled, "--auth"), name, tokens


def test_who_may_not_move_requests_and_another_person_answers(
    guarded: tuple[RunningServer, str, dict[str, str]], browser: Any, writer: Client
) -> None:
    server, name, tokens = guarded
    pages = {}
    for who, token in tokens.items():
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(30_000)
        context.add_init_script(f"sessionStorage.setItem('cloudtrack.token', {token!r})")
        pages[who] = context.new_page()
    ann, bob = pages["ann"], pages["bob"]

    def ask(comment: str) -> None:
        ann.goto(f"{server.url}/#/models/{name}/versions/2")
        ann.get_by_role("button", name="Move", exact=True).click()
        dialog = ann.get_by_role("dialog")
        dialog.get_by_role("radio", name="Production").check()
        assert dialog.get_by_role("button", name="Move", exact=True).get_attribute("aria-disabled") == "true"
        dialog.get_by_role("textbox").fill(comment)
        dialog.get_by_role("button", name="Request").click()
        ann.get_by_text(comment).first.wait_for()

    ask("looks good")
    assert ann.get_by_role("button", name="Approve").get_attribute("aria-disabled") == "true"
    bob.goto(f"{server.url}/#/requests")
    line = bob.get_by_role("group", name=re.compile(f"Request 1 of {name}"))
    line.get_by_text("looks good").wait_for()
    line.get_by_text("+0.02").wait_for()
    line.get_by_role("button", name="Reject").click()
    bob.get_by_role("dialog").get_by_role("textbox").fill("not yet")
    bob.get_by_role("dialog").get_by_role("button", name="Reject").click()
    bob.get_by_text("Nothing waits for approval").wait_for()
    assert stages(writer, name) == ["Production", "Staging"]

    ask("now it does")
    bob.goto(f"{server.url}/#/models/{name}/versions/2")
    bob.get_by_role("button", name="Approve").click()
    bob.get_by_role("dialog").get_by_role("textbox").fill("yes")
    bob.get_by_role("dialog").get_by_role("button", name="Approve").click()
    bob.locator(".place").get_by_text("Production").wait_for()
    assert stages(writer, name) == ["Archived", "Production"]
    event = writer.history.events(name)[-1]
    assert (event.actor, event.comment) == ("bob", "yes")

    ann.goto(f"{server.url}/#/requests?view=closed")
    ann.get_by_text("approved and moved").wait_for()
    told = [" ".join(text.split()) for text in ann.locator("tbody tr").all_inner_texts()]
    assert any("rejected bob not yet" in text for text in told)
    for page in pages.values():
        page.context.close()

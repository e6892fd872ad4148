"""What was done to models, newest first, in pages."""

from __future__ import annotations

from typing import Any

import pytest

from cloudtrack import clock
from cloudtrack.api.app import App
from cloudtrack.client import Client
from tests.api.pages.making import READER, counting, guarded
from tests.api.sending import get, told


def test_the_activity_of_a_model_is_newest_first_with_what_changed(client: Client, app: App) -> None:
    client.registered_models.create("churn")
    for _ in range(2):
        client.model_versions.create("churn", "s3://elsewhere/model")
    ann = client.acting_as("ann", request_id="r-1")
    ann.stages.transition("churn", 1, "Production", comment="first")
    ann.stages.transition("churn", 2, "Production", archive_existing_versions=True, comment="second")
    client.aliases.set("churn", "champion", 1)
    client.aliases.set("churn", "champion", 2)
    client.approvals.request("churn", 1, "Staging", comment="please")
    client.comments.create("churn", 1, "hm")
    page = told(app, "models/activity", name="churn")
    assert page["next"] is None
    said, asked, second_alias, first_alias, second, first, *_ = page["activity"]
    assert (second["user"], second["action"], second["version"], second["request_id"]) == (
        "ann",
        "stage_transitioned",
        2,
        "r-1",
    )
    assert (second["from_stage"], second["to_stage"], second["previous"], second["archived"], second["comment"]) == (
        "None",
        "Production",
        [1],
        [1],
        "second",
    )
    assert "previous" not in first
    assert (second_alias["alias"], second_alias["previous"]) == ("champion", [1])
    assert "previous" not in first_alias
    assert (asked["request"], asked["comment"], asked["to_stage"]) == (1, "please", "Staging")
    assert (said["comment"], said["version"]) == ("hm", 1)
    numbers = [entry["number"] for entry in page["activity"]]
    assert numbers == sorted(numbers, reverse=True)
    of_one = told(app, "models/activity", name="churn", version="1")["activity"]
    assert [entry["action"] for entry in of_one] == [
        "version_commented",
        "transition_requested",
        "alias_set",
        "alias_set",
        "stage_transitioned",
        "stage_transitioned",
        "version_created",
    ]
    client.registered_models.delete("churn")
    assert told(app, "models/activity", name="churn")["activity"][0]["action"] == "model_deleted"
    assert get(app, "models/activity", name="none").status == 404


def collected(app: App, route: str, **query: Any) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    cursor = ""
    while cursor is not None:
        page = told(app, route, cursor=cursor, **query)
        found += [(entry["name"], entry["number"]) for entry in page["activity"]]
        cursor = page["next"]
    return found


@pytest.fixture
def several(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Three models whose events are a second apart, but for the last ones."""
    now = clock.now_ms() - 1_000_000
    ticks = iter(range(now, now + 10_000_000, 1000))
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now_ms", lambda: next(ticks))
        for name in ("a", "b", "c"):
            client.acting_as("ann").registered_models.create(name)
        for number in range(8):
            for name in ("a", "c", "a"):
                client.acting_as("bob").registered_models.set_tag(name, "n", str(number))
    return client


@pytest.mark.parametrize("is_compacted", [False, True])
def test_the_activity_of_a_store_comes_in_pages_newest_first(several: Client, *, is_compacted: bool) -> None:
    if is_compacted:
        several.model_index.compact("")
    app = App(several)
    whole = told(app, "activity", max_results=500)["activity"]
    times = [entry["time"] for entry in whole]
    assert times == sorted(times, reverse=True)
    assert len(whole) == 27
    assert {entry["user"] for entry in whole} == {"ann", "bob"}
    for size in (1, 5, 26):
        assert collected(app, "activity", max_results=size) == [(entry["name"], entry["number"]) for entry in whole]


def test_what_is_done_while_one_turns_pages_is_not_mixed_in(several: Client) -> None:
    app = App(several)
    expected = collected(app, "activity", max_results=500)
    page = told(app, "activity", max_results=4)
    found = [(entry["name"], entry["number"]) for entry in page["activity"]]
    several.registered_models.create("new")
    several.registered_models.set_tag("b", "n", "later")
    several.registered_models.set_tag("a", "n", "later")
    while page["next"] is not None:
        page = told(app, "activity", max_results=4, cursor=page["next"])
        found += [(entry["name"], entry["number"]) for entry in page["activity"]]
    assert found == expected


def test_activities_are_chosen_by_person_action_and_time(several: Client) -> None:
    app = App(several)
    whole = told(app, "activity", max_results=500)["activity"]
    assert len(told(app, "activity", user="ann")["activity"]) == 3
    assert len(told(app, "activity", action="model_created", user="bob")["activity"]) == 0
    since, until = whole[20]["time"], whole[10]["time"]
    assert told(app, "activity", since=since, until=until)["activity"] == whole[10:21]
    assert collected(app, "activity", since=since, until=until, max_results=3) == [
        (entry["name"], entry["number"]) for entry in whole[10:21]
    ]
    for bad in ("x", "1.x", "99999999999999999.x"):
        assert get(app, "activity", cursor=bad).status == 400
    assert get(app, "activity", max_results=501).status == 400


def test_activities_are_those_of_models_that_one_may_read(several: Client) -> None:
    app = guarded(several, "b", "c")
    found = get(app, "activity", principal=READER).json()["activity"]
    assert {entry["name"] for entry in found} == {"b", "c"}


def test_the_first_page_of_a_stores_activity_reads_little(client: Client) -> None:
    for number in range(40):
        client.registered_models.create(f"m{number:02}")
    client.model_index.compact("")
    app = App(Client(client.store))
    told(app, "activity", max_results=5)
    counting(client).reset()
    assert len(told(app, "activity", max_results=5)["activity"]) == 5
    assert counting(client).requests <= 2 + 5 + 1

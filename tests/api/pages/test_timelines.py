"""A timeline says when which version was where."""

from __future__ import annotations

import pytest

from cloudtrack import clock
from cloudtrack.api.app import App
from cloudtrack.client import Client
from tests.api.sending import get, told


def test_a_timeline_says_when_what_was_where(client: Client, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [
        lambda: client.registered_models.create("churn"),
        lambda: client.model_versions.create("churn", "s3://elsewhere/model"),
        lambda: client.model_versions.create("churn", "s3://elsewhere/model"),
        lambda: client.stages.transition("churn", 1, "Production", comment="go"),
        lambda: client.aliases.set("churn", "champion", 1),
        lambda: client.stages.transition("churn", 2, "Production", archive_existing_versions=True),
        lambda: client.aliases.set("churn", "champion", 2),
        lambda: client.model_versions.delete("churn", 1),
    ]
    for number, step in enumerate(steps, 1):
        monkeypatch.setattr(clock, "now_ms", lambda now=1000 * number: now)
        step()
    line = told(app, "models/timeline", name="churn")
    assert line["versions"] == [
        {"version": 1, "periods": [["None", 2000, 4000], ["Production", 4000, 6000], ["Archived", 6000, 8000]]},
        {"version": 2, "periods": [["None", 3000, 6000], ["Production", 6000, None]]},
    ]
    assert line["aliases"] == [
        {"alias": "champion", "version": 1, "from": 5000, "to": 7000},
        {"alias": "champion", "version": 2, "from": 7000, "to": None},
    ]
    assert [(tick["time"], tick["version"], tick["comment"], tick["archived"]) for tick in line["ticks"]] == [
        (4000, 1, "go", []),
        (6000, 2, "", [1]),
    ]
    assert line["truncated"] is False


def test_the_timeline_of_a_renamed_model_goes_on(client: Client, app: App) -> None:
    client.registered_models.create("old")
    client.model_versions.create("old", "s3://elsewhere/model")
    client.stages.transition("old", 1, "Production")
    client.registered_models.rename("old", "new")
    line = told(app, "models/timeline", name="new")
    assert [period[0] for period in line["versions"][0]["periods"]] == ["Production"]
    assert get(app, "models/timeline", name="old").status == 404


def test_a_long_timeline_begins_with_the_state_before(
    client: Client, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.registered_models.create("churn")
    client.model_versions.create("churn", "s3://elsewhere/model")
    client.stages.transition("churn", 1, "Production")
    client.aliases.set("churn", "champion", 1)
    for number in range(20):
        client.registered_models.set_tag("churn", "n", str(number))
    whole = told(app, "models/timeline", name="churn")
    monkeypatch.setattr("cloudtrack.registry.timelines.MOST_EVENTS", 10)
    line = told(app, "models/timeline", name="churn")
    assert line["truncated"] is True
    assert line["versions"][0]["periods"] == whole["versions"][0]["periods"][-1:]
    assert line["aliases"] == whole["aliases"]

"""Histories as pages show them: which entries a person, an action and dates let through."""

from __future__ import annotations

from typing import Any

import pytest

from cloudtrack.api.app import App
from cloudtrack.client import Client
from tests.api.sending import ask


@pytest.fixture
def app(store_url: str) -> App:
    client = Client(store_url, user="ann")
    for name in ("churn", "fraud"):
        client.registered_models.create(name)
        client.model_versions.create(name, "s3://elsewhere/model")
        client.stages.transition(name, 1, "Staging")
        client.aliases.set(name, "champion", 1)
    return App(client)


def actions(app: App, path: str) -> list[str]:
    answer = ask(app, "GET", f"/api/2.0/cloudtrack/{path}")
    assert answer.status == 200, answer.json()
    found: list[dict[str, Any]] = answer.json()["activity"]
    return [entry["action"] for entry in found]


def test_several_actions_are_asked_for_at_once(app: App) -> None:
    asked = actions(app, "activity?action=alias_set,stage_transitioned")
    assert sorted(asked) == ["alias_set", "alias_set", "stage_transitioned", "stage_transitioned"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["alias_set", "stage_transitioned", "version_created", "model_created"]),
        ("&action=alias_set", ["alias_set"]),
        ("&user=ann&version=1", ["alias_set", "stage_transitioned", "version_created"]),
        ("&user=bob", []),
        ("&until=1", []),
        ("&since=4102444800000", []),
    ],
)
def test_the_activity_of_one_model_has_the_conditions_of_the_whole(app: App, query: str, found: list[str]) -> None:
    assert actions(app, f"models/activity?name=churn{query}") == found

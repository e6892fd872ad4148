"""A table of models compares the newest version with Production, in pages of what one may read."""

from __future__ import annotations

import pytest

from cloudtrack.api.app import App
from cloudtrack.client import Client
from tests.api.pages.making import PRIMARY, READER, counting, guarded, register
from tests.api.sending import get, told


def test_a_table_compares_the_newest_version_with_production(client: Client, app: App) -> None:
    client.registered_models.create("churn", tags=PRIMARY)
    client.registered_models.create("plain")
    for acc in (0.7, 0.9):
        register(client, "churn", acc=acc)
    client.stages.transition("churn", 1, "Production")
    client.approvals.request("churn", 2, "Production")
    churn, plain = told(app, "models/table")["models"]
    assert (churn["name"], churn["latest_version"], churn["stages"]) == ("churn", 2, {"None": 2, "Production": 1})
    assert churn["open_requests"] == 1
    metric = churn["primary_metric"]
    assert (metric["key"], metric["production"], metric["latest"]) == ("acc", 0.7, 0.9)
    assert metric["delta"] == pytest.approx(0.2)
    assert (plain["latest_version"], plain["open_requests"], plain["primary_metric"]) == (None, 0, None)


def test_a_table_comes_in_pages_of_what_one_may_read(client: Client) -> None:
    for name in ("a", "b", "c", "d"):
        client.registered_models.create(name)
    app = guarded(client, "a", "b", "d")
    first = get(app, "models/table", principal=READER, max_results=2).json()
    assert [model["name"] for model in first["models"]] == ["a", "b"]
    second = get(app, "models/table", principal=READER, max_results=2, cursor=first["next"]).json()
    assert ([model["name"] for model in second["models"]], second["next"]) == (["d"], None)


def test_a_table_of_models_costs_a_search_and_not_a_read_of_each(client: Client) -> None:
    for number in range(30):
        client.registered_models.create(f"m{number:02}")
        client.model_versions.create(f"m{number:02}", "s3://elsewhere/model")
    client.model_index.compact("")
    app = App(Client(client.store))
    told(app, "models/table")
    counting(client).reset()
    assert len(told(app, "models/table")["models"]) == 30
    assert counting(client).requests == 2

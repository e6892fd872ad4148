"""Missing authorisation: what one may not read is as if it were not there, whatever is asked and planted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from cloudtrack.api.app import App
from cloudtrack.api.endpoint import Endpoint
from cloudtrack.api.endpoints import ENDPOINTS
from cloudtrack.api.mlflow.not_implemented import not_implemented
from tests.api.samples import MODEL, RELEASED, World, key_of, new_world
from tests.api.sending import ask
from tests.api.test_permissions import ADMIN, APPROVER, EDITOR, JSON, MANAGER, STRANGER, guarded
from tests.security.hidden import CANARY, Hidden, hide

ANSWERED = [endpoint for endpoint in ENDPOINTS if endpoint.answer is not not_implemented]
READING = [endpoint for endpoint in ANSWERED if endpoint.method == "GET" or "search" in endpoint.path]
TAKEN = ("POST /cloudtrack/releases/switch",)
"""Whoever makes something learns whether its name is taken, and no more."""
NOWHERE = Hidden("100000000000000001", "0" * 32, f"m-{'1' * 32}", "nowhere-model", "nowhere-release")
"""Names like those of what is hidden, of what never was."""


class Enemy:
    """An application with something hidden, and people who may do much with what lies beside it."""

    def __init__(self) -> None:
        self.world: World = new_world()
        self.app: App = guarded(self.world)
        self.hidden: Hidden = hide(self.world.client)

    def plant(self) -> None:
        """Everything of one's own that can name something hidden."""
        run, names = self.world.names["run"], self.hidden
        of_model, of_run = [{"model_id": names.model_id}], {"source_run_id": names.run, "name": "n"}
        for path, body in (
            ("runs/log-inputs", {"run_id": run, "models": of_model}),
            ("runs/outputs", {"run_id": run, "models": of_model}),
            ("runs/set-tag", {"run_id": run, "key": "mlflow.parentRunId", "value": names.run}),
            ("runs/set-tag", {"run_id": run, "key": "mlflow.rootRunId", "value": names.run}),
            ("runs/set-tag", {"run_id": run, "key": "cloudtrack.reproduces", "value": names.run}),
            ("model-versions/create", {"name": MODEL, "source": "s3://elsewhere/model", "run_id": names.run}),
            ("model-versions/create", {"name": MODEL, "source": f"models:/{names.model}/1"}),
            ("model-versions/create", {"name": MODEL, "source": "s3://elsewhere/m", "model_id": names.model_id}),
            ("logged-models", {"experiment_id": self.world.names["experiment"], **of_run}),
        ):
            self.ask("POST", f"/api/2.0/mlflow/{path}", json.dumps(body).encode())

    def ask(self, method: str, target: str, body: bytes, who: Any = EDITOR) -> tuple[int, str]:
        answer = ask(self.app, method, target, body, JSON if body else {}, who)
        return answer.status, answer.whole_body().decode(errors="replace")

    def requests(self, endpoint: Endpoint, other: Hidden) -> Iterator[tuple[str, str, bytes]]:
        """The sample with the names of something else: of runs and models, and of releases alone."""
        names = {
            **self.world.names,
            "experiment": other.experiment,
            "trash": other.experiment,
            "run": other.run,
            "model_id": other.model_id,
            "artifact_path": f"runs/{other.run}/artifacts/file.txt",
        }
        for world in (World(self.world.client, names), self.world):
            method, target, body = world.request(endpoint)
            for mine, theirs in ((MODEL, other.model), (RELEASED, other.model), ("some/release", other.release)):
                if world is self.world and mine != "some/release":
                    continue
                for spelling in (mine.replace(" ", "+"), quote(mine, safe=""), quote(mine)):
                    target = target.replace(spelling, theirs)
                body = body.replace(mine.encode(), theirs.encode())
            if not endpoint.raw:  # a delivery has a checksum
                yield method, target, body


def without_names(answer: tuple[int, str], names: Hidden) -> tuple[int, str]:
    """An answer in which names, and what the clock says, are all the same."""
    status, text = answer
    for name in (names.experiment, names.run, names.model_id, names.model, names.release):
        text = text.replace(name, "NAME")
    return status, re.sub(r"\d{13}|ticket=[\w.%-]+", "N", text)


@pytest.fixture(scope="module")
def enemy() -> Enemy:
    made = Enemy()
    made.plant()
    return made


@pytest.mark.parametrize("endpoint", READING, ids=key_of)
def test_nothing_hidden_is_in_an_answer(endpoint: Endpoint, enemy: Enemy) -> None:
    for who in (None, STRANGER, EDITOR, APPROVER):
        _, text = enemy.ask(*enemy.world.request(endpoint), who)
        assert CANARY not in text, (who, text[:500])


@pytest.mark.parametrize("endpoint", ANSWERED, ids=key_of)
def test_what_is_hidden_is_as_if_it_were_not_there(endpoint: Endpoint, enemy: Enemy) -> None:
    requests = zip(enemy.requests(endpoint, enemy.hidden), enemy.requests(endpoint, NOWHERE), strict=True)
    for hidden, nowhere in requests:
        if hidden == nowhere:
            continue
        for who in (None, STRANGER, MANAGER, APPROVER):
            found = without_names(enemy.ask(*hidden, who), enemy.hidden)
            assert CANARY not in found[1], (who, hidden, found)
            if key_of(endpoint) not in TAKEN:
                assert found == without_names(enemy.ask(*nowhere, who), NOWHERE), (who, hidden)


def test_a_switch_answers_with_what_the_caller_may_read(enemy: Enemy) -> None:
    client = enemy.world.client
    client.releases.switch("mixed", {"ours": f"{MODEL}/1", "theirs": f"{enemy.hidden.model}/1"})
    for verb, more in (("switch", {"members": {"ours": f"{MODEL}/2"}}), ("rollback", {})):
        body = json.dumps({"name": "mixed", **more}).encode()
        status, text = enemy.ask("POST", f"/api/2.0/cloudtrack/releases/{verb}", body, APPROVER)
        assert status == 200
        assert [*json.loads(text)["release"]["members"]] == ["ours"]
    assert client.releases.get("mixed").models == {MODEL, enemy.hidden.model}


def test_the_end_of_a_hidden_release_is_hidden_too(enemy: Enemy) -> None:
    client = enemy.world.client
    client.releases.switch("ended", {"one": f"{enemy.hidden.model}/1"})
    client.releases.delete("ended", comment=CANARY)
    for target in ("releases/history?name=ended&page_token=1", "releases/verify?name=ended", "activity", "events"):
        for who in (STRANGER, APPROVER):
            text = enemy.ask("GET", f"/api/2.0/cloudtrack/{target}", b"", who)[1]
            assert CANARY not in text, target
    assert CANARY in enemy.ask("GET", "/api/2.0/cloudtrack/releases/history?name=ended&page_token=1", b"", ADMIN)[1]

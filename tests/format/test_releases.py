"""Upgrades and rollbacks: an older release of cloudtrack works in a store that a newer one has written to.

A newer release of the same format may add fields to documents, parts of them and events. Here they are put into a store
by hand, and today's release plays the older one: it answers the same and keeps what it does not know.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.maintenance.fsck_finding import Severity
from cloudtrack.registry import keys
from cloudtrack.registry.chain import hash_of
from tests.format.saying import said
from tests.format.test_reading import HERE

NEWER = {"since": "a newer release", "list": [1, {"two": None}]}
DOCUMENTS = ("experiment.json", "run.json", "logged_models/*/model.json", "webhooks/*.json", "access/policy.json")
"""Those that are the truth and are rewritten as a whole."""


@pytest.fixture(name="store")
def _store(tmp_path: Path) -> Path:
    with zipfile.ZipFile(HERE / "v1" / "store.zip") as archive:
        archive.extractall(tmp_path / "store")
    return tmp_path / "store"


def documents(store: Path) -> list[Path]:
    """The files of documents."""
    return sorted(path for pattern in DOCUMENTS for path in store.rglob(pattern))


def with_more(document: dict[str, Any]) -> dict[str, Any]:
    """With a field of the future in it, and in its parts."""
    for part in [*document.get("inputs", []), *document.get("outputs", []), *document.get("grants", [])]:
        part["newer"] = NEWER
    return {**document, "newer": NEWER}


def test_an_older_release_answers_the_same_and_keeps_what_it_does_not_know(store: Path) -> None:
    before = json.loads(json.dumps(said(Client(store))))
    changed = documents(store)
    assert {path.name for path in changed} >= {"experiment.json", "run.json", "model.json", "policy.json"}
    for path in changed:
        path.write_text(json.dumps(with_more(json.loads(path.read_text()))))
    client = Client(store)
    after = json.loads(json.dumps(said(client)))
    for part in [after["access"], *after["access"]["grants"]]:
        assert part.pop("newer") == NEWER
    assert after == before
    experiments = [each.experiment_id for each in client.experiments.search()]
    for experiment_id in experiments:
        client.experiments.set_tag(experiment_id, "touched", "yes")
    for model in client.logged_models.search(experiments):
        client.logged_models.set_tags(model.model_id, {"touched": "yes"})
    for run in client.runs.search(experiments):
        client.runs.log_batch(run.info.run_id, tags={"touched": "yes"}, metrics=[Metric("later", 1.0, 1, 1)])
    Access(client.store).grant("ann", Resource.EXPERIMENT, "0", Permission.READ)
    touched = [path for path in changed if "touched" in (text := path.read_text()) or '"ann"' in text]
    assert {path.name for path in touched} == {"experiment.json", "run.json", "model.json", "policy.json"}
    for path in touched:
        document = json.loads(path.read_text())
        assert document["newer"] == NEWER, path
        for part in [*document.get("inputs", []), *document.get("outputs", [])]:
            assert part["newer"] == NEWER, path
    assert not [finding for finding in client.fsck.check().findings if finding.severity == Severity.DAMAGE]


def append(store: Path, name: str, change: dict[str, Any]) -> Path:
    """The event that a newer release would append to a model's history."""
    last = max((store / keys.events(name)).iterdir())
    event = json.loads(last.read_bytes())
    number = event["number"] + 1
    event |= {"number": number, "id": "of-a-newer-release", "previous_hash": hash_of(last.read_bytes())}
    path = last.with_name(f"{number:012}.json")
    path.write_text(json.dumps({**event, "newer": NEWER, "change": change}))
    return path


def test_an_event_with_more_in_it_counts_and_stays_as_it_is(store: Path) -> None:
    path = append(store, "line", {"type": "model_changed", "description": "of a newer release", "newer": NEWER})
    written = path.read_bytes()
    client = Client(store)
    assert client.registered_models.get("line").description == "of a newer release"
    client.registered_models.set_tag("line", "after", "the rollback")
    assert client.history.verify("line")
    assert path.read_bytes() == written
    assert Client(store).registered_models.get("line").tags["after"] == "the rollback"


def test_an_event_that_an_older_release_does_not_know_stops_that_model_alone(store: Path) -> None:
    path = append(store, "line", {"type": "model_frozen"})
    client = Client(store)
    before = sorted(path.parent.iterdir())
    for attempt in (
        lambda: client.registered_models.get("line"),
        lambda: client.model_versions.create("line", "s3://x/y"),
        lambda: client.stages.transition("line", 1, "Archived"),
    ):
        with pytest.raises(CorruptData, match="type that this version of cloudtrack does not know"):
            attempt()
    assert sorted(path.parent.iterdir()) == before
    assert client.stages.transition("many", 299, "Production").current_stage == "Production"


def test_a_store_of_another_major_format_is_not_touched(store: Path) -> None:
    marker = store / "cloudtrack.json"
    marker.write_text(marker.read_text().replace("cloudtrack/1", "cloudtrack/2"))
    before = sorted(store.rglob("*"))
    with pytest.raises(InvalidInput, match="install a version that knows it"):
        Client(store)
    assert sorted(store.rglob("*")) == before

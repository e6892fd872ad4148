"""What notebooks show of each thing: whole, escaped, small, and without a script or a colour."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import pytest

import cloudtrack as ct
from cloudtrack.client import Client
from cloudtrack.entities.experiment import Experiment
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.entities.run import Metric, Run, RunData, RunInfo
from cloudtrack.models.infer import infer_signature
from cloudtrack.models.model_file import ModelInfo
from cloudtrack.remote.client import RemoteClient

BAD = "<script>alert('x')</script>\" onload=\"x"
_INFO = RunInfo("r" * 32, "7", BAD, BAD, BAD, 1_000, 3_500, artifact_uri=BAD)
_VERSION = ModelVersion(BAD, 3, 1, 2, description=BAD, source=BAD, tags={BAD: BAD}, aliases=[BAD])
SHOWN: list[Any] = [
    Run(_INFO, RunData({BAD: 0.5}, {BAD: BAD}, {BAD: BAD, "mlflow.source.name": BAD})),
    _INFO,
    RunData({BAD: 0.5}, {BAD: BAD}),
    Experiment("7", BAD, BAD, tags={BAD: BAD}),
    _VERSION,
    RegisteredModel(BAD, 1, 2, description=BAD, latest_versions=[_VERSION], tags={BAD: BAD}, aliases={BAD: 3}),
    LoggedModel(
        "7",
        BAD,
        BAD,
        BAD,
        1,
        2,
        source_run_id="r" * 32,
        params={BAD: BAD},
        metrics=[Metric(BAD, 0.5, 1, dataset_name=BAD)],
    ),
    ModelInfo(BAD, {BAD: {}}, BAD, BAD, BAD, signature=infer_signature({BAD: 1.5}, [2]), metadata={BAD: BAD}),
]


class _Seen(HTMLParser):
    """The tags and attributes of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("entity", SHOWN, ids=lambda entity: type(entity).__name__)
@pytest.mark.parametrize("uri", ["", "http://127.0.0.1:9/a%22b"])
def test_values_are_escaped(entity: Any, uri: str) -> None:
    ct.set_tracking_uri(uri or "memory://html")
    html = entity._repr_html_()
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert not re.search(r"color|#[0-9a-f]{3}\b", html)
    seen = _Seen()
    seen.feed(html)
    assert seen.tags <= {"div", "b", "table", "tr", "td", "a"}
    assert seen.attributes <= {"class", "style", "href", "target", "rel"}
    assert ("<a href=" in html) == bool(uri and not isinstance(entity, RunData | ModelInfo))
    assert len(html) < 10_000


def test_what_is_long_is_cut() -> None:
    html = RunData(params={f"p{number}": "v" * 1_000 for number in range(50)})._repr_html_()
    assert html.count("<tr>") == 20
    assert "and 30 more" in html
    assert len(html) < 20 * 500


def test_clients_say_where_they_are_and_who_acts() -> None:
    store = Client("memory://shown", user="<ann>")._repr_html_()
    assert "memory://shown" in store
    assert "&lt;ann&gt;" in store
    server = RemoteClient("http://127.0.0.1:9", user="ann")._repr_html_()
    assert "http://127.0.0.1:9" in server


def test_entities_give_their_fields_in_pairs() -> None:
    assert dict(_VERSION)["version"] == 3
    assert dict(_INFO)["experiment_id"] == "7"


def test_nobody_pays_for_it_who_does_not_look() -> None:
    code = """
import sys
import cloudtrack.entities, cloudtrack.entities.run
print(*(name for name in sys.modules if name.startswith(("cloudtrack.entities.html", "cloudtrack.notebooks", "html"))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

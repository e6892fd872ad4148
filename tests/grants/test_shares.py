"""A shared run is a page that reads, and nothing of what a run is called or says is more than text in it."""

from __future__ import annotations

import html
import html.parser
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtrack import clock
from cloudtrack.client import Client
from cloudtrack.entities.dataset import Dataset, DatasetInput
from cloudtrack.entities.run import LoggedModelOutput, Metric
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.grants import shares
from cloudtrack.grants.share_page import POLICY
from cloudtrack.grants.shares import Shares
from cloudtrack.grants.svg_chart import svg_chart
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.tracking import keys
from tests.cli.commands import cloudtrack
from tests.grants.fakes import FakeSigner
from tests.thoroughness import examples

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)></title></style><!--\u202e\x1b]0;x"
_ELEMENTS = set(
    "html head meta title style body h1 h2 p table tr th td figure figcaption svg rect polyline circle pre a".split()
)
_ATTRIBUTES = set(
    "viewbox role fill points stroke stroke-width cx cy r "
    "lang charset http-equiv content name href rel class width height ".split()
)


class Page(html.parser.HTMLParser):
    """What a browser finds in a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.comments = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        self.comments += 1


def is_harmless(text: str) -> Page:
    """Nothing runs, nothing is loaded, and only our own elements are in it."""
    page = Page(text)
    assert page.elements <= _ELEMENTS, page.elements - _ELEMENTS
    assert page.attributes <= _ATTRIBUTES, page.attributes - _ATTRIBUTES
    assert page.comments == 0
    assert all(link.startswith("https://bucket.example/") for link in page.links)
    assert text.count("<style>") == 1
    return page


@pytest.fixture
def client() -> Client:
    return Client(MemoryStore(), user="ann")


@pytest.fixture
def run_id(client: Client) -> str:
    """A run whose every name and text is an attack."""
    experiment = client.experiments.create(EVIL.replace("\x1b", ""))
    run_id = client.runs.create(experiment, run_name=EVIL, tags={"mlflow.note.content": EVIL, "t": EVIL}).info.run_id
    points = [Metric("loss/x", value, 1, step) for step, value in enumerate([1.0, 0.5, math.nan, math.inf, 0.25])]
    client.runs.log_batch(run_id, params={"p": EVIL}, metrics=points)
    client.runs.log_inputs(run_id, [DatasetInput(Dataset(EVIL[:40], EVIL[:30], "local", EVIL))])
    name = EVIL.translate({ord(char): None for char in "/:.%\"'\x1b"})
    model = client.logged_models.create(experiment, name=name, source_run_id=run_id).model_id
    other = client.logged_models.create(experiment, name="of somebody").model_id
    client.runs.log_outputs(run_id, [LoggedModelOutput(each, 0) for each in (model, other, "m-" + "0" * 32)])
    client.artifacts.log_text(run_id, "x", f"{EVIL.replace('/', '')}/a.txt")
    client.store.create(f"runs/{run_id}/artifacts/%2E%2E/javascript:x", b"by another tool")
    return run_id


def test_whatever_a_run_says_is_text(client: Client, run_id: str) -> None:
    share = Shares(client, FakeSigner()).publish(run_id, 3600)
    page = is_harmless(share.html)
    for words in ("<script>alert(1)</script>", "loss/x", "0.25", run_id):
        assert words in page.words
    assert "\u202e" not in share.html
    assert "\x1b" not in share.html
    assert "of somebody" not in page.words, "what a run says of others' models is shown to nobody"
    assert client.store.get(share.key).body == share.html.encode()
    is_harmless(Shares(client).page(run_id))


def test_links_are_of_exactly_this_runs_files(client: Client, run_id: str) -> None:
    other = client.runs.create("0").info.run_id
    client.artifacts.log_text(other, "x", "a.txt")
    signer = FakeSigner()
    share = Shares(client, signer).publish(run_id, 3600)
    mine = [info.key for info in client.store.list(f"runs/{run_id}/artifacts/")]
    assert signer.signed == [*mine, share.key]
    assert len(Page(share.html).links) == len(mine) == 2
    assert Page(Shares(client).page(run_id)).links == []


def test_a_page_allows_no_script_and_tells_no_other_site_its_address(client: Client, run_id: str) -> None:
    text = Shares(client).page(run_id)
    policy = re.search('Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert html.unescape(policy[1]) == POLICY
    assert "default-src 'none'" in POLICY
    assert "unsafe" not in POLICY
    assert "script" not in POLICY
    assert '<meta name="referrer" content="no-referrer">' in text


def test_a_long_list_is_cut_and_says_so(client: Client, run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "MOST_FILES", 1)
    assert "1 more files are not listed" in Shares(client).page(run_id)


def test_a_page_that_ended_is_removed_by_gc(client: Client, run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = Shares(client, FakeSigner()).publish(run_id, 3600)
    lasting = Shares(client, FakeSigner()).publish(run_id, 7 * 86_400)
    assert client.fsck.check().findings == []
    now = clock.now_ms()
    for days in (8, 15.5):
        monkeypatch.setattr(clock, "now_ms", lambda days=days: int(now + days * 86_400_000))
        client.garbage.collect()
    left = [info.key for info in client.store.list(keys.SHARES)]
    assert left == [lasting.key]
    assert ended.key not in left
    client.store.create("shares/nonsense", b"")
    assert {(each.kind, each.key) for each in client.fsck.check().findings} == {("unknown", "shares/nonsense")}


def test_a_share_needs_a_run_a_bucket_and_a_time(client: Client, run_id: str) -> None:
    with pytest.raises(NotFound):
        Shares(client, FakeSigner()).publish("0" * 32, 60)
    with pytest.raises(InvalidInput, match="needs a bucket"):
        Shares(client).publish(run_id, 60)
    with pytest.raises(InvalidInput, match="7 days"):
        Shares(client, FakeSigner()).publish(run_id, 8 * 86_400)


def test_of_a_folder_a_share_is_a_file(make_url: Callable[[str], str], tmp_path: Path) -> None:
    store = make_url("folder")
    run_id = Client(store).runs.create("0", run_name="shared").info.run_id
    done = cloudtrack("share", run_id, "--output", "page.html", store=store)
    assert done.returncode == 0, done.stderr
    assert "shared" in is_harmless((tmp_path / "page.html").read_text()).words
    assert "is there already" in cloudtrack("share", run_id, "--output", "page.html", store=store).stderr
    assert "needs a bucket" in cloudtrack("share", run_id, "--expires", "2h", store=store).stderr
    assert "--output FILE" in cloudtrack("share", run_id, store=store).stderr


NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=examples(300), deadline=None)
@given(st.text(max_size=40), st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), NUMBERS), max_size=20))
def test_any_points_make_a_picture_with_finite_places(label: str, points: list[tuple[int, float]]) -> None:
    text = svg_chart(label, [float(at) for at, _ in points], [value for _, value in points])
    assert Page(text).elements <= _ELEMENTS
    drawn = re.search('points="([^"]*)"', text)
    for place in re.findall(r"[-\w.]+,[-\w.]+", drawn[1] if drawn else ""):
        across, down = map(float, place.split(","))
        assert 0 <= across <= 320
        assert 0 <= down <= 96

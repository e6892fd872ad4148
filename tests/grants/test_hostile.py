"""What the holder of a grant sends can be anything: only its run changes, and what is refused is named."""

from __future__ import annotations

import json
import math
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.grants import collecting
from cloudtrack.grants.collecting import Collector
from cloudtrack.grants.delivery import GrantedDelivery, parse_delivery
from cloudtrack.storage.folder import FolderStore
from cloudtrack.tracking.changes import RunChanges
from cloudtrack.tracking.documents import ModelOutput
from cloudtrack.tracking.frames import Frame, pack_frame
from cloudtrack.tracking.grants import GrantDocument
from cloudtrack.tracking.records import pack_record
from tests.grants.fakes import Granted, granted
from tests.thoroughness import examples


@pytest.fixture
def it(tmp_path: Path) -> Granted:
    return granted(tmp_path / "spool", max_bytes=1000)


def _frame(seq: int = 1, **changes: object) -> bytes:
    points = changes.pop("points", [])
    made = RunChanges(**changes)
    made.points = points
    return pack_frame(Frame(seq=seq, changes=made))


def _header(it: Granted, **fields: object) -> bytes:
    said = {
        "format": "cloudtrack.grant-delivery/1",
        "grant_id": it.grant.grant_id,
        "run_id": it.run_id,
        "writer": "ab" * 8,
        "frames_bytes": 0,
        "files": [],
    }
    return pack_record(json.dumps({**said, **fields}).encode())


def _file(path: str = "a.txt", **fields: object) -> list[dict[str, object]]:
    return [{"seq": 1, "path": path, "size_bytes": 1, "sha256": "0" * 64, **fields}]


ENEMIES = {
    "nothing": lambda it: b"",
    "garbage": lambda it: b"\x00" * 1000,
    "a gzip bomb": lambda it: zlib.compress(b"0" * 10_000_000),
    "a record of 4 GiB": lambda it: b"ctsp" + struct.pack("<II", 2**32 - 1, 0) + b"x" * 100,
    "deep JSON": lambda it: pack_record(b"[" * 100_000),
    "another run": lambda it: it.delivery(_frame(params={"a": "b"}), run_id="0" * 32),
    "another grant": lambda it: it.delivery(_frame(params={"a": "b"}), grant_id="0" * 32),
    "no writer": lambda it: _header(it, writer="../../x"),
    "another format": lambda it: _header(it, format="cloudtrack.grant-delivery/2"),
    "more than it says": lambda it: it.delivery() + b"more",
    "less than it says": lambda it: _header(it, files=_file(size_bytes=10**9)),
    "a negative size": lambda it: _header(it, files=_file(size_bytes=-1)) + b"x",
    "too many files": lambda it: _header(it, files=_file(size_bytes=0) * 501),
    "a path upwards": lambda it: it.delivery(files=(("../run.json", b"{}"),)),
    "a path from the root": lambda it: it.delivery(files=(("/etc/passwd", b"{}"),)),
    "a path that is too long": lambda it: it.delivery(files=(("x/" * 500 + "x", b"{}"),)),
    "a path with NUL": lambda it: it.delivery(files=(("a\x00b", b"{}"),)),
    "no path": lambda it: it.delivery(files=(("", b"{}"),)),
    "a wrong digest": lambda it: _header(it, files=_file()) + b"x",
    "more bytes than were granted": lambda it: it.delivery(files=(("a", b"x" * 1001),)),
    "a frame before the first": lambda it: it.delivery(_frame(0, params={"a": "b"})),
    "frames backwards": lambda it: it.delivery(_frame(2, params={"a": "b"}) + _frame(1, params={"c": "d"})),
    "frames cut short": lambda it: it.delivery(_frame(params={"a": "b"})[:-1]),
    "a param's key": lambda it: it.delivery(_frame(params={"../a": "b"})),
    "a long value": lambda it: it.delivery(_frame(params={"a": "b" * 70_000})),
    "a metric's key": lambda it: it.delivery(_frame(points=[("a<b", 1.0, 1, 1)])),
    "a time before 1970": lambda it: it.delivery(_frame(points=[("a", 1.0, 1, -1)])),
    "a status": lambda it: it.delivery(_frame(status="PROMOTED")),
    "the grant's own tags": lambda it: it.delivery(_frame(tags={"cloudtrack.grant.expires": "never"})),
}


@pytest.mark.parametrize("name", ENEMIES)
def test_it_is_refused_named_and_kept_and_the_rest_goes_on(it: Granted, name: str) -> None:
    other = it.client.runs.create("0").info.run_id
    before = {info.key: it.store.get(info.key).body for info in it.store.list()}
    it.put(3, ENEMIES[name](it))
    it.put(4, it.delivery(_frame(9, params={"fine": "1"}), writer="cd" * 8))
    done = Collector(it.client).collect(it.grant.grant_id)
    assert list(done.refused) == [3]
    assert len(done.refused[3]) > 10
    assert it.inbox == [f"grants/{it.grant.grant_id}/inbox/0003"], "it stays until the grant is closed"
    run = it.client.runs.get(it.run_id)
    assert run.data.params == {"fine": "1"}
    assert run.info.status == "RUNNING"
    changed = {key for key, body in before.items() if it.store.get(key).body != body}
    assert changed == {f"runs/{it.run_id}/run.json", f"grants/{it.grant.grant_id}/grant.json"}
    added = {info.key for info in it.store.list()} - before.keys() - set(it.inbox)
    assert all(key.startswith(f"runs/{it.run_id}/artifacts/") for key in added)
    assert it.client.runs.get(other).data.params == {}
    again = Collector(it.client).collect(it.grant.grant_id)
    assert (again.refused, again.deliveries) == (done.refused, 0)


def test_what_is_said_of_logged_models_and_files_in_frames_are_left_out(it: Granted) -> None:
    model = it.client.logged_models.create("0", name="m").model_id
    frame = _frame(
        outputs=[ModelOutput(model_id=model)],
        model_inputs=[model],
        model_points=[(model, "acc", 1.0, 1, 1, None, None)],
        artifacts=[{"path": "../x", "name": "../../etc/passwd", "sha256": "0" * 64, "size_bytes": 1}],
        points=[("a", math.nan, 1, 1)],
    )
    it.put(0, it.delivery(frame))
    assert Collector(it.client).collect(it.grant.grant_id).refused == {}
    assert it.client.logged_models.get(model).metrics == []
    run = it.client.runs.get(it.run_id)
    assert (run.outputs.model_outputs, run.inputs.model_inputs) == ([], [])
    assert it.client.artifacts.list(it.run_id) == []


def test_a_run_does_not_grow_without_end(it: Granted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "MOST_DOCUMENT_BYTES", 100_000)
    for slot in range(4):
        texts = {f"k{slot}": "x" * 30_000}
        it.put(slot, it.delivery(_frame(slot + 1, params=texts)))
    many = [(f"m{number}", 1.0, 1, 1) for number in range(1000)]
    it.put(9, it.delivery(_frame(99, points=many)))
    done = Collector(it.client).collect(it.grant.grant_id)
    assert sorted(done.refused) == [3, 9]
    assert "larger than" in done.refused[9]


def test_files_of_earlier_deliveries_count_and_replaced_ones_do_not(it: Granted) -> None:
    for slot in range(3):
        it.put(slot, it.delivery(files=(("same", bytes([slot]) * 900),), seq=slot + 1))
    it.put(3, it.delivery(files=(("other", b"x" * 101),), seq=9))
    assert list(Collector(it.client).collect(it.grant.grant_id).refused) == [3]


def test_a_file_that_is_a_folder_already_is_refused_in_a_folder(tmp_path: Path) -> None:
    it = granted(tmp_path / "spool", FolderStore(tmp_path / "store"))
    it.put(0, it.delivery(files=(("a/b", b"x"),)))
    it.put(1, it.delivery(files=(("a", b"x"),), seq=2))
    done = Collector(it.client).collect(it.grant.grant_id)
    assert list(done.refused) == [1]


@pytest.mark.parametrize("grant_id", ["", "../runs", "a/b", "nope"])
def test_an_id_that_is_none(it: Granted, grant_id: str) -> None:
    with pytest.raises((InvalidInput, NotFound)):
        Collector(Client(it.store)).collect(grant_id)


_GRANT = GrantDocument(
    grant_id="a" * 32, run_id="b" * 32, experiment_id="1", created=1, expires=2, slots=60, max_bytes=10
)
_GOOD = Granted.delivery(
    type("It", (), {"grant": _GRANT, "run_id": _GRANT.run_id})(),
    _frame(1, params={"a": "b"}, points=[("m", 1.0, 1, 1)]),
    (("a", b"xyz"),),
)


def test_the_delivery_that_is_damaged_below_is_a_good_one() -> None:
    found = parse_delivery(_GOOD, len(_GOOD), _GRANT)
    assert [frame.seq for frame in found.frames] == [1]
    assert found.files[0][1] == len(_GOOD) - 3


@settings(max_examples=examples(240), deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.builds(pack_record, st.binary(max_size=100), st.binary(max_size=30)),
        st.builds(
            lambda text, at: _GOOD[:at] + text + _GOOD[at + len(text) :],
            st.binary(min_size=1, max_size=8),
            st.integers(0, len(_GOOD) - 1),
        ),
        st.builds(lambda end: _GOOD[:end], st.integers(0, len(_GOOD) - 1)),
        st.builds(
            lambda said: pack_record(json.dumps(said).encode()),
            st.dictionaries(
                st.sampled_from(["format", "grant_id", "run_id", "writer", "frames_bytes", "files"]),
                st.recursive(
                    st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
                ),
            ),
        ),
    )
)
def test_whatever_it_is_it_is_read_or_refused_in_one_line(body: bytes) -> None:
    try:
        found: GrantedDelivery | str = parse_delivery(body, len(body), _GRANT)
    except InvalidInput as error:
        found = error.message
    assert isinstance(found, GrantedDelivery) or ("\n" not in found and len(found) < 1000)

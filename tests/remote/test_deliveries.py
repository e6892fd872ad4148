"""What a server takes from a writer: whole frames in order, each once, from those who may; nothing else."""

from __future__ import annotations

import array
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.api.message import Response
from cloudtrack.client import Client
from cloudtrack.errors import NotFound
from cloudtrack.remote.delivery import wire_header
from cloudtrack.remote.wire import DELIVERY_BYTES
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.tracking.changes import RunChanges
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.frames import Frame, pack_frame
from cloudtrack.tracking.records import pack_record
from tests.api.sending import ask
from tests.thoroughness import examples

RUN = "a" * 32
WRITER = "0123456789abcdef"
ANN = Principal("ann")
BOB = Principal("bob")


@pytest.fixture
def app() -> App:
    """An open server."""
    return App(Client(MemoryStore()))


@pytest.fixture
def guarded() -> App:
    """A server where ann may edit the experiment 0, and bob may read it."""
    client = Client(MemoryStore())
    access = Access(client.store)
    access.set_default(Permission.NO_PERMISSIONS)
    access.grant("ann", Resource.EXPERIMENT, "0", Permission.EDIT)
    access.grant("bob", Resource.EXPERIMENT, "0", Permission.READ)
    return App(client, access=access)


def header(writer: str = WRITER, *, run_id: str = RUN, experiment_id: str = "0", name: str = "", **tags: str) -> bytes:
    run = RunDocument(run_id=run_id, experiment_id=experiment_id, run_name="r", start_time=5, tags=tags)
    return wire_header(writer, run, name)


def frame(seq: int, **changes: Any) -> bytes:
    points = changes.pop("points", [])
    made = RunChanges(**changes)
    made.points = points
    return pack_frame(Frame(seq=seq, changes=made))


def deliver(app: App, body: bytes, principal: Principal | None = None, *, heartbeat: bool = False) -> Response:
    query = "?heartbeat=true" if heartbeat else ""
    return ask(app, "POST", f"/api/2.0/cloudtrack/runs/deliver{query}", body, principal=principal)


def test_a_delivery_makes_the_run_and_counts_each_frame_once(app: App) -> None:
    first = frame(1, params={"a": "1"}, points=[("m", 1.0, 1, 10), ("m", 2.0, 2, 20)])
    second = frame(2, tags={"t": "v"}, status="FINISHED", end_time=99, points=[("m", 3.0, 3, 30)])
    for body in (first, first + second, second, first):
        assert deliver(app, header() + body).status == 200
    run = app.client.runs.get(RUN)
    assert (run.info.run_name, run.info.status, run.info.start_time, run.info.end_time) == ("r", "FINISHED", 5, 99)
    assert (run.data.params, run.data.tags["t"], run.data.summaries["m"].count) == ({"a": "1"}, "v", 3)


def test_of_two_writers_the_first_param_is_kept_and_the_other_is_told(app: App) -> None:
    deliver(app, header() + frame(1, params={"a": "1"}))
    answer = deliver(app, header("f" * 16) + frame(1, params={"a": "2"}))
    assert "'a'" in answer.json()["refused"][0]
    assert app.client.runs.get(RUN).data.params == {"a": "1"}


def test_a_heartbeat_says_that_the_writer_lives(app: App) -> None:
    deliver(app, header())
    assert app.client.runs.get(RUN).info.is_lost  # its start is long ago
    deliver(app, header(), heartbeat=True)
    assert not app.client.runs.get(RUN).info.is_lost


def test_a_run_that_began_offline_gets_the_experiment_of_its_name(app: App) -> None:
    for _ in range(2):
        assert deliver(app, header(experiment_id="", name="new")).status == 200
    experiment = app.client.experiments.get_by_name("new")
    assert experiment is not None
    assert app.client.runs.get(RUN).info.experiment_id == experiment.experiment_id


def test_who_may_not_edit_the_experiment_delivers_nothing(guarded: App) -> None:
    body = header() + frame(1, params={"a": "1"})
    assert deliver(guarded, body).status == 401
    assert deliver(guarded, body, BOB).status == 403
    assert deliver(guarded, body, Principal("eve")).status == 404
    with pytest.raises(NotFound):
        guarded.client.runs.get(RUN)
    assert deliver(guarded, body, ANN).status == 200
    assert guarded.client.runs.get(RUN).info.user_id == "ann"
    assert deliver(guarded, header("f" * 16) + frame(1, tags={"by": "bob"}), BOB).status == 403
    assert "by" not in guarded.client.runs.get(RUN).data.tags


def test_a_run_is_guarded_by_its_own_experiment_whatever_the_delivery_says(guarded: App) -> None:
    secret = guarded.client.experiments.create("secret")
    run = guarded.client.runs.create(secret)
    body = header(run_id=run.info.run_id, experiment_id="0") + frame(1, tags={"by": "ann"})
    assert deliver(guarded, body, ANN).status == 404
    assert "by" not in guarded.client.runs.get(run.info.run_id).data.tags
    assert deliver(guarded, header(experiment_id=secret) + frame(1), ANN).status == 404
    assert deliver(guarded, header(experiment_id="", name="secret") + frame(1), ANN).status == 404
    assert deliver(guarded, header(experiment_id="4711") + frame(1), ANN).status == 404
    with pytest.raises(NotFound):
        guarded.client.runs.get(RUN)


def test_who_delivers_into_a_new_experiment_may_manage_it(guarded: App) -> None:
    assert deliver(guarded, header(experiment_id="", name="mine"), ANN).status == 200
    experiment = guarded.client.experiments.get_by_name("mine")
    assert experiment is not None
    policy = Access(guarded.client.store).policy()
    assert policy.permission(ANN, Resource.EXPERIMENT, experiment.experiment_id) == Permission.MANAGE


def test_a_source_file_is_written_once_by_those_who_may_edit_the_run(guarded: App) -> None:
    deliver(guarded, header(), ANN)
    path = f"/api/2.0/cloudtrack/runs/{RUN}/source/packages.txt"
    assert ask(guarded, "PUT", path, b"a==1", principal=BOB).status == 403
    assert ask(guarded, "PUT", path, b"a==1", principal=ANN).status == 200
    assert ask(guarded, "PUT", path, b"a==1", principal=ANN).status == 200
    assert ask(guarded, "PUT", path, b"a==2", principal=ANN).json()["error_code"] == "RESOURCE_ALREADY_EXISTS"
    for name in ("run.json", "..", "code.patch.x", "%2e%2e%2frun.json"):
        assert ask(guarded, "PUT", f"/api/2.0/cloudtrack/runs/{RUN}/source/{name}", b"x", principal=ANN).status in (
            400,
            404,
        )
    assert (
        ask(guarded, "PUT", path.replace("packages.txt", "code.patch"), b"x" * (11 << 20), principal=ANN).status == 413
    )


def record(head: bytes, columns: bytes = b"") -> bytes:
    return pack_record(head, columns)


def points(keys: list[str], count: int, *, codes: list[int] | None = None, cut: int = 0) -> bytes:
    columns = b"".join(
        (
            array.array("d", [1.0] * count).tobytes(),
            array.array("q", range(count)).tobytes(),
            array.array("q", [-1 if codes is None and not keys else 1] * count).tobytes(),
            array.array("I", codes or [0] * count).tobytes(),
        )
    )
    head = {"seq": 1, "changes": {}, "keys": keys, "points": count}
    return record(json.dumps(head).encode(), columns[: len(columns) - cut])


def raw_header(**fields: Any) -> bytes:
    content = {"writer": WRITER, "experiment_name": "", "run": {"run_id": RUN, "experiment_id": "0"}, **fields}
    return record(json.dumps(content).encode())


DEEP = b'{"a":' * 5000 + b"1" + b"}" * 5000
HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no records": lambda: b"hello",
    "a torn record": lambda: header() + frame(1, tags={"a": "b"})[:-1],
    "a damaged record": lambda: header() + frame(1, tags={"a": "b"})[:-1] + b"\x00",
    "bytes behind the end": lambda: header() + b"\x00",
    "a record without lengths": lambda: struct.pack("<4sII", b"ctsp", 0, zlib.crc32(b"")),
    "a record of four gigabytes": lambda: struct.pack("<4sII", b"ctsp", 2**32 - 1, 0),
    "a JSON longer than its record": lambda: _lying(2**32 - 1),
    "too much": lambda: header() + b"\x00" * DELIVERY_BYTES,
    "a header that is no JSON": lambda: record(b"\xff{"),
    "a header that is a list": lambda: record(b"[]"),
    "a deep header": lambda: record(DEEP),
    "no run": lambda: record(json.dumps({"writer": WRITER}).encode()),
    "another writer's path": lambda: raw_header(writer="../../x"),
    "a writer that is no text": lambda: raw_header(writer=7),
    "a run id that is a path": lambda: raw_header(run={"run_id": "../x", "experiment_id": "0"}),
    "an experiment that is a path": lambda: raw_header(run={"run_id": RUN, "experiment_id": "../x"}),
    "no experiment at all": lambda: raw_header(run={"run_id": RUN}),
    "a long experiment name": lambda: raw_header(run={"run_id": RUN}, experiment_name="x" * 600),
    "a time before 1970": lambda: raw_header(run={"run_id": RUN, "experiment_id": "0", "start_time": -1}),
    "a time beyond 64 bits": lambda: raw_header(run={"run_id": RUN, "experiment_id": "0", "start_time": 2**70}),
    "a bad tag at the start": lambda: header(**{"../x": "y"}),
    "a long tag at the start": lambda: header(t="x" * 70_000),
    "a header that is too long": lambda: raw_header(
        run={"run_id": RUN, "experiment_id": "0", "user_id": "x" * 600_000}
    ),
    "a frame that is no JSON": lambda: header() + record(b"{"),
    "a deep frame": lambda: header() + record(DEEP),
    "a frame without a number": lambda: header() + record(b'{"changes": {}}'),
    "frame 0": lambda: header() + frame(0),
    "frame -1": lambda: header() + frame(-1),
    "a frame beyond all numbers": lambda: header() + frame(2**60),
    "frames out of order": lambda: header() + frame(2) + frame(1),
    "the same frame twice": lambda: header() + frame(1) + frame(1),
    "a bad param key": lambda: header() + frame(1, params={"../x": "1"}),
    "a long param key": lambda: header() + frame(1, params={"x" * 251: "1"}),
    "a long param": lambda: header() + frame(1, params={"a": "x" * 70_000}),
    "half a surrogate pair": lambda: header() + record(b'{"seq": 1, "changes": {"tags": {"a": "\\ud800"}}}'),
    "a bad tag key": lambda: header() + frame(1, tags={"a\x00": "1"}),
    "a long run name": lambda: header() + frame(1, run_name="x" * 70_000),
    "no such status": lambda: header() + frame(1, status="BORED"),
    "an end before 1970": lambda: header() + frame(1, status="FINISHED", end_time=-1),
    "an end beyond 64 bits": lambda: header() + frame(1, status="FINISHED", end_time=2**70),
    "a model that is a path": lambda: header() + frame(1, model_inputs=["../x"]),
    "an output that is a path": lambda: header() + frame(1, outputs=[{"model_id": "../x"}]),
    "an output beyond 64 bits": lambda: header() + frame(1, outputs=[{"model_id": "m-" + "a" * 32, "step": 2**70}]),
    "a bad tag of a dataset": lambda: header() + frame(1, inputs=[{"name": "d", "digest": "1", "tags": {"\n": "x"}}]),
    "a bad metric key": lambda: header() + points(["../m"], 1),
    "a point before 1970": lambda: header() + frame(1, points=[("m", 1.0, 1, -1)]),
    "fewer points than said": lambda: header() + points(["m"], 3, cut=1),
    "a negative number of points": lambda: header() + record(b'{"seq": 1, "changes": {}, "points": -1}', b""),
    "points of a metric without a name": lambda: header() + points(["m"], 2, codes=[0, 1]),
    "points and no names": lambda: header() + points([], 1, codes=[0]),
    "very many frames": lambda: header() + b"".join(frame(n) for n in range(1, 10_002)),
}


def _lying(json_bytes: int) -> bytes:
    body = struct.pack("<II", json_bytes, 0) + b"{}"
    return struct.pack("<4sII", b"ctsp", len(body), zlib.crc32(body)) + body


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_deliveries_are_refused_and_change_nothing(what: str, app: App) -> None:
    answer = deliver(app, HOSTILE[what]())
    assert answer.status in (400, 413), answer.json()
    assert len(answer.json()["message"]) < 1000
    assert app.client.runs.list(["0"]) == []
    assert [item.name for item in app.client.experiments.search()] == ["Default"]


def test_fields_that_a_delivery_has_no_business_with_are_dropped(app: App) -> None:
    run = {
        "run_id": RUN,
        "experiment_id": "0",
        "status": "KILLED",
        "lifecycle_stage": "deleted",
        "segments": [{"name": "../../other", "rows": 1, "size_bytes": 1}],
        "writers": {WRITER: 10**9},
        "heartbeat_time": 10**18,
        "junk": {"deep": [[[1]]]},
    }
    changes = {
        "tags": {"t": "v"},
        "junk": 1,
        "inputs": [{"name": "d", "digest": "1", "junk": {"x": "y"}}],
        "outputs": [{"model_id": "m-" + "a" * 32, "step": 1, "junk": [1]}],
    }
    body = raw_header(run=run) + record(json.dumps({"seq": 1, "changes": changes, "junk": 2}).encode())
    assert deliver(app, body).status == 200
    found = app.client.runs.get(RUN)
    assert (found.info.status, found.info.lifecycle_stage, found.data.tags["t"]) == ("RUNNING", "active", "v")
    stored = app.client.store.get(f"runs/{RUN}/run.json").body
    assert b"junk" not in stored
    assert b"other" not in stored


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_no_bytes_make_the_server_fail(app: App, head: bytes, columns: bytes) -> None:
    for body in (head, header() + head, record(head, columns), header() + record(head, columns)):
        assert deliver(app, body).status in (200, 400)


@pytest.fixture(autouse=True)
def _no_server_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert "failed" not in caplog.text

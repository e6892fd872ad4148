"""Parsers of what strangers write: each gives a value, or one of our errors in a line of bounded length."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudtrack.access.policy import AccessPolicy
from cloudtrack.api.artifact_paths import parse_artifact_path
from cloudtrack.api.cloudtrack.deliveries import parse_delivery
from cloudtrack.api.endpoint import Routes
from cloudtrack.api.endpoints import ENDPOINTS
from cloudtrack.api.errors import ApiError
from cloudtrack.client import Client
from cloudtrack.entities.manifest import Manifest
from cloudtrack.entities.model_uri import is_local_uri, parse_model_uri
from cloudtrack.entities.release import parse_member
from cloudtrack.environments.specification import from_conda, from_pyproject, from_python_env, from_requirements
from cloudtrack.errors import CloudtrackError, CorruptData
from cloudtrack.models.model_file import Model
from cloudtrack.models.pickles import describe
from cloudtrack.models.signature import ModelSignature
from cloudtrack.projects.command import command_of
from cloudtrack.projects.project_file import read_project
from cloudtrack.projects.sources import unpack
from cloudtrack.projects.sweeps.space_words import read_space
from cloudtrack.registry.anchor import Anchor
from cloudtrack.registry.checkpoints import Checkpoints
from cloudtrack.registry.cursors import Cursors
from cloudtrack.registry.events import parse_event
from cloudtrack.registry.policy_file import parse_policy
from cloudtrack.registry.release_events import parse_release_event
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.opening import open_store
from cloudtrack.storage.quoting import unquote_path
from cloudtrack.storage.s3_options import parse_s3_url
from cloudtrack.tracking.changes import RunChanges
from cloudtrack.tracking.console_cursor import read_cursor as read_console_cursor
from cloudtrack.tracking.documents import ExperimentDocument, LoggedModelDocument, RunDocument
from cloudtrack.tracking.frames import Frame, pack_frame, parse_frame
from cloudtrack.tracking.records import pack_record, read_records
from cloudtrack.tracking.table_cursor import read_cursor as read_table_cursor
from tests.api.samples import fill
from tests.security.damage import damaged_bytes, stored, texts
from tests.thoroughness import examples

LONGEST_MESSAGE = 2_000
TRIALS = settings(
    max_examples=examples(1200), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def reads(parse: Callable[[], Any]) -> Any:
    """What it gives; None where it refuses, as it must."""
    try:
        return parse()
    except (CloudtrackError, ApiError) as error:
        refusal = error
    assert 0 < len(refusal.message) <= LONGEST_MESSAGE, refusal.message[:300]
    assert getattr(refusal, "status", 0) < 500
    return None


# Objects of a store, which a direct writer writes as it likes


@dataclass(frozen=True)
class Kind:
    """A kind of object: how a good one looks, and what reads it."""

    good: Any
    read: Callable[[bytes], Any]


def _kinds() -> dict[str, Kind]:
    client = Client(MemoryStore())
    world = fill(client)
    objects = {info.key: client.store.get(info.key).body for info in client.store.list()}

    def body(beginning: str, end: str = "") -> Any:
        return json.loads(
            next(objects[key] for key in sorted(objects) if key.startswith(beginning) and key.endswith(end))
        )

    def checkpoint(text: bytes) -> Any:
        store = MemoryStore()
        store.create(key, text)
        return Checkpoints(store).read("model one")

    key = "models/model%20one/model.json"
    run = body(f"runs/{world.names['run']}/run.json")
    return {
        "run": Kind(run, lambda text: RunDocument.from_bytes("k", text).to_entity("memory://x", 1)),
        "experiment": Kind(
            body(f"experiments/{world.names['experiment']}/experiment.json"),
            lambda text: ExperimentDocument.from_bytes("k", text).to_entity("memory://x"),
        ),
        "logged model": Kind(
            body("logged_models/", "model.json"),
            lambda text: LoggedModelDocument.from_bytes("k", text).to_entity("memory://x"),
        ),
        "event": Kind(body("models/model%20one/events/"), lambda text: parse_event("k", text).summary()),
        "release event": Kind(body("releases/", "1.json"), lambda text: parse_release_event("k", text).summary()),
        "checkpoint": Kind(json.loads(objects[key]), checkpoint),
        "manifest": Kind(
            body("models/~manifests/"),
            lambda text: Manifest.from_bytes("k", text),
        ),
        "access policy": Kind(
            {
                "format": "cloudtrack.access-policy/1",
                "grants": [{"principal": "a", "resource": "experiment", "resource_id": "1", "permission": "READ"}],
            },
            lambda text: AccessPolicy.from_bytes("k", text),
        ),
    }


KINDS = _kinds()


@pytest.mark.parametrize("name", KINDS)
def test_an_object_of_a_store_is_read_or_corrupt(name: str) -> None:
    kind = KINDS[name]
    assert kind.read(json.dumps(kind.good).encode())

    @TRIALS
    @given(stored(kind.good))
    def tried(body: bytes) -> None:
        reads(lambda: kind.read(body))

    tried()


# Texts in requests and on command lines


def _opened(text: str) -> Any:
    """The store of a URL; of a bucket what the URL says of it, for which nobody is asked."""
    return parse_s3_url(text, {}) if text.startswith("s3://") else open_store(text)


TEXTS: dict[str, tuple[Callable[[str], Any], tuple[str, ...]]] = {
    "model URI": (
        lambda text: is_local_uri(text) or parse_model_uri(text),
        (
            "runs:/0123/model",
            "models:/a/1",
            "models:/a@b",
            "models:/a/Production@2026-05-01T12:00Z",
            "release:/a/b@3/c",
            "models:/a@sha256:00",
        ),
    ),
    "member of a release": (parse_member, ("encoder/12", "encoder@champion", "models:/a/1")),
    "store": (
        _opened,
        (
            "s3://bucket/a?region=eu-west-1&form=s3fs",
            "file:///a",
            "memory://x",
            "https://a/b",
            "s3://b?endpoint_url=http://x",
        ),
    ),
    "path of an artifact": (
        parse_artifact_path,
        (f"runs/{'0' * 32}/artifacts/a/b", f"logged_models/m-{'0' * 32}/artifacts/%2e"),
    ),
    "path of a request": (
        Routes(ENDPOINTS).find,
        ("/api/2.0/mlflow/runs/get", "/api/2.0/mlflow-artifacts/artifacts/a/b", "/assets/x"),
    ),
    "anchor": (Anchor.parse, ("12:" + "0" * 64,)),
    "cursor of the feed": (Cursors(MemoryStore()).load, ("eJyrVkpKLE5VslJSqtVRKs7MSwYyDGsBVJkHPA", "start", "now")),
    "cursor of a table": (lambda text: read_table_cursor(text, "q"), ("eJyLVipU0omOjQUACOMCfw==",)),
    "cursor of a console": (read_console_cursor, ("0123456789ab1f.2-0123456789ac0.0",)),
    "key": (unquote_path, ("a%20b/c", "%zz", "%e2%82")),
    "command": (
        lambda text: command_of(text, {"a": "1", "b": "'; x"}, {"c": "2"}),
        ("python x.py {a} '{b}' \"$({a})\"", "{{}} {a!r} {b:>3}"),
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_read_or_refused(name: str) -> None:
    parse, good = TEXTS[name]

    @TRIALS
    @given(texts(*good))
    def tried(text: str) -> None:
        reads(lambda: parse(text))

    tried()


# What a writer delivers

GOOD_FRAME = Frame(seq=1, changes=RunChanges(params={"a": "b"}, tags={"t": "v"}, points=[("m", 0.5, 1, 2)]))
HEADER = {
    "writer": "0123456789abcdef",
    "run": {"run_id": "0" * 32, "experiment_id": "1", "start_time": 1, "tags": {"a": "b"}, "user_id": "u"},
}


def _records(body: bytes) -> list[tuple[bytes, bytes]]:
    return list(read_records(io.BytesIO(body)))


@TRIALS
@given(damaged_bytes(pack_frame(GOOD_FRAME) * 3))
def test_a_damaged_spool_ends_where_it_is_damaged(body: bytes) -> None:
    stream = io.BytesIO(body)
    whole = list(read_records(stream))
    assert stream.tell() == sum(len(pack_record(*record)) for record in whole)
    for head, columns in whole:
        reads(lambda head=head, columns=columns: parse_frame(head, columns))


FRAME_HEAD, FRAME_COLUMNS = _records(pack_frame(GOOD_FRAME))[0]


@TRIALS
@given(stored(json.loads(FRAME_HEAD)), damaged_bytes(FRAME_COLUMNS) | st.just(FRAME_COLUMNS))
def test_a_frame_is_read_or_corrupt(head: bytes, columns: bytes) -> None:
    reads(lambda: parse_frame(head, columns))


@TRIALS
@given(stored(HEADER), stored(json.loads(FRAME_HEAD)), damaged_bytes(FRAME_COLUMNS) | st.just(FRAME_COLUMNS))
def test_a_delivery_is_taken_or_refused_as_the_senders_fault(header: bytes, head: bytes, columns: bytes) -> None:
    for body in (
        pack_record(header) + pack_record(head, columns),
        pack_record(json.dumps(HEADER).encode()) + pack_record(head, columns),
    ):
        try:
            reads(lambda body=body: parse_delivery(body))
        except CorruptData as error:  # that would be a 500
            raise AssertionError(body) from error


# Files of models and projects

FILES: dict[str, tuple[str, Callable[[Path], Any], str]] = {
    "MLmodel": (
        "MLmodel",
        lambda path: Model.load(path.parent).get_model_info("runs:/x/m"),
        "flavors: {python_function: {loader_module: a, env: {conda: c.yaml}}}\nmodel_size_bytes: 3\n"
        'signature: {inputs: \'[{"name": "a", "type": "long"}]\', params: null}\n',
    ),
    "MLproject": (
        "MLproject",
        lambda path: read_project(path.parent),
        "name: a\npython_env: e.yaml\nentry_points:\n  main:\n    parameters: {a: {type: float, default: 1}, b: path}\n"
        "    command: run {a}\n",
    ),
    "conda.yaml": (
        "conda.yaml",
        from_conda,
        "name: a\nchannels: [x]\ndependencies: [python=3.11, pip, {pip: [a==1, '-r b.txt']}]\n",
    ),
    "python_env.yaml": (
        "python_env.yaml",
        from_python_env,
        "python: '3.11'\nbuild_dependencies: [pip]\ndependencies: ['-r r.txt']\n",
    ),
    "requirements.txt": ("requirements.txt", from_requirements, "a==1\n-r requirements.txt\n--index-url https://x\n"),
    "pyproject.toml": (
        "pyproject.toml",
        from_pyproject,
        "[project]\nname = 'a'\nrequires-python = '==3.11'\ndependencies = ['a']\n",
    ),
    "space": (
        "space.yaml",
        read_space,
        "parameters:\n  a: {min: 1, max: 2, log: true}\n  b: [1, 2]\n  c: {values: [x], distribution: categorical}\n",
    ),
    "policy.yaml": (
        "policy.yaml",
        lambda path: parse_policy(path.read_bytes()),
        "rules:\n- models: a\n  stages: [b]\n  require: {approvals: 1, metrics: ['a > 1']}\n",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_or_refused(name: str, tmp_path: Path) -> None:
    file_name, read, good = FILES[name]
    path = tmp_path / file_name
    for other in ("e.yaml", "r.txt"):
        (tmp_path / other).write_text("")
    path.write_text(good)
    assert read(path)

    @TRIALS
    @given(damaged_bytes(good.encode()) | texts(good).map(lambda text: text.encode("utf-8", "surrogateescape")))
    def tried(body: bytes) -> None:
        path.write_bytes(body)
        reads(lambda: read(path))

    tried()


@TRIALS
@given(
    stored(
        {
            "inputs": '[{"name": "a", "type": "long"}]',
            "outputs": '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}]',
            "params": '[{"name": "p", "type": "long", "default": 1, "shape": null}]',
        }
    )
)
def test_a_signature_is_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(ValueError):
        form = json.loads(body)
        if isinstance(form, dict):
            reads(lambda: ModelSignature.from_dict(form))


PICKLED = [pickle.dumps([{"a": (1, 2.0, None)}, {"b", b"c"}, "d" * 300, 2**70], protocol) for protocol in range(6)]


@TRIALS
@given(
    st.sampled_from(PICKLED).flatmap(damaged_bytes) | st.sampled_from(PICKLED).map(zlib.compress).flatmap(damaged_bytes)
)
def test_a_pickle_is_described_or_refused(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "model.pkl"
    path.write_bytes(body)
    reads(lambda: describe(path))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@TRIALS
@given(st.data())
def test_a_zip_is_unpacked_below_its_folder_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    base = tmp_path_factory.getbasetemp()
    archive = io.BytesIO()
    names = st.text(alphabet="a./\\:\0é", min_size=1, max_size=8)
    with (
        contextlib.suppress(ValueError, IndexError),
        zipfile.ZipFile(archive, "w", data.draw(st.sampled_from([0, 8, 12, 14]))) as made,
    ):
        for name in data.draw(st.lists(names, max_size=4)):
            made.writestr(name, b"x" * data.draw(st.integers(0, 50)))
    file, target = base / "code.zip", Path(tempfile.mkdtemp(dir=base)) / "target"
    file.write_bytes(data.draw(damaged_bytes(archive.getvalue()) | st.just(archive.getvalue())))
    target.mkdir(parents=True)
    reads(lambda: unpack(file, target))
    assert [path.name for path in target.parent.iterdir()] == ["target"]

"""Runs of Weights & Biases and of TensorBoard come from the files that they keep, made here byte by byte."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.run import Run
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.importing.importer import ImportReport, run_import
from cloudtrack.importing.tensorboard import TensorBoardFolder
from cloudtrack.importing.wandb_folder import WandbFolder
from cloudtrack.storage.memory import MemoryStore
from tests.storage.lossy import CountingStore

BLOCK = 32 << 10


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def whole(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def part(number: int, value: bytes | str) -> bytes:
    body = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(body)) + body


def event(time_s: float, step: int, *values: bytes) -> bytes:
    summary = b"".join(part(1, value) for value in values)
    return varint(1 << 3 | 1) + struct.pack("<d", time_s) + whole(2, step) + part(5, summary)


def simple(tag: str, value: float) -> bytes:
    return part(1, tag) + varint(2 << 3 | 5) + struct.pack("<f", value)


def tensor(tag: str, value: float, plugin: str = "scalars") -> bytes:
    return part(1, tag) + part(8, whole(1, 1) + part(4, struct.pack("<f", value))) + part(9, part(1, part(1, plugin)))


def tf_records(*bodies: bytes) -> bytes:
    return b"".join(struct.pack("<Q", len(body)) + bytes(4) + body + bytes(4) for body in bodies)


def wandb_log(*bodies: bytes) -> bytes:
    out = b":W&B\xe1\xbe\x00"
    for rest in bodies:
        body, kind = rest, 1
        while True:
            left = BLOCK - len(out) % BLOCK
            if left < 7:
                out += bytes(left)
                continue
            piece, body = body[: left - 7], body[left - 7 :]
            out += struct.pack("<IHB", 0, len(piece), kind if not body else {1: 2}.get(kind, 3))
            out += piece
            if not body:
                break
            kind = 4
    return out


def item(value: object, *keys: str) -> bytes:
    named = part(1, keys[0]) if len(keys) == 1 else b"".join(part(2, key) for key in keys)
    return part(1, named + part(16, json.dumps(value)))


def imported(source: object) -> tuple[Client, ImportReport, list[Run]]:
    store = CountingStore(MemoryStore())
    client = Client(store)
    report = run_import(client, source)
    runs = client.runs.list([each.experiment_id for each in client.experiments.search()])
    store.reset()
    again = run_import(client, source)
    assert (store.writes, again.imported) == (0, 0)
    return client, report, runs


def test_scalars_of_both_kinds_come_and_a_record_that_is_cut_off_ends_the_file(tmp_path: Path) -> None:
    (tmp_path / "logs/a/b").mkdir(parents=True)
    body = tf_records(
        event(1000.5, 0, simple("loss (train)", 0.5), tensor("acc", 0.25)),
        event(1001.0, 1, simple("loss (train)", float("nan")), tensor("pic", 1, "images")),
    )
    (tmp_path / "logs/a/b/events.out.tfevents.1.host").write_bytes(body + tf_records(event(2, 2))[:-6])
    client, report, runs = imported(TensorBoardFolder(tmp_path / "logs"))
    assert [(run.info.run_name, run.info.start_time) for run in runs] == [("a/b", 1_000_500)]
    points = client.metrics.history(runs[0].info.run_id, "loss _train_")
    assert [(p.step, p.timestamp, repr(p.value)) for p in points] == [(0, 1_000_500, "0.5"), (1, 1_001_000, "nan")]
    assert runs[0].data.metrics["acc"] == 0.25
    assert [(each.kind, each.count) for each in report.omitted] == [("summaries of other kinds", 1)]


def test_a_run_of_wandb_comes_with_settings_numbers_and_files(tmp_path: Path) -> None:
    home = tmp_path / "wandb/offline-run-1"
    (home / "files").mkdir(parents=True)
    (home / "files/notes.txt").write_text("notes")
    settings = item(0.1, "lr") + item({"depth": 3}, "net") + item({"python": "3"}, "_wandb")
    started = whole(1, 1000) + whole(2, 500_000_000)
    of_run = (
        part(1, "abc") + part(3, "proj") + part(4, settings) + part(8, "my run") + part(10, "t1") + part(17, started)
    )
    long = "x" * (2 * BLOCK)
    histories = [
        part(2, item(step / 4, "loss") + item(step, "_step") + item(1001.5 + step, "_timestamp") + item(1, "a", "b"))
        for step in range(3)
    ]
    (home / "run-abc.wandb").write_bytes(
        wandb_log(
            part(17, of_run),
            *histories,
            part(2, item(long, "text") + item(3, "_step")),
            part(3, item(0.9, "best") + item(0.5, "loss")),
            part(18, whole(1, 0) + whole(2, 60)),
        )
    )
    client, report, runs = imported(WandbFolder(tmp_path / "wandb"))
    assert [each.name for each in client.experiments.search()] == ["Default", "proj"]
    run = runs[0]
    assert (run.info.run_name, run.info.status, run.info.start_time, run.info.end_time) == (
        *("my run", "FINISHED"),
        *(1_000_500, 1_060_500),
    )
    assert run.data.params == {"lr": "0.1", "net.depth": "3"}
    assert run.data.metrics == {"loss": 0.5, "a.b": 1.0, "best": 0.9}
    points = client.metrics.history(run.info.run_id, "loss")
    assert [(p.step, p.timestamp, p.value) for p in points] == [(s, 1_001_500 + 1000 * s, s / 4) for s in range(3)]
    assert client.artifacts.read(run.info.run_id, "notes.txt") == b"notes"
    assert [(each.kind, each.count) for each in report.omitted] == [("values", 1)]


@pytest.mark.parametrize("body", [b"", b"\xff" * 100, b":W&B\xe1\xbe\x00" + bytes(6) + b"\x09" + bytes(50)])
def test_a_file_that_is_no_log_is_named(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "run-x.wandb").write_bytes(body)
    report = run_import(Client(MemoryStore()), WandbFolder(tmp_path))
    assert [(each.kind, each.examples) for each in report.omitted] == [("runs", ["run-x.wandb"])]
    (tmp_path / "x.tfevents.1").write_bytes(b"\xff" * 100)
    report = run_import(Client(MemoryStore()), TensorBoardFolder(tmp_path))
    assert "no event file" in report.omitted[0].reason


def test_folders_without_runs_are_said(tmp_path: Path) -> None:
    for kind in (WandbFolder, TensorBoardFolder):
        with pytest.raises(NotFound):
            kind(tmp_path / "nothing")
        with pytest.raises(InvalidInput):
            kind(tmp_path)

"""Artifacts: files under their own names, whole, and never outside their run."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking.artifacts import Artifacts

RUN = "a" * 32
KINDS = pytest.mark.parametrize("store_url", ["memory", "folder", "moto-s3fs", "moto-obstore"], indirect=True)


@pytest.fixture
def artifacts(store: ObjectStore) -> Artifacts:
    return Artifacts(store)


@pytest.fixture
def memory() -> Artifacts:
    return Artifacts(MemoryStore())


@KINDS
def test_a_folder_comes_back_as_it_went(artifacts: Artifacts, tmp_path: Path) -> None:
    source = tmp_path / "source"
    names = ["a.txt", "empty", "sub/b.bin", "sub/deep/ü 漢 +%25.txt", "sub/c:d?.txt", "con.txt", "dot."]
    for number, name in enumerate(names):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(bytes([number]) * number)
    artifacts.log_folder(RUN, source, "data")
    target = artifacts.download(RUN, "data", tmp_path / "target")
    assert target == tmp_path / "target" / "data"
    found = {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    assert found == {name: bytes([number]) * number for number, name in enumerate(names)}
    listed = artifacts.list(RUN, "data")
    assert [(info.path, info.is_dir) for info in listed] == [
        ("data/a.txt", False),
        ("data/con.txt", False),
        ("data/dot.", False),
        ("data/empty", False),
        ("data/sub", True),
    ]
    artifacts.delete(RUN, "data/sub")
    left = sorted(info.path for info in artifacts.walk(RUN))
    assert left == ["data/a.txt", "data/con.txt", "data/dot.", "data/empty"]


def test_a_thousand_files_come_back(memory: Artifacts, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(1_000):
        (source / f"{number}.bin").write_bytes(number.to_bytes(4, "big") * 10)
    memory.log_folder(RUN, source)
    target = memory.download(RUN, "", tmp_path / "target")
    assert {path.name: path.read_bytes() for path in target.iterdir()} == {
        path.name: path.read_bytes() for path in source.iterdir()
    }


def test_text_and_dictionaries_are_files(memory: Artifacts) -> None:
    memory.log_text(RUN, "ünï\n", "notes/a.txt")
    memory.log_dict(RUN, {"a": [1, None]}, "a.json")
    memory.log_dict(RUN, {"a": [1, None]}, "a.yaml")
    assert memory.read(RUN, "notes/a.txt").decode() == "ünï\n"
    assert b'"a"' in memory.read(RUN, "a.json")
    assert memory.read(RUN, "a.yaml") == b"a:\n- 1\n- null\n"


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "a//b", ".", "a/./b", "nul\x00", "x" * 256])
def test_paths_that_lead_elsewhere_are_refused(memory: Artifacts, path: str) -> None:
    with pytest.raises(InvalidInput):
        memory.log_text(RUN, "x", path)
    with pytest.raises(InvalidInput):
        memory.read(RUN, path)
    assert list(memory.walk(RUN)) == []


@pytest.mark.parametrize("run_id", ["../x", "a/b", "", "a" * 300])
def test_bad_run_ids_are_refused(memory: Artifacts, run_id: str) -> None:
    with pytest.raises(InvalidInput):
        memory.log_text(run_id, "x", "a.txt")


def test_a_hostile_key_is_not_written_outside_the_target(tmp_path: Path) -> None:
    store = MemoryStore()
    store._objects[f"runs/{RUN}/artifacts/%2E%2E/evil"] = (b"x", "etag", 0)
    with pytest.raises(InvalidInput, match=r"\.\./evil"):
        Artifacts(store).download(RUN, "", tmp_path / "target")
    assert not (tmp_path / "evil").exists()


def test_files_that_other_tools_put_there_come_down_too(tmp_path: Path) -> None:
    store = MemoryStore()
    store.create(f"runs/{RUN}/artifacts/a:b?.txt", b"foreign")
    Artifacts(store).download(RUN, "", tmp_path)
    assert (tmp_path / "a:b?.txt").read_bytes() == b"foreign"


def test_what_is_missing_is_named(memory: Artifacts, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nope\.txt"):
        memory.read(RUN, "nope.txt")
    with pytest.raises(NotFound, match="nope"):
        memory.download(RUN, "nope", tmp_path)
    with pytest.raises(NotFound, match="nope"):
        memory.log_file(RUN, tmp_path / "nope")
    with pytest.raises(InvalidInput, match="log_artifacts"):
        memory.log_file(RUN, tmp_path)
    memory.delete(RUN, "nope")
    assert memory.list(RUN, "nope") == []


def test_a_path_lists_only_what_is_below_it(memory: Artifacts) -> None:
    for path in ("model/a", "model2/b", "model.txt"):
        memory.log_text(RUN, "x", path)
    assert [info.path for info in memory.walk(RUN, "model")] == ["model/a"]
    assert [info.path for info in memory.list(RUN, "model")] == ["model/a"]
    assert memory.list(RUN, "model.txt") == []

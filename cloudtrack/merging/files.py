"""Bringing files: those that never change, and artifacts, of which the last upload of a name wins.

Whatever fits into memory is written under a condition, so that a rival's upload is never lost; a larger file is
streamed, through the local disk where the source is not there already.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cloudtrack.errors import ObjectChanged, ObjectExists, ObjectNotFound
from cloudtrack.merging.side import Side
from cloudtrack.merging.way import Way
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore

CONDITIONAL_BYTES = 8 << 20
"""A larger file is streamed, and its upload has no condition."""


def bring_once(way: Way, info: ObjectInfo, there: ObjectInfo | None) -> bool:
    """An object that is never changed; whether the target has it now. Raises ObjectNotFound where it is gone."""
    if there is not None and there.size_bytes == info.size_bytes:
        return True
    try:
        if there is not None:
            raise ObjectExists(info.key)
        if way.is_dry:
            pass
        elif info.size_bytes > CONDITIONAL_BYTES:
            with local_file(way.source.store, info.key) as path:
                way.target.store.upload(info.key, path)
        else:
            way.target.store.create(info.key, way.source.store.get(info.key).body)
    except ObjectExists:
        problem = "it never changes, and the two stores have other bytes under its name"
        way.done.conflict("object-differs", info.key, problem)
        return False
    way.done.count("files", info.size_bytes)
    return True


def bring_stream(way: Way, infos: Iterable[ObjectInfo], there: Mapping[str, ObjectInfo]) -> None:
    """The pieces of one console stream, in order and up to the first gap: a reader finds no other."""
    end = 0
    for info in infos:
        offset = info.key.rpartition("/")[2].removesuffix(".log")
        if not offset.isdecimal() or int(offset) != end or not bring_once(way, info, there.get(info.key)):
            return
        end += info.size_bytes


def bring_artifact(way: Way, info: ObjectInfo, there: ObjectInfo | None, needed: Callable[[], str]) -> None:
    """A file of a user. Where both sides have one, that of the side that changed it since the last merge wins.

    ``needed`` says what in the target needs the files that it has, empty for nothing: they are not overwritten then.
    """
    try:
        if there is None:
            _send(way, info, None)
        elif not way.is_known(info, there) and _is_newer(way, info, there):
            if need := needed():
                problem = f"it was changed in {way.source.store.url}, and in {way.target.store.url} {need}"
                way.done.conflict("file-differs", info.key, problem)
            else:
                _send(way, info, there)
    except (ObjectExists, ObjectChanged):
        way.done.conflict("busy", info.key, "somebody wrote it meanwhile")
    except ObjectNotFound:
        return  # deleted meanwhile


def _is_newer(way: Way, mine: ObjectInfo, theirs: ObjectInfo) -> bool:
    """Whether the source's file goes over that of the target."""
    mine_stayed, theirs_stayed = _stayed(way, way.source, mine), _stayed(way, way.target, theirs)
    common = way.known.get(mine.key)
    if common is not None and mine_stayed and theirs_stayed:
        way.note(mine, theirs, common.sha256)
        return False
    if mine_stayed or theirs_stayed:
        return theirs_stayed  # where the target's is the newer one, the other way brings it
    digest, their_digest = _digest(way.source, mine), _digest(way.target, theirs)
    if digest == their_digest:
        way.note(mine, theirs, digest)
        return False
    is_last = (mine.modified_ms, digest) > (theirs.modified_ms, their_digest)
    if not way.newest:
        last = (way.source if is_last else way.target).store.url
        problem = f"each side has another file, and which came first is not known; that in {last} was written last"
        way.done.conflict("file-differs", mine.key, problem)
    return way.newest and is_last


def _stayed(way: Way, side: Side, info: ObjectInfo) -> bool:
    """Whether a side has the bytes that both had after the last merge. It is read only where its mark is another."""
    common = way.known.get(info.key)
    if common is None:
        return False
    mark = side.mark(info)
    if mark and mark == way.known.mark(side.store, common):
        return True
    return bool(common.sha256) and info.size_bytes == common.size_bytes and _digest(side, info) == common.sha256


def _digest(side: Side, info: ObjectInfo) -> str:
    digest = hashlib.sha256()
    for chunk in side.store.read(info.key).chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _send(way: Way, info: ObjectInfo, there: ObjectInfo | None) -> None:
    """Write a file that the target lacks, or in place of the one that was listed.

    Raises ObjectExists, ObjectChanged, ObjectNotFound.
    """
    target = way.target.store
    if way.is_dry:
        size = info.size_bytes
    elif max(info.size_bytes, there.size_bytes if there else 0) > CONDITIONAL_BYTES:
        with local_file(way.source.store, info.key) as path:
            if not _is_same(way.target.stat(info.key), there):
                raise ObjectChanged(info.key)
            moved = target.upload(info.key, path)
        way.note_sent(info, moved.sha256, size := moved.size_bytes)
    else:
        found = way.source.store.get(info.key)
        if there is None:
            etag = target.create(info.key, found.body)
        else:
            current = target.get(info.key)  # and then what the listing had: so it is this
            if not _is_same(way.target.stat(info.key), there):
                raise ObjectChanged(info.key)
            etag = target.replace(info.key, found.body, current.etag)
        way.note_written(info, found, etag)
        size = len(found.body)
    if there is not None:
        way.done.replaced.append(info.key)
    way.done.count("files", size)


def _is_same(now: ObjectInfo | None, listed: ObjectInfo | None) -> bool:
    if now is None or listed is None:
        return now is listed
    if listed.etag:
        return now.etag == listed.etag
    return (now.size_bytes, now.modified_ms) == (listed.size_bytes, listed.modified_ms)


@contextmanager
def local_file(store: ObjectStore, key: str) -> Iterator[Path]:
    """The object as a file of this machine. Raises ObjectNotFound."""
    there = store.local_path(key)
    if there is not None:
        yield there
        return
    with tempfile.TemporaryDirectory(prefix="cloudtrack-") as folder:
        path = Path(folder) / "file"
        store.download(key, path)
        yield path

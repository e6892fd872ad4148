"""Whether the files of a model are those that were saved.

``MLmodel`` lists the SHA-256 of every other file under ``file_digests``. The *digest of a model* is one SHA-256 over
what loading it depends on: that list, the flavors and the signature; not when and by which run it was made, so that
the same model saved twice has one digest, where its framework writes the same bytes. A registered version keeps it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from cloudtrack.errors import CorruptData
from cloudtrack.models.model_file import FILE_NAME, Model

FOREIGN = ("registered_model_meta",)
"""Files that MLflow's client puts beside a model that it downloads."""
_PIECE_BYTES = 1 << 20


def digest_files(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file below a folder but ``MLmodel``, by relative path with ``/``."""
    return {path: sha256_of(folder / path) for path in local_files(folder)}


def digest_of(model: Model) -> str | None:
    """The digest of a model; None where ``MLmodel`` does not list its files, as that of other tools."""
    if model.file_digests is None:
        return None
    content = {
        "files": model.file_digests,
        "flavors": model.flavors,
        "signature": model.signature.to_dict() if model.signature else None,
    }
    if model.is_signature_from_type_hint:
        content["is_signature_from_type_hint"] = True
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def verify_model(folder: Path, expected: str | None = None, *, alone: bool = True) -> None:
    """Compare a model's folder with what its ``MLmodel`` lists, and that with the digest of a registered version.

    A model that lists nothing is passed where nothing is ``expected`` of it. ``alone`` says that nothing else is in
    the folder. Raises CorruptData naming the file.
    """
    model = Model.load(folder)
    if expected is not None and digest_of(model) != expected:
        raise CorruptData(
            f"the model in {folder.name!r} is not the one that was registered: its {FILE_NAME} was changed or replaced"
        )
    if model.file_digests is None:
        return
    there = set(local_files(folder))
    for path, digest in sorted(model.file_digests.items()):
        if path not in there:
            raise CorruptData(f"the file {path!r} of the model is missing")
        if sha256_of(folder / path) != digest:
            raise CorruptData(f"the file {path!r} is not the one that was saved with the model: it was changed")
    foreign = sorted(there - model.file_digests.keys() - set(FOREIGN))
    if foreign and alone:
        raise CorruptData(f"the file {foreign[0]!r} was not saved with the model: it was put there later")


def local_files(folder: Path) -> Iterator[str]:
    """The files below a folder but ``MLmodel``, by relative path with ``/``."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if path.is_file() and relative != FILE_NAME:
            yield relative


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()
